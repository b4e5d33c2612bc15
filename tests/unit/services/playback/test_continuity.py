"""Names go on where the content does: what has left a window, what replaces it, what is another."""

import pytest

from stage.hls_tags import Line, media, segment
from strmctl.errors import UpstreamError
from strmctl.services.playback.continuity import Continuity, Runs
from strmctl.services.playback.loaded_playlist import LoadedPlaylist

KEY = "v0"


def window(first: int, *, token: str = "", base: str = "https://cdn.test/a/") -> LoadedPlaylist:
    """Three segments of a live stream, from `first` on."""
    lines: list[str | Line] = [f"#EXT-X-MEDIA-SEQUENCE:{first}"]
    for number in range(first, first + 3):
        lines += segment(f"{number}.ts{token}")
    return LoadedPlaylist(media(lines), f"{base}live.m3u8", at=0.0, size=1)


def uri_of(continuity: Continuity, name: str, loaded: LoadedPlaylist) -> str | None:
    found = continuity.locate(KEY, name, loaded, None)
    return found and found.uri


def test_what_has_left_the_window_is_where_it_was() -> None:
    continuity = Continuity()
    continuity.remember(KEY, window(0), None)
    continuity.remember(KEY, window(1), window(0))
    assert uri_of(continuity, "0", window(1)) == "https://cdn.test/a/0.ts"
    assert uri_of(continuity, "3", window(1)) == "https://cdn.test/a/3.ts"
    assert uri_of(continuity, "4", window(1)) is None
    assert continuity.has_listed(KEY, "0")
    assert not continuity.has_listed(KEY, "4")
    assert not continuity.has_listed("a0", "0")


def test_a_new_resolution_goes_on_where_references_hold_no_token() -> None:
    before = Continuity()
    before.remember(KEY, window(0), None)
    after, moved = Continuity(before), window(1, base="https://cdn.test/b/")
    after.remember(KEY, moved, window(0))
    assert uri_of(after, "0", moved) == "https://cdn.test/b/0.ts"


def test_a_reference_with_a_token_is_dead_with_it() -> None:
    before = Continuity()
    before.remember(KEY, window(0, token="?t=1"), None)
    after, moved = Continuity(before), window(1, token="?t=2")
    after.remember(KEY, moved, window(0, token="?t=1"))
    assert uri_of(after, "0", moved) is None


def test_what_ends_is_not_remembered() -> None:
    ended = media([*segment("0.ts"), "#EXT-X-ENDLIST"])
    continuity = Continuity()
    continuity.remember(KEY, LoadedPlaylist(ended, "https://cdn.test/x", 0.0, 1), None)
    assert not continuity.has_listed(KEY, "0")


def test_another_content_forgets_what_was_known() -> None:
    continuity = Continuity()
    continuity.remember(KEY, window(0), None)
    assert continuity.run(KEY) == ""
    continuity.begin_anew(KEY, "abc")
    assert continuity.run(KEY) == "abc"
    assert not continuity.has_listed(KEY, "0")
    assert Continuity(continuity).run(KEY) == "abc", "the next resolution knows it"


@pytest.mark.parametrize(
    ("wanted", "is_there"),
    [
        pytest.param("", False, id="the run before"),
        pytest.param("live-abc", True, id="the run that is on"),
        pytest.param("live-xyz", False, id="one that was never seen"),
    ],
)
def test_an_address_of_another_run_is_not_found(wanted: str, is_there: bool) -> None:
    continuity = Continuity()
    continuity.begin_anew(KEY, "abc")
    if is_there:
        continuity.check(KEY, wanted, window(0))
        return
    with pytest.raises(UpstreamError, match="another one") as raised:
        continuity.check(KEY, wanted, window(0))
    assert (raised.value.http_status, raised.value.final) == (404, True)


def test_a_beginning_that_another_process_has_seen_may_be_on() -> None:
    assert Runs().allow("abc")
    runs = Runs()
    runs.begin("abc")
    assert runs.allow("abc")
    assert not runs.allow("")
    runs.begin("def")
    assert not runs.allow("abc")


def test_the_oldest_names_are_forgotten() -> None:
    continuity = Continuity()
    for first in range(0, 3000, 3):
        continuity.remember(KEY, window(first), None)
    assert continuity.has_listed(KEY, "2999")
    assert continuity.has_listed(KEY, "2000")
    assert not continuity.has_listed(KEY, "1999")
