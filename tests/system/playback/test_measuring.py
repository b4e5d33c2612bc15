"""The measuring itself: whole from nginx, less when a piece is short, with exit code 0 or not."""

import shutil
from pathlib import Path

import httpx
import pytest

from stage.media import FILM, FORMS, FRAMES, SECONDS, SUBTITLES, Media
from stage.nginx import Nginx, running_nginx
from stage.players import PLAYERS, Player, read_subtitles

pytestmark = pytest.mark.slow

DIRECT_FORMS = {name: path for name, path in FORMS.items() if name != "ranges-fmp4"}
EACH_PLAYER = pytest.mark.parametrize("player", PLAYERS.values(), ids=PLAYERS)


@EACH_PLAYER
@pytest.mark.parametrize("path", DIRECT_FORMS.values(), ids=DIRECT_FORMS)
def test_direct_play_is_whole(path: str, player: Player, nginx: Nginx) -> None:
    played = player(nginx.folder_url(path, seconds=60), 0)
    assert played.frames == FRAMES, played.complaints
    assert played.video_seconds == pytest.approx(SECONDS)
    assert played.audio_seconds == pytest.approx(SECONDS, abs=0.05)


@pytest.mark.parametrize(
    ("player", "frames"),
    [
        pytest.param(PLAYERS["ffmpeg-debian"], FRAMES, id="ffmpeg-debian"),
        pytest.param(PLAYERS["ffmpeg-9.0.2"], 100, id="ffmpeg-9.0.2 joins adjacent ranges"),
    ],
)
def test_direct_play_of_byte_range_fmp4(player: Player, frames: int, nginx: Nginx) -> None:
    assert player(nginx.folder_url(FORMS["ranges-fmp4"], seconds=60), 0).frames == frames


@EACH_PLAYER
@pytest.mark.parametrize("damage", ["short", "missing"])
def test_lost_frames_show_in_the_count_only(
    damage: str, player: Player, media: Media, tmp_path: Path
) -> None:
    shutil.copytree(media.root / "vault-ts", tmp_path / "vault-ts")
    segment = tmp_path / "vault-ts" / "piece3.ts"
    if damage == "short":
        segment.write_bytes(segment.read_bytes()[:50_000])
    else:
        segment.unlink()
    with running_nginx(tmp_path / "nginx", tmp_path) as nginx:
        played = player(nginx.folder_url(FORMS["ts"], seconds=60), 0)
    assert played.exit_code == 0
    assert FRAMES - 100 <= played.frames < FRAMES
    assert played.audio_seconds < SECONDS - 1


def test_direct_subtitles_are_whole(nginx: Nginx) -> None:
    assert read_subtitles(nginx.folder_url(FORMS["groups"], seconds=60)) == SUBTITLES[1:]


def test_every_file_needs_its_token(media: Media, nginx: Nginx, client: httpx.Client) -> None:
    for path in media.digests:
        good = nginx.folder_url(path, seconds=60)
        assert client.get(good).content == media.content(path)
        assert client.get(good.replace("/s/", "/s/A")).status_code == 403
        assert client.get(nginx.folder_url(path, seconds=-2)).status_code == 410
        assert client.get(nginx.file_url(path, seconds=-2)).status_code == 410
        assert client.get(f"http://{nginx.address}/{path}").status_code == 404


@pytest.mark.parametrize("path", [FILM, FORMS["ts"]], ids=["file", "folder"])
def test_a_token_is_ended_before_its_time(path: str, nginx: Nginx, client: httpx.Client) -> None:
    sign = nginx.file_url if path == FILM else nginx.folder_url
    ended, other = sign(path, seconds=70), sign(path, seconds=80)
    nginx.end(ended)
    assert [client.head(url).status_code for url in (ended, other)] == [410, 200]


def test_a_token_expires(nginx: Nginx, client: httpx.Client) -> None:
    url = nginx.file_url(FILM, seconds=3)
    assert client.head(url).status_code == 200
    mark = nginx.mark()
    nginx.wait_expired(url)
    assert nginx.requests(since=mark)[-1].status == 410
