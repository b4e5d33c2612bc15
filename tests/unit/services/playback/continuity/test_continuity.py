"""Which names go on: of the run that is on, and of one that this process has not seen begin."""

import pytest

from strmctl.domain.hls import media_playlist_reader
from strmctl.domain.hls.run import Component
from strmctl.errors import UpstreamError
from strmctl.services.playback.continuity.continuity import Continuity, Verdict
from strmctl.services.playback.fetching.loaded_playlist import LoadedPlaylist

LIVE = Component()
CUT, OTHER_CUT = "abcdefgh", "hgfedcba"
KEY, OTHER_KEY = "keykeyke", "yekyekye"
PLAIN, KEYED = Component(CUT), Component(CUT, KEY)


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
    continuity.begin_anew("v", "second", LIVE)
    continuity.remember("v", NEW, None)
    assert continuity.locate("v", "0", NEW, None) is None
    for asked in (LIVE, Component(run="unknown")):
        with pytest.raises(UpstreamError) as failure:
            continuity.judge("v", asked, LIVE)
        assert (failure.value.http_status, failure.value.final) == (404, True)
    assert continuity.judge("v", Component(run="second"), LIVE) is Verdict.SAME
    assert continuity.judge("another", LIVE, LIVE) is Verdict.SAME


def test_a_live_run_that_another_process_saw_begin_is_believed() -> None:
    assert Continuity().judge("v", Component(run="second"), LIVE) is Verdict.SAME


def test_runs_outlive_a_resolution() -> None:
    before = Continuity()
    before.begin_anew("v", "second", LIVE)
    after = Continuity(before)
    assert after.run("v") == "second"
    after.begin_anew("v", "third", Component(run="second"))
    assert before.run("v") == "second"


@pytest.mark.parametrize(
    ("asked", "here", "verdict"),
    [
        pytest.param(PLAIN, PLAIN, Verdict.SAME, id="the same cut"),
        pytest.param(LIVE, PLAIN, Verdict.SAME, id="live then"),
        pytest.param(Component(OTHER_CUT), PLAIN, None, id="another cut"),
        pytest.param(Component(OTHER_CUT, run="second"), PLAIN, None, id="another cut, a run"),
        pytest.param(KEYED, KEYED, Verdict.SAME, id="the same key"),
        pytest.param(KEYED, Component(CUT, OTHER_KEY), None, id="another key"),
        pytest.param(KEYED, PLAIN, None, id="no key"),
        pytest.param(PLAIN, KEYED, Verdict.SAME, id="named when no key was looked at"),
        pytest.param(Component(CUT, run="seen"), PLAIN, Verdict.UNSEEN, id="named by a segment"),
        pytest.param(Component(CUT, run="seen"), KEYED, Verdict.UNSEEN, id="when it had no key"),
        pytest.param(Component(CUT, KEY, "seen"), KEYED, Verdict.UNSEEN, id="the key and a run"),
    ],
)
def test_a_name_from_another_process(
    asked: Component, here: Component, verdict: Verdict | None
) -> None:
    if verdict is not None:
        assert Continuity().judge("v", asked, here) is verdict
        return
    with pytest.raises(UpstreamError) as failure:
        Continuity().judge("v", asked, here)
    assert (failure.value.http_status, failure.value.final) == (404, True)


def test_of_two_contents_with_a_key_each_both_are_known_by_it() -> None:
    continuity, other = Continuity(), Component(CUT, OTHER_KEY)
    assert not continuity.has_named("v", other)
    continuity.begin_anew("v", "", KEYED)
    assert continuity.judge("v", other, other) is Verdict.SAME
    for asked in (KEYED, PLAIN):  # A name without a key may be of either.
        with pytest.raises(UpstreamError):
            continuity.judge("v", asked, other)
    assert continuity.has_named("v", KEYED)


def test_content_that_comes_back_has_the_name_of_its_run_again() -> None:
    continuity = Continuity()
    for run, before in (("b", ""), ("a", "b"), ("b", "a")):
        continuity.begin_anew("v", run, Component(CUT, run=before))
    assert continuity.judge("v", Component(CUT, run="b"), PLAIN) is Verdict.SAME
    with pytest.raises(UpstreamError):
        continuity.judge("v", Component(CUT, run="a"), PLAIN)
