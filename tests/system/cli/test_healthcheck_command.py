"""`healthcheck` tells a server that answers from everything else."""

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from stage.command_line import Strmctl
from stage.proxy import running_proxy
from stage.waiting import free_port
from strmctl import __version__
from strmctl.errors import SettingsError
from strmctl.services.installation import quick_health
from strmctl.services.installation.healthcheck import own_base_url
from strmctl.settings.load import load
from strmctl.settings.model import ServeSettings


@contextmanager
def answering(
    status: int, body: bytes, *, family: socket.AddressFamily = socket.AF_INET
) -> Iterator[int]:
    """The port of a server on loopback that answers everything like this."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        address_family = family

    host = "::1" if family == socket.AF_INET6 else "127.0.0.1"
    with Server((host, 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


WELL = b'{"status":"ok","version":"9.9.9"}'


def test_a_running_server(strmctl: Strmctl, library: Path) -> None:
    with running_proxy(load().settings) as proxy:
        said = strmctl("healthcheck", "--url", proxy.url).out
        assert said.startswith(f"healthy: strmctl {__version__} at {proxy.url}/healthz answered in")
        record = strmctl("healthcheck", "--json", "--url", f"{proxy.url}/healthz").document
    assert record.pop("milliseconds") < 3000
    assert record == {
        "type": "health",
        "healthy": True,
        "url": f"{proxy.url}/healthz",
        "version": __version__,
    }


@pytest.mark.parametrize(
    ("host", "asked"),
    [
        pytest.param("127.0.0.1", "http://127.0.0.1:", id="loopback"),
        pytest.param("0.0.0.0", "http://127.0.0.1:", id="everywhere"),
        pytest.param("", "http://127.0.0.1:", id="nothing, which is everywhere"),
        pytest.param("0x7f000001", "http://127.0.0.1:", id="in hexadecimal"),
        pytest.param("localhost", "http://127.0.0.1:", id="by name"),
        pytest.param("::", "http://[::1]:", id="everywhere, IPv6"),
        pytest.param("::1", "http://[::1]:", id="loopback, IPv6"),
    ],
)
def test_the_server_of_the_settings(strmctl: Strmctl, folder: Path, host: str, asked: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with answering(200, WELL, family=family) as port:
        listening = f'[serve]\nhost = "{host}"\nport = {port}\n'
        (folder / "strmctl.toml").write_text(listening)
        said = strmctl("healthcheck").out
    assert said.startswith(f"healthy: strmctl 9.9.9 at {asked}{port}/healthz ")


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        pytest.param(503, WELL, "answers 503", id="503"),
        pytest.param(302, WELL, "answers 302", id="a redirect"),
        pytest.param(200, b"<html>", "something else answers than strmctl", id="a web page"),
        pytest.param(200, b"[]", "something else answers than strmctl", id="other JSON"),
        pytest.param(200, b'{"status":"ok"}', "something else answers", id="another server's"),
        pytest.param(200, b'{"status":"bad","version":1}', "something else", id="not ok"),
    ],
)
def test_what_is_not_well(
    strmctl: Strmctl, folder: Path, status: int, body: bytes, told: str
) -> None:
    with answering(status, body, family=socket.AF_INET) as port:
        ended = strmctl("healthcheck", "--url", f"http://127.0.0.1:{port}", code=1)
    assert ended.out == ""
    assert ended.err.startswith("strmctl: unhealthy: ")
    assert told in ended.err
    assert ended.err.count("\n") == 1


def test_nobody_listens(strmctl: Strmctl, folder: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    error = strmctl("healthcheck", "--url", url, "--json", code=1).error
    assert error["code"] == 1
    assert error["message"].startswith(f"unhealthy: {url}/healthz cannot be reached: ")


def test_one_that_never_answers(strmctl: Strmctl, folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        ended = strmctl("healthcheck", "--url", url, code=1)
    assert "does not answer within 3 s" in ended.err


@pytest.mark.parametrize("url", ["x", "ftp://a/", "http://u:hunter2@a/", "http://a/?k=hunter2"])
def test_a_bad_url_is_not_repeated(strmctl: Strmctl, folder: Path, url: str) -> None:
    assert "hunter2" not in strmctl("healthcheck", "--url", url, code=2).err


def test_a_port_that_changes() -> None:
    with pytest.raises(SettingsError, match="--url"):
        own_base_url(ServeSettings(port=0))


def test_a_host_that_is_none() -> None:
    with pytest.raises(SettingsError, match=r"serve\.host"):
        own_base_url(ServeSettings(host="nowhere.invalid"))


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        pytest.param(200, WELL, 0, id="well"),
        pytest.param(503, WELL, 1, id="503"),
        pytest.param(200, b'{"status":"ill"}', 1, id="ill"),
        pytest.param(200, b"<html>", 1, id="something else"),
    ],
)
@pytest.mark.parametrize("quiet", ["-q", "--quiet"])
def test_as_docker_asks(folder: Path, status: int, body: bytes, code: int, quiet: str) -> None:
    with answering(status, body) as port:
        (folder / "strmctl.toml").write_text(f"[serve]\nport = {port}\n")
        ended = subprocess.run(
            [sys.executable, "-m", "strmctl", "healthcheck", quiet],
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert ended.returncode == code
    said, other = (ended.stdout, ended.stderr) if code == 0 else (ended.stderr, ended.stdout)
    assert said.startswith("healthy: strmctl 9.9.9 at" if code == 0 else "strmctl: unhealthy:")
    assert other == ""
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("settings", "environ", "family"),
    [
        pytest.param("port = {}", {}, socket.AF_INET, id="a port"),
        pytest.param("port = '{}'", {}, socket.AF_INET, id="a port as text"),
        pytest.param("host = '0.0.0.0'\nport = {}", {}, socket.AF_INET, id="everywhere"),
        pytest.param("host = ''\nport = {}", {}, socket.AF_INET, id="nothing"),
        pytest.param("host = '::'\nport = {}", {}, socket.AF_INET6, id="everywhere, IPv6"),
        pytest.param("host = 'nowhere'", {"HOST": "::1", "PORT": "{}"}, socket.AF_INET6, id="env"),
        pytest.param("port = {}", {"HOST": "", "PORT": ""}, socket.AF_INET, id="empty ones"),
        pytest.param("port = {}\nunknown = 1", {}, socket.AF_INET, id="of no concern here"),
    ],
)
def test_the_quick_one_reads_what_the_whole_one_reads(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    settings: str,
    environ: dict[str, str],
    family: socket.AddressFamily,
) -> None:
    with answering(200, WELL, family=family) as port:
        (folder / "strmctl.toml").write_text("\ufeff[serve]\n" + settings.format(port))
        for name, value in environ.items():
            monkeypatch.setenv(f"STRMCTL_SERVE_{name}", value.format(port))
        said = quick_health.well()
        assert said is not None
        host = "[::1]" if family == socket.AF_INET6 else "127.0.0.1"
        assert said.startswith(f"healthy: strmctl 9.9.9 at http://{host}:{port}/healthz ")


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param("[serve]\nport = 0", id="a port that changes"),
        pytest.param("[serve]\nhost = 'localhost'", id="a name"),
        pytest.param("serve = 1", id="no table"),
        pytest.param("[serve", id="no TOML"),
        pytest.param("[serve]\nport = 'none'", id="no port"),
        pytest.param("[serve]\nport = 99999", id="a port that is none"),
        pytest.param("[serve]\nport = true", id="a truth"),
    ],
)
def test_the_quick_one_leaves_the_rest_to_the_whole_one(folder: Path, settings: str) -> None:
    (folder / "strmctl.toml").write_text(settings)
    assert quick_health.well() is None
