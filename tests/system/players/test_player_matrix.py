"""Each player on each form: as much as straight from nginx or more, while tokens die every 4 s.

What a player makes of nginx's own URL changes with the player's version alone, so that it is
played where strmctl is to make more of it; `--long` plays it everywhere.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from stage.episode import Episode
from system.players.browser import Browser
from system.players.counted import Counted
from system.players.decoders import DECODERS as PROGRAMS
from system.players.forms import FORMS, SHORT
from system.players.kodi import Kodi
from system.players.matrix import DECODERS, HLS_JS, KODI, Cell, cells

pytestmark = [pytest.mark.players, pytest.mark.timeout(300)]

ADAPTIVE = """\
#KODIPROP:inputstream=inputstream.adaptive
#KODIPROP:inputstream.adaptive.manifest_type=hls
#KODIPROP:mimetype=application/vnd.apple.mpegurl
"""


IN_REAL_TIME = pytest.mark.xdist_group("real time")
"""One after the other, in one worker: each wants a share of the CPU at any moment."""


def each_cell(*players: str) -> pytest.MarkDecorator:
    ids = [f"{cell.player}-{cell.form}" for cell in cells(*players)]
    return pytest.mark.parametrize("cell", list(cells(*players)), ids=ids)


def gains(cell: Cell) -> bool:
    """Kodi waits a minute before it gives up what it cannot play."""
    return cell.direct != cell.proxied and cell.player != KODI


def assert_direct(cell: Cell, direct: Counted) -> None:
    """Strict both ways: a limit that is gone has to go from the matrix."""
    allowed = cell.tolerance
    assert direct.near(cell.direct, allowed.frames, allowed.seconds), (
        f"straight from nginx: {direct}, not {cell.direct}"
    )


def assert_proxied(cell: Cell, proxied: Counted) -> None:
    """As strict."""
    allowed = cell.tolerance
    assert proxied.near(cell.proxied, allowed.frames, allowed.seconds), (
        f"through strmctl: {proxied}, not {cell.proxied}"
    )


def assert_lost(played: Counted) -> None:
    """A third of one segment of six, or no further than there."""
    assert 12 < played.seconds < 22, str(played)
    assert played.frames is None or 300 < played.frames < 540, str(played)


@each_cell(*DECODERS)
def test_decoder(
    cell: Cell,
    is_long: bool,
    episode_of: Callable[[str], Episode],
    direct_url: Callable[[str], str],
) -> None:
    decode, form = PROGRAMS[cell.player], cell.media
    if is_long or gains(cell):
        assert_direct(cell, decode(direct_url(form.path), form.start))
    assert_proxied(cell, decode(episode_of(form.path).playback_url, form.start))


@IN_REAL_TIME
@each_cell(HLS_JS)
def test_hls_js_of_another_origin(
    cell: Cell,
    is_long: bool,
    browser: Browser,
    episode_of: Callable[[str], Episode],
    direct_url: Callable[[str], str],
) -> None:
    form = cell.media
    if is_long or gains(cell):
        assert_direct(cell, browser.play(direct_url(form.path), form.start))
    assert_proxied(cell, browser.play(episode_of(form.path).playback_url, form.start))


@IN_REAL_TIME
@each_cell(KODI)
def test_kodi_opens_strm_files(
    cell: Cell,
    is_long: bool,
    kodi: Kodi,
    strm_of: Callable[[str], Path],
    direct_url: Callable[[str], str],
    tmp_path: Path,
) -> None:
    form, strm = cell.media, tmp_path / "direct.strm"
    if is_long or gains(cell):
        strm.write_text(f"{direct_url(form.path)}\n")
        assert_direct(cell, kodi.play(strm, form.start))
    assert_proxied(cell, kodi.play(strm_of(form.path), form.start))


@IN_REAL_TIME
@pytest.mark.parametrize("form", ["AES-128", "byte-range fMP4", "audio group, WebVTT"])
def test_kodi_with_inputstream_adaptive(
    form: str, kodi: Kodi, strm_of: Callable[[str], Path], tmp_path: Path
) -> None:
    """Kodi's other way to play HLS; the lines stand above the URL of the same `.strm`.

    On a busy machine the add-on now and then hangs as it begins, with every segment in its
    hands: then it gets a second try, as from a viewer.
    """
    opened = "inputstream.adaptive: Successfully parsed manifest"
    strm, before = tmp_path / "adaptive.strm", kodi.log().count(opened)
    strm.write_text(ADAPTIVE + strm_of(FORMS[form].path).read_text())
    played = kodi.play(strm, 0)
    if played.seconds < 1:
        played = kodi.play(strm, 0)
    assert played.near(Counted(None, 24.0), frames=0, seconds=1.0), str(played)
    assert kodi.log().count(opened) > before


@pytest.mark.parametrize("player", DECODERS)
def test_counting_of_a_decoder(player: str, episode_of: Callable[[str], Episode]) -> None:
    assert_lost(PROGRAMS[player](episode_of(SHORT).playback_url, 0))


@IN_REAL_TIME
def test_counting_of_hls_js(browser: Browser, episode_of: Callable[[str], Episode]) -> None:
    assert_lost(browser.play(episode_of(SHORT).playback_url, 0))


@IN_REAL_TIME
def test_counting_of_kodi(kodi: Kodi, strm_of: Callable[[str], Path]) -> None:
    assert_lost(kodi.play(strm_of(SHORT), 0))
