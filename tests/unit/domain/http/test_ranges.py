"""Ranges and validators as RFC 9110 has them."""

import pytest
from hypothesis import given, strategies as st

from strmctl.domain.http.ranges import (
    ContentRange,
    UnsatisfiableRange,
    Wanted,
    asked_part,
    is_all,
    is_single_range,
    parse_content_range,
    select_range,
    starts_at_zero,
    strong_validator,
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("bytes 0-9/100", ContentRange(0, 9, 100), id="part"),
        pytest.param("Bytes 0-9/*", ContentRange(0, 9, None), id="total unknown"),
        pytest.param(" bytes 99-99/100 ", ContentRange(99, 99, 100), id="last byte, white space"),
        pytest.param(None, None, id="absent"),
        pytest.param("", None, id="empty"),
        pytest.param("bytes */100", None, id="of a 416"),
        pytest.param("bytes 9-0/100", None, id="backwards"),
        pytest.param("bytes 0-100/100", None, id="beyond the end"),
        pytest.param("bytes 0-9", None, id="no total"),
        pytest.param("bytes=0-9/100", None, id="as a request"),
        pytest.param("items 0-9/100", None, id="other unit"),
        pytest.param("bytes 0-9/100, bytes 20-29/100", None, id="two"),
        pytest.param("bytes -1-9/100", None, id="negative"),
        pytest.param(f"bytes 0-{'9' * 19}/*", None, id="huge"),
    ],
)
def test_content_range(value: str | None, expected: ContentRange | None) -> None:
    assert parse_content_range(value) == expected


@given(st.integers(0, 10**12), st.integers(1, 10**12), st.integers(0, 10**12), st.booleans())
def test_content_range_round_trip(first: int, length: int, rest: int, told: bool) -> None:
    part = ContentRange(first, first + length - 1, first + length + rest if told else None)
    assert parse_content_range(part.field()) == part
    assert part.length == length


@pytest.mark.parametrize(
    ("value", "part"),
    [
        pytest.param(None, None, id="absent"),
        pytest.param("bytes=0-", (0, 99), id="all"),
        pytest.param("bytes=0-0", (0, 0), id="first byte"),
        pytest.param("bytes=10-19", (10, 19), id="middle"),
        pytest.param("bytes= 10-19 ", (10, 19), id="white space"),
        pytest.param("BYTES=10-19", (10, 19), id="unit's case"),
        pytest.param("bytes=90-1000", (90, 99), id="beyond the end"),
        pytest.param("bytes=99-", (99, 99), id="last byte"),
        pytest.param("bytes=-1", (99, 99), id="last byte by suffix"),
        pytest.param("bytes=-30", (70, 99), id="suffix"),
        pytest.param("bytes=-1000", (0, 99), id="suffix longer than all"),
        pytest.param("bytes=0-9,20-29", None, id="two ranges"),
        pytest.param("bytes=19-10", None, id="backwards"),
        pytest.param("bytes=-", None, id="nothing"),
        pytest.param("bytes=a-b", None, id="letters"),
        pytest.param("items=0-9", None, id="other unit"),
        pytest.param("bytes 0-9", None, id="no equals sign"),
        pytest.param("", None, id="empty"),
        pytest.param("bytes=0-" + "9" * 40, None, id="huge"),
        pytest.param(f"bytes=10-{2**63 - 1}", (10, 99), id="to the end, as 63 bits"),
        pytest.param(f"bytes=10-{2**64 - 1}", (10, 99), id="to the end, as 64 bits"),
        pytest.param(f"bytes=-{2**63 - 1}", (0, 99), id="suffix of 63 bits"),
    ],
)
def test_select_range(value: str | None, part: tuple[int, int] | None) -> None:
    assert select_range(value, 100) == (ContentRange(*part, 100) if part else None)


@pytest.mark.parametrize(
    "value", ["bytes=100-", "bytes=100-200", "bytes=-0", f"bytes={2**63 - 1}-"]
)
def test_unsatisfiable(value: str) -> None:
    with pytest.raises(UnsatisfiableRange):
        select_range(value, 100)


@pytest.mark.parametrize("value", ["bytes=0-", "bytes=-5", "bytes=0-0"])
def test_nothing_of_an_empty_file(value: str) -> None:
    with pytest.raises(UnsatisfiableRange):
        select_range(value, 0)


@given(
    st.none() | st.integers(0, 50),
    st.none() | st.integers(0, 50),
    st.binary(min_size=1, max_size=40),
)
def test_the_bytes_are_those_of_a_slice(first: int | None, last: int | None, body: bytes) -> None:
    value = f"bytes={'' if first is None else first}-{'' if last is None else last}"
    try:
        part = select_range(value, len(body))
    except UnsatisfiableRange:
        assert (first or 0) >= len(body) or last == 0
        return
    if first is None:
        wanted = body[max(0, len(body) - last) :] if last is not None else body
    else:
        wanted = body[first : None if last is None else last + 1] or body
    found = part or ContentRange(0, len(body) - 1, len(body))
    assert body[found.first : found.last + 1] == wanted
    assert found.length == len(wanted)


@pytest.mark.parametrize(
    ("value", "single", "at_zero"),
    [
        (None, False, True),
        ("", False, True),
        ("bytes=0-", True, True),
        ("bytes=00-5", True, True),
        ("bytes=1-", True, False),
        ("bytes=-5", True, False),
        ("bytes=-", False, False),
        ("bytes=5-2", False, False),
        ("bytes=5-5", True, False),
        ("bytes=0-1,3-4", False, True),
        ("items=5-", False, True),
    ],
)
def test_what_kind_of_range_it_is(value: str | None, single: bool, at_zero: bool) -> None:
    assert is_single_range(value) is single
    assert starts_at_zero(value) is at_zero
    assert is_all(value) is (value == "bytes=0-")


@pytest.mark.parametrize(
    ("etag", "strong"),
    [
        ('"abc"', '"abc"'),
        (' "abc" ', '"abc"'),
        ('""', '""'),
        ('W/"abc"', None),
        ("abc", None),
        ('"', None),
        ('"abc', None),
        ("", None),
        (None, None),
    ],
)
def test_strong_validator(etag: str | None, strong: str | None) -> None:
    assert strong_validator(etag) == strong


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        pytest.param("bytes=10-19", "bytes=10-19", id="as it came"),
        pytest.param("Bytes= 10-", "bytes=10-", id="unit's case, white space"),
        pytest.param("BYTES=-0030 ", "bytes=-30", id="suffix"),
        pytest.param(f"bytes=0-{2**64 - 1}", f"bytes=0-{10**18 - 1}", id="no 64 bits"),
        pytest.param("bytes=0-9,20-29", None, id="two ranges"),
        pytest.param("items=0-9", None, id="other unit"),
    ],
)
def test_what_the_upstream_is_asked_for(value: str, sent: str | None) -> None:
    assert Wanted(value).fields() == ({"Range": sent} if sent else {})


@pytest.mark.parametrize(
    ("asked", "part", "expected"),
    [
        ("bytes=5-9", (5, 9, 100), (5, 9, 100)),
        ("bytes=5-9", (5, 9, None), (5, 9, None)),
        pytest.param("bytes=5-", (5, 49, 100), (5, 99, 100), id="less than was asked for"),
        pytest.param("bytes=5-80", (5, 49, 100), (5, 80, 100), id="less than the part"),
        pytest.param("bytes=5-200", (5, 99, 100), (5, 99, 100), id="all there is"),
        pytest.param("bytes=5-80", (5, 49, None), (5, 49, None), id="who knows how much"),
        pytest.param("bytes=5-9", (5, 99, 100), (5, 9, 100), id="more"),
        pytest.param("bytes=5-9", (5, 99, None), (5, 9, None), id="more of an unknown number"),
        pytest.param("bytes=5-9", (0, 99, 100), (5, 9, 100), id="from an earlier byte on"),
        pytest.param("bytes=5-9", (0, 7, 100), (5, 9, 100), id="its beginning, from earlier on"),
        pytest.param("bytes=5-9", (0, 7, None), (5, 7, None), id="earlier, who knows how much"),
        pytest.param("bytes=5-9", (0, 4, 100), None, id="only what is before"),
        pytest.param("bytes=5-9", (6, 9, None), None, id="later"),
        pytest.param("bytes=-5", (95, 99, 100), (95, 99, 100), id="the last ones"),
        pytest.param("bytes=-5", (90, 99, 100), (95, 99, 100), id="more last ones"),
        pytest.param("bytes=-5", (90, 94, 100), None, id="other last ones"),
        pytest.param("bytes=-5", (90, 94, None), (90, 94, None), id="last ones of who knows what"),
        pytest.param("bytes=200-", (5, 9, 100), None, id="what is not there"),
        pytest.param("bytes=200-", (5, 9, None), None, id="what may not be there"),
    ],
)
def test_what_was_asked_for(
    asked: str, part: tuple[int, int, int | None], expected: tuple[int, int, int | None] | None
) -> None:
    assert asked_part(asked, ContentRange(*part)) == expected


def test_no_part_goes_with_a_weak_tag() -> None:
    wanted = Wanted("bytes=0-4", 'W/"a"')
    assert wanted.fields() == {}
    assert wanted.part(10, ['W/"a"']) is None
