"""How long a copy is given to players depends on whether the playlist can still change."""

import pytest

from stage.hls_tags import media, multivariant, segment
from strmctl.services.playback.fetching.loaded_playlist import (
    FINISHED_MAX_AGE,
    LIVE_MAX_AGE,
    LoadedPlaylist,
)

ENDED = "#EXT-X-ENDLIST"
URL = "https://cdn.test/a/b.m3u8?token=secret"


def loaded(*lines: str) -> LoadedPlaylist:
    return LoadedPlaylist(media([*segment("0.ts"), *lines]), URL, at=100.0, size=1)


@pytest.mark.parametrize(
    ("lines", "seconds"), [((), LIVE_MAX_AGE), ((ENDED,), FINISHED_MAX_AGE)], ids=["live", "ended"]
)
def test_fresh_for_as_long_as_it_may_be(lines: tuple[str, ...], seconds: float) -> None:
    copy = loaded(*lines)
    assert copy.is_finished is bool(lines)
    assert copy.is_fresh(100.0 + seconds - 0.1)
    assert not copy.is_fresh(100.0 + seconds)


def test_a_name_is_found_by_an_absolute_url() -> None:
    found = loaded().locate("0")
    assert found is not None
    assert found.uri == "https://cdn.test/a/0.ts"
    assert loaded().locate("1") is None


def test_its_address_is_a_secret() -> None:
    assert "secret" not in repr(loaded())


def test_a_multivariant_playlist_is_finished_and_lists_no_media() -> None:
    master = multivariant(["#EXT-X-STREAM-INF:BANDWIDTH=1", "video.m3u8"])
    copy = LoadedPlaylist(master, URL, at=0.0, size=1)
    assert copy.is_finished
    assert copy.media is None
    assert copy.locate("0") is None
