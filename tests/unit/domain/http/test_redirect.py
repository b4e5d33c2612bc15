"""Which request fields follow a redirect."""

import pytest

from strmctl.domain.http.request_fields import carried_fields
from strmctl.errors import UpstreamError

FIELDS = {"Referer": "https://site.example/", "COOKIE": "a=1", "user-agent": "TV", "Range": "b"}
PUBLIC = {"user-agent": "TV", "Range": "b"}


@pytest.mark.parametrize(
    ("url", "target", "carried"),
    [
        pytest.param("https://a.example/x", "https://a.example/y", FIELDS, id="same host"),
        pytest.param("https://a.example/x", "https://A.EXAMPLE/y", FIELDS, id="host's case"),
        pytest.param("https://a.example/x", "https://a.example:8443/y", FIELDS, id="other port"),
        pytest.param("http://a.example/x", "https://a.example/y", FIELDS, id="http to https"),
        pytest.param("http://a.example/x", "http://a.example/y", FIELDS, id="http"),
        pytest.param("https://a.example/x", "https://b.example/x", PUBLIC, id="other host"),
        pytest.param("https://a.example/x", "https://b.a.example/", PUBLIC, id="host below"),
        pytest.param("https://a.example/x", "https://example/x", PUBLIC, id="host above"),
        pytest.param("https://a.example/x", "http://b.example/x", PUBLIC, id="other host, http"),
        pytest.param("https://a.example/", "https://a.example.evil.example/", PUBLIC, id="prefix"),
    ],
)
def test_carried(url: str, target: str, carried: dict[str, str]) -> None:
    assert carried_fields(url, target, FIELDS) == carried


def test_no_downgrade_with_fields() -> None:
    with pytest.raises(UpstreamError, match="https to http"):
        carried_fields("https://a.example/x", "http://a.example/x", FIELDS)


def test_a_downgrade_that_gives_nothing_away() -> None:
    assert carried_fields("https://a.example/x", "http://a.example/x", PUBLIC) == PUBLIC
