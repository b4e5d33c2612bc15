"""How long an identity rests after failures."""

import pytest
from hypothesis import given, strategies as st

from strmctl.domain.identity import Identity
from strmctl.domain.patience.circuit_breaker import CircuitBreaker
from strmctl.errors import ResolverError

ONE = Identity("a.example", "one", "de", 1, 1)
TWO = Identity("a.example", "one", "de", 1, 2)
GONE = ResolverError("gone", http_status=404)


def rests(breaker: CircuitBreaker, identity: Identity, now: float) -> bool:
    try:
        breaker.check(identity, now)
    except ResolverError:
        return True
    return False


def test_each_failure_doubles_the_rest() -> None:
    breaker = CircuitBreaker(first_rest=1, longest_rest=8)
    now, lengths = 100.0, []
    for _ in range(6):
        breaker.failed(ONE, now, GONE)
        trouble = breaker.trouble(ONE, now)
        assert trouble is not None
        lengths.append(trouble.until - now)
        now = trouble.until
    assert lengths == [1, 2, 4, 8, 8, 8]


def test_it_fails_fast_with_the_last_error_until_the_rest_is_over() -> None:
    breaker = CircuitBreaker(first_rest=2)
    breaker.failed(ONE, 100, GONE)
    with pytest.raises(ResolverError, match="gone") as caught:
        breaker.check(ONE, 101.5)
    assert (caught.value.http_status, caught.value.retry_after) == (404, 0.5)
    breaker.check(ONE, 102)


def test_a_success_closes_it() -> None:
    breaker = CircuitBreaker()
    for _ in range(5):
        breaker.failed(ONE, 100, GONE)
    breaker.close(ONE)
    breaker.check(ONE, 100)
    breaker.failed(ONE, 100, GONE)
    assert not rests(breaker, ONE, 101)


def test_identities_do_not_share_their_troubles() -> None:
    breaker = CircuitBreaker()
    breaker.failed(ONE, 100, GONE)
    assert rests(breaker, ONE, 100)
    assert not rests(breaker, TWO, 100)


def test_retry_after_is_honoured_up_to_an_hour() -> None:
    breaker = CircuitBreaker()
    breaker.failed(ONE, 0, ResolverError("later", http_status=503, retry_after=120))
    assert rests(breaker, ONE, 119)
    assert not rests(breaker, ONE, 120)
    breaker.failed(TWO, 0, ResolverError("later", http_status=503, retry_after=1e9))
    assert not rests(breaker, TWO, 3600)


def test_old_trouble_is_forgotten() -> None:
    breaker = CircuitBreaker(first_rest=1, longest_rest=8)
    breaker.failed(ONE, 0, GONE, ["https://a.example/"])
    assert breaker.trouble(ONE, 8.9) is not None
    assert breaker.trouble(ONE, 9) is None


def test_the_last_urls_are_kept_once_and_out_of_repr() -> None:
    breaker = CircuitBreaker()
    for number in [*range(12), 11]:
        breaker.failed(ONE, 0, GONE, [f"https://a.example/{number}"])
    trouble = breaker.trouble(ONE, 0)
    assert trouble is not None
    assert list(trouble.urls) == [f"https://a.example/{number}" for number in range(4, 12)]
    assert "a.example" not in repr(trouble)


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 50)), max_size=60))
def test_it_never_rests_longer_than_the_longest_rest(steps: list[tuple[bool, float]]) -> None:
    breaker, now = CircuitBreaker(first_rest=1, longest_rest=8), 0.0
    for fails, pause in steps:
        now += pause
        if fails:
            breaker.failed(ONE, now, GONE)
            assert rests(breaker, ONE, now)
            assert not rests(breaker, ONE, now + 8)
        elif not rests(breaker, ONE, now):
            breaker.close(ONE)
            assert breaker.trouble(ONE, now) is None
