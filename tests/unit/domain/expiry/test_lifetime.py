"""Learned lifetimes: nearly the shortest of enough of them, for hosts of one family."""

from datetime import timedelta

import pytest

from strmctl.domain.expiry.lifetime import FEWEST, family, learned


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        pytest.param([], None, id="none"),
        pytest.param([3600.0] * (FEWEST - 1), None, id="too few"),
        pytest.param([3600.0] * FEWEST, 3600, id="enough"),
        pytest.param([60.0, *[3600.0] * 18], 60, id="the shortest of 19"),
        pytest.param([60.0, *[3600.0] * 19], 3600, id="one in 20 does not count"),
        pytest.param([float(n) for n in range(200, 0, -1)], 11, id="5 percent of 200"),
    ],
)
def test_the_life_is_one_that_nearly_all_reach(seconds: list[float], expected: int | None) -> None:
    assert learned(seconds) == (None if expected is None else timedelta(seconds=expected))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param("https://il266m.cdn.example/x", "cdn.example", id="a node"),
        pytest.param("https://cdn.example:8443/x", "cdn.example", id="the domain"),
        pytest.param("http://nas/x", "nas", id="one label"),
        pytest.param("http://10.1.2.3/x", "10.1.2.3", id="IPv4"),
        pytest.param("http://[2001:db8::1]:80/x", "2001:db8::1", id="IPv6"),
        pytest.param("http://[2001:db8::1/x", None, id="malformed"),
        pytest.param("nothing", None, id="no URL"),
    ],
)
def test_a_family_is_a_domain_or_an_address(url: str, expected: str | None) -> None:
    assert family(url) == expected
