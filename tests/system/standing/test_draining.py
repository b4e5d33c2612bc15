"""How `serve` ends: /readyz first, then the port, then the streams; with workers as without."""

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from stage import presentation
from stage.routes import file
from stage.show import Resolver, Show
from stage.site import Site, running_site
from stage.waiting import until
from stage.workers import answering, is_there, workers

WORKERS = [pytest.param("1", id="one"), pytest.param("2", id="two", marks=pytest.mark.slow)]
_FILM = presentation.content("film", 8_000_000)
_FOR_EVER = {"STRMCTL_SERVE_DRAIN_DELAY": "1h"}


@contextmanager
def site_of(number: str, resolver: Resolver, folder: Path, **environ: str) -> Iterator[Site]:
    environ = {"STRMCTL_SERVE_WORKERS": number, **environ}
    with running_site(folder / "strmctl", resolver.url, environ=environ) as site:
        if number != "1":
            until(lambda: len(answering(site)) == int(number), "every worker answers")
        yield site


def with_film(show: Show) -> Show:
    show.entry = "film.ts"
    show.routes[show.entry] = file(_FILM, media_type="video/mp2t")
    return show


def is_refused(port: int) -> bool:
    """Nobody listens there: what is neither answered nor refused would hang."""
    with socket.socket() as newcomer:
        newcomer.settimeout(20)
        return newcomer.connect_ex(("127.0.0.1", port)) != 0


def can_bind(port: int) -> bool:
    with socket.create_server(("127.0.0.1", port)):
        return True


def status(site: Site, path: str) -> int:
    return httpx.get(
        site.strmctl.base_url + path, trust_env=False, verify=False, timeout=30
    ).status_code


@pytest.mark.parametrize("number", WORKERS)
@pytest.mark.parametrize(
    ("signals", "exit_code"),
    [
        pytest.param([signal.SIGTERM], 0, id="SIGTERM"),
        pytest.param([signal.SIGTERM, signal.SIGTERM], 0, id="SIGTERM-twice"),
        pytest.param([signal.SIGINT], 130, id="SIGINT"),
    ],
)
def test_94_the_port_closes_and_streams_end(
    resolver: Resolver,
    show: Show,
    client: httpx.Client,
    tmp_path: Path,
    number: str,
    signals: list[signal.Signals],
    exit_code: int,
) -> None:
    with site_of(number, resolver, tmp_path) as site:
        with client.stream("GET", site.playback_url(with_film(show))) as response:
            chunks = response.iter_raw()
            received = next(chunks)
            for each in signals:
                site.server.process.send_signal(each)
            until(lambda: is_refused(site.strmctl.port), "the port closes")
            assert can_bind(site.strmctl.port)
            assert received + b"".join(chunks) == _FILM
        assert site.server.process.wait(60) == exit_code, site.log()


@pytest.mark.slow
def test_94_another_serve_takes_the_port_while_streams_end(
    resolver: Resolver, show: Show, client: httpx.Client, tmp_path: Path
) -> None:
    with site_of("2", resolver, tmp_path, STRMCTL_SERVE_DRAIN_TIMEOUT="100s") as site:
        url = site.playback_url(with_film(show))
        with client.stream("GET", url) as response:
            chunks = response.iter_raw()
            received = next(chunks)
            site.server.process.terminate()
            until(lambda: is_refused(site.strmctl.port), "the port closes")
            with site.strmctl.serving(environ=site.environ):
                assert httpx.get(url, trust_env=False, verify=False, timeout=60).content == _FILM
                assert received + b"".join(chunks) == _FILM
        assert site.server.process.wait(60) == 0


@pytest.mark.slow
def test_94_a_worker_that_dies_while_draining(
    resolver: Resolver, show: Show, client: httpx.Client, tmp_path: Path
) -> None:
    with site_of("2", resolver, tmp_path, **_FOR_EVER) as site:
        every = workers(site)
        site.server.process.terminate()
        until(lambda: status(site, "/readyz") == 503, "/readyz says so")
        os.kill(every[0], signal.SIGKILL)
        until(lambda: not is_there(every[0]), "it has died")
        # The other one alone answers all, and nobody is put in the dead one's place.
        assert {status(site, "/healthz") for _ in range(10)} == {200}
        assert set(filter(is_there, workers(site))) == {every[1]}
        site.server.process.send_signal(signal.SIGINT)
        until(lambda: is_refused(site.strmctl.port), "the port closes")
        assert site.server.process.wait(60) == 130


@pytest.mark.parametrize("number", WORKERS)
def test_94_a_kept_connection_is_closed(resolver: Resolver, tmp_path: Path, number: str) -> None:
    with site_of(number, resolver, tmp_path) as site:
        with socket.create_connection(("127.0.0.1", site.strmctl.port), timeout=60) as kept:
            kept.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            answer = b""
            while not answer.endswith(b"}"):
                answer += kept.recv(4096)
            assert answer.startswith(b"HTTP/1.1 200")
            site.server.process.terminate()
            assert kept.recv(4096) == b"", "it ends; a request on it would never be answered"
        assert site.server.process.wait(60) == 0


def _says_close(client: httpx.Client, url: str) -> bool:
    answer = client.get(url)
    assert answer.status_code == 200
    return str(answer.headers.get("Connection")) == "close"


@pytest.mark.parametrize("number", WORKERS)
def test_fronts_notice_before_the_port_closes(
    resolver: Resolver, show: Show, tmp_path: Path, number: str
) -> None:
    presentation.put(show)
    with site_of(number, resolver, tmp_path, **_FOR_EVER) as site:
        with httpx.Client(trust_env=False, verify=False, timeout=30) as kept:
            assert kept.get(site.playback_url(show)).status_code == 200
            site.server.process.terminate()
            until(lambda: status(site, "/readyz") == 503, "/readyz says so")
            site.server.process.terminate()
            # A worker hears of it from the process above it, in a moment.
            until(lambda: _says_close(kept, site.playback_url(show)), "fronts are told to go")
        paths = ("/readyz", "/api/v1/readyz") * 5
        until(lambda: {status(site, path) for path in paths} == {503}, "every worker says so")
        assert status(site, "/healthz") == status(site, "/metrics") == 200
        site.server.process.send_signal(signal.SIGINT)
        assert site.server.process.wait(60) == 130, site.log()
        assert "strmctl.server.app: " not in site.log(), "fronts ask every second"


@pytest.mark.parametrize("number", WORKERS)
def test_the_delay_ends_by_itself(resolver: Resolver, tmp_path: Path, number: str) -> None:
    delay = {"STRMCTL_SERVE_DRAIN_DELAY": "500ms"}
    with site_of(number, resolver, tmp_path, **delay) as site:
        assert site.server.stop() == 0
        assert is_refused(site.strmctl.port)


@pytest.mark.parametrize("number", WORKERS)
def test_ctrl_c_waits_for_no_front(resolver: Resolver, tmp_path: Path, number: str) -> None:
    with site_of(number, resolver, tmp_path, **_FOR_EVER) as site:
        # As a terminal does it: every process of the group gets the signal.
        for pid in (site.server.process.pid, *workers(site)):
            os.kill(pid, signal.SIGINT)
        assert site.server.process.wait(60) == 130
