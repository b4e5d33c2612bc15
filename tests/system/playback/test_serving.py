"""The life of `strmctl serve`: modes, ports, signals, crashes."""

import signal
import socket

import httpx
import pytest

from stage.episode import Stage
from stage.media import FILM, FORMS, FRAMES, sha256
from stage.players import PLAYERS
from stage.walk import children

pytestmark = pytest.mark.slow


def test_redirect_mode_sends_the_player_to_the_upstream(
    own_stage: Stage, client: httpx.Client
) -> None:
    redirect = {"STRM_PROXY_MODE": "redirect"}
    episode = own_stage.episode(FORMS["ts"], environ=redirect)
    with own_stage.strmctl.serving(environ=redirect):
        response = client.get(episode.playback_url)
        assert response.status_code == 302
        assert response.headers["Location"] == episode.upstream_urls[-1]
        assert PLAYERS["ffmpeg-debian"](episode.playback_url, 0).frames == FRAMES


def test_direct_mode_writes_the_resolved_url(own_stage: Stage) -> None:
    episode = own_stage.episode(FORMS["ts"], environ={"STRM_PROXY_MODE": "direct"})
    assert episode.playback_url == episode.upstream_urls[-1]
    assert PLAYERS["ffmpeg-debian"](episode.playback_url, 0).frames == FRAMES


def test_a_port_in_use_is_one_line_and_exit_3(own_stage: Stage) -> None:
    with socket.create_server(("127.0.0.1", own_stage.strmctl.port)):
        run = own_stage.strmctl.run("serve", "--port", str(own_stage.strmctl.port))
    assert run.returncode == 3
    assert run.stdout == ""
    [line] = run.stderr.splitlines()
    assert str(own_stage.strmctl.port) in line


@pytest.mark.parametrize(
    ("ending", "exit_code"),
    [
        pytest.param(signal.SIGTERM, 0, id="SIGTERM"),
        pytest.param(signal.SIGINT, 130, id="SIGINT"),
    ],
)
def test_a_signal_lets_streams_end(
    ending: signal.Signals, exit_code: int, own_stage: Stage, client: httpx.Client
) -> None:
    episode = own_stage.episode(FILM, rate="250k")
    with own_stage.strmctl.serving() as server:
        with client.stream("GET", episode.playback_url) as response:
            assert response.status_code == 200
            received = response.iter_bytes(1000)
            content = next(received)
            server.process.send_signal(ending)
            content += b"".join(received)
        assert sha256(content) == own_stage.media.digests[FILM]
        assert server.process.wait(60) == exit_code, server.log.read_text()


def test_sigterm_does_not_wait_for_idle_connections(own_stage: Stage, client: httpx.Client) -> None:
    episode = own_stage.episode(FORMS["ts"])
    with own_stage.strmctl.serving() as server:
        assert client.get(episode.playback_url).status_code == 200
        assert server.stop(9) == 0, server.log.read_text()


def test_kill_and_restart_in_mid_play(own_stage: Stage, client: httpx.Client) -> None:
    episode = own_stage.episode(FORMS["ts"])
    with own_stage.strmctl.serving() as server:
        segments = [child.uri for child in children(client.get(episode.playback_url).text)]
        assert client.get(segments[0]).status_code == 200
        server.kill()
    with own_stage.strmctl.serving():
        with httpx.Client(trust_env=False, verify=False, timeout=30) as after:
            content = [after.get(segment).content for segment in segments[1:]]
    expected = [own_stage.media.digests[f"vault-ts/piece{n}.ts"] for n in range(1, 6)]
    assert [sha256(piece) for piece in content] == expected
    assert len(episode.questions()) == 1


def test_the_log_holds_a_line_for_each_request_and_no_secret(
    own_stage: Stage, client: httpx.Client
) -> None:
    episode = own_stage.episode(FORMS["ts"])
    with own_stage.strmctl.serving() as server:
        [first, *_] = children(client.get(episode.playback_url).text)
        client.get(first.uri)
    log = server.log.read_text()
    assert log.count("GET") >= 2
    token = max(first.uri.split("/"), key=len)
    for secret in ["vault", "piece", own_stage.nginx.address, token, "sig="]:
        assert secret not in log
