"""Which names go on: of the run that is on, and of one that this process has not seen begin."""

import pytest

from strmctl.domain.hls import media_playlist_reader
from strmctl.errors import UpstreamError
from strmctl.services.playback.continuity import Continuity
from strmctl.services.playback.loaded_playlist import LoadedPlaylist


def live(first: int, *names: str) -> LoadedPlaylist:
    lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:4", f"#EXT-X-MEDIA-SEQUENCE:{first}"]
    for name in names:
        lines += ["#EXTINF:2.0,", name]
    text = "\n".join([*lines, ""])
    url = "http://cdn.example/live/index.m3u8"
    return LoadedPlaylist(media_playlist_reader.parse(text, url), url, 0.0, len(text))


OLD, NEW = live(0, "s0.ts", "s1.ts"), live(2, "s2.ts", "s3.ts")


def test_what_has_left_the_window_is_where_it_was() -> None:
    continuity = Continuity()
    continuity.remember("v", OLD, None)
    continuity.remember("v", NEW, None)
    found = continuity.locate("v", "0", NEW, None)
    assert found is not None
    assert found.uri == "http://cdn.example/live/s0.ts"
    assert continuity.locate("v", "9", NEW, None) is None


def test_nothing_of_a_run_that_is_over_goes_on() -> None:
    continuity = Continuity()
    continuity.remember("v", OLD, None)
    continuity.begin_anew("v", "second")
    continuity.remember("v", NEW, None)
    assert continuity.locate("v", "0", NEW, None) is None
    for wanted in ("", "live-unknown"):
        with pytest.raises(UpstreamError) as failure:
            continuity.check("v", wanted, NEW)
        assert (failure.value.http_status, failure.value.final) == (404, True)
    continuity.check("v", "live-second", NEW)
    continuity.check("another", "", NEW)


def test_a_run_that_another_process_saw_begin_is_believed() -> None:
    Continuity().check("v", "live-second", NEW)


def test_runs_outlive_a_resolution() -> None:
    before = Continuity()
    before.begin_anew("v", "second")
    after = Continuity(before)
    assert after.run("v") == "second"
    after.begin_anew("v", "third")
    assert before.run("v") == "second"


@pytest.mark.parametrize("wanted", ["abcdefgh", "abcdefgh-second"])
def test_a_name_of_another_cut_is_refused(wanted: str) -> None:
    with pytest.raises(UpstreamError):
        Continuity().check("v", wanted, NEW)
