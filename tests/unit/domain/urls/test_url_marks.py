"""A signed URL is told by its names and values, an address by its first half alone."""

import pytest
from hypothesis import given, strategies as st

from strmctl.domain.urls import url_marks

_HASH = "5d41402abc4b2a76b9719d911017c592"


@pytest.mark.parametrize(
    "url",
    [
        "https://cdn.example/a.mp4?t=abc&s=1770225160&e=14400",
        "https://s3.example/a.mkv?X-Amz-Date=20260101T000000Z&X-Amz-Signature=aa",
        "https://cdn.example/a.mp4?md5=x&expires=1",
        "https://cdn.example/a.mp4?anything=" + _HASH,
        "https://cdn.example/exp=1~acl=/*~hmac=aa/a.mp4",
        f"https://cdn.example/{_HASH},1770225160/a.mp4",
        "https://cdn.example/bcdn_token=abc&expires=1/a.mp4",
    ],
)
def test_signed(url: str) -> None:
    assert url_marks.looks_signed(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://nas.example/Series/S01E02.mkv",
        "https://nas.example/One Piece (1999)/One-Piece-S01E02-German-1080p.mkv?download=1",
        "https://nas.example/a.mp4",
        "http://[::1",
    ],
)
def test_not_signed(url: str) -> None:
    assert not url_marks.looks_signed(url)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        pytest.param("i=84.170&sp=1&asn=3320", "84.170.x.x, AS3320", id="half an address"),
        pytest.param("ip=84.170.12.34", "84.170.x.x", id="a whole one"),
        pytest.param("ip=2001:db8:1:2::7", "2001:db8:x", id="IPv6"),
        pytest.param("asn=AS3320", "AS3320", id="network"),
        pytest.param("i=7&asn=x", None, id="something else"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_binding(query: str, told: str | None) -> None:
    assert url_marks.binding(f"https://cdn.example/a.mp4?{query}") == told


@given(octets=st.lists(st.integers(100, 255), min_size=4, max_size=4))
def test_the_second_half_of_an_address_is_never_told(octets: list[int]) -> None:
    told = url_marks.binding(f"http://a.example/?ip={'.'.join(map(str, octets))}") or ""
    assert told == f"{octets[0]}.{octets[1]}.x.x"


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://CDN.example./a", "cdn.example:443"),
        ("http://cdn.example/a", "cdn.example:80"),
        ("http://127.0.0.1:8080/a", "127.0.0.1:8080"),
        ("http://[::1]:1/a", "::1:1"),
        ("http://a:99999999/", ":80"),
    ],
)
def test_origin(url: str, origin: str) -> None:
    assert url_marks.origin(url) == origin
