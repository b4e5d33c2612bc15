"""When a live playlist, or one behind a new token, is another run; and what its names say of it."""

import pytest

from strmctl.domain.hls import media_playlist_reader, run
from strmctl.domain.hls.media_playlist import MediaPlaylist
from strmctl.domain.hls.run import Component, Doubt


def live(first: int, *names: str, seconds: float = 2.0, ended: bool = False) -> MediaPlaylist:
    lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:4", f"#EXT-X-MEDIA-SEQUENCE:{first}"]
    for name in names:
        lines += [f"#EXTINF:{seconds:.3f},", name]
    if ended:
        lines.append("#EXT-X-ENDLIST")
    return media_playlist_reader.parse("\n".join([*lines, ""]), "http://cdn.example/live.m3u8")


OLD = live(5, "s5.ts", "s6.ts", "s7.ts")


@pytest.mark.parametrize(
    ("new", "renewed", "expected"),
    [
        pytest.param(live(6, "s6.ts", "s7.ts", "s8.ts"), False, Doubt.SAME, id="slides"),
        pytest.param(live(50, "s50.ts"), False, Doubt.SAME, id="far ahead"),
        pytest.param(live(8), False, Doubt.SAME, id="empty"),
        pytest.param(live(0, "s0.ts"), False, Doubt.OTHER, id="far back"),
        pytest.param(live(0, "s0.ts"), True, Doubt.OTHER, id="far back, new token"),
        pytest.param(live(4, "s4.ts", "s5.ts"), False, Doubt.LIKELY_SAME, id="late edge"),
        pytest.param(live(4, "t4.ts", "t5.ts"), False, Doubt.LIKELY_OTHER, id="back, renamed"),
        pytest.param(live(6, "t6.ts", "t7.ts"), False, Doubt.LIKELY_SAME, id="renamed"),
        pytest.param(live(6, "s6.ts?t=2", "s7.ts?t=2"), False, Doubt.SAME, id="new query"),
        pytest.param(live(6, "s6.ts", seconds=1.0), False, Doubt.LIKELY_SAME, id="other duration"),
        pytest.param(live(6, "s6.ts", seconds=1.0), True, Doubt.OTHER, id="cut anew, new token"),
        pytest.param(live(6, "t6.ts"), True, Doubt.LIKELY_SAME, id="new token"),
        pytest.param(live(5, "s5.ts", ended=True), True, Doubt.LIKELY_SAME, id="has ended"),
    ],
)
def test_what_a_new_copy_leaves_in_doubt(
    new: MediaPlaylist, renewed: bool, expected: Doubt
) -> None:
    assert run.doubt(OLD, new, renewed=renewed) is expected


def test_a_token_in_every_load_is_no_other_name() -> None:
    old = live(5, "http://cdn.example/one/s5.ts?t=1", "/one/s6.ts")
    new = live(5, "http://cdn.example/two/s5.ts?t=2", "/two/s6.ts")
    assert run.doubt(old, new, renewed=False) is Doubt.SAME


@pytest.mark.parametrize("cut", ["", "abcdefgh"])
@pytest.mark.parametrize("preludes", ["", run.name_of("key")])
@pytest.mark.parametrize("name", ["", run.name_of("x")])
def test_an_address_says_its_cut_its_keys_and_its_run(cut: str, preludes: str, name: str) -> None:
    component = Component(cut, preludes if cut else "", name)
    text = str(component)
    assert Component.parse(text) == component
    assert component.is_of_finished is (cut != "")
    assert text.replace("-", "").isalnum() or text == ""


def test_runs_that_begin_differently_are_named_differently() -> None:
    beginnings = [live(0, "s0.ts"), live(1, "s0.ts"), live(0, "t0.ts")]
    names = {run.name_of("", *run.beginning(playlist)) for playlist in beginnings}
    assert len(names) == len(beginnings)
    assert run.name_of("before", *run.beginning(beginnings[0])) not in names
