"""A link to a DASH manifest is refused by its name, before anybody asks for it."""

import pytest

from strmctl.domain.urls import upstream_url
from strmctl.errors import UpstreamError


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://cdn.example/a/manifest.mpd?token=1", True),
        ("https://cdn.example/a/MANIFEST.MPD", True),
        ("https://cdn.example/a.ism/manifest(format=mpd-time-csf)", True),
        ("https://cdn.example/a?format=mpd", True),
        ("https://cdn.example/a.mpd.m3u8", False),
        ("https://cdn.example/mpd/a.mp4?name=a.mpd", False),
    ],
)
def test_55_a_dash_manifest_by_its_address(url: str, expected: bool) -> None:
    assert upstream_url.is_dash_url(url) is expected
    if expected:
        with pytest.raises(UpstreamError, match="DASH manifest"):
            upstream_url.check_link(url)
    else:
        upstream_url.check_link(url)


def test_55_what_is_no_url_at_all_is_refused_first() -> None:
    with pytest.raises(UpstreamError, match="not an http"):
        upstream_url.check_link("ftp://cdn.example/a.mpd")
