"""What is remembered of what was sent is enough to tell it from something else."""

from hypothesis import given, strategies as st

from strmctl.services.playback.continuity.evidence import SAMPLE_BYTES, Evidence, Sample


@given(data=st.binary(min_size=1, max_size=3 * SAMPLE_BYTES), size=st.integers(1, 500))
def test_however_a_body_comes_it_is_the_same_evidence(data: bytes, size: int) -> None:
    evidence = Evidence()
    witness = evidence.witness("v", "1", len(data))
    for start in range(0, len(data), size):
        witness.hear(data[start : start + size])
    assert list(evidence.latest("v")) == [("1", Sample.of(data, len(data)))]


def test_a_body_that_was_cut_off_is_no_evidence() -> None:
    evidence = Evidence()
    witness = evidence.witness("v", "1", 100)
    witness.hear(b"x" * 99)
    witness.close()
    assert list(evidence.latest("v")) == []


def test_the_newest_comes_first_and_the_oldest_are_forgotten() -> None:
    evidence = Evidence()
    for number in range(20):
        evidence.witness("v", str(number), 4).hear(b"data")
    assert [name for name, _ in evidence.latest("v")] == [str(n) for n in range(19, 11, -1)]
    evidence.forget("v")
    assert list(evidence.latest("v")) == []


def test_a_length_or_a_beginning_tells_two_apart() -> None:
    sample = Sample.of(b"data", 100)
    assert sample.is_like(Sample.of(b"data", 100))
    assert sample.is_like(Sample.of(b"data", None))
    assert not sample.is_like(Sample.of(b"data", 101))
    assert not sample.is_like(Sample.of(b"date", 100))
