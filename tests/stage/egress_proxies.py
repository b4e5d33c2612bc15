"""Real proxies to go out by; each leaves from an address of its own, so that it can be told."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from stage.waiting import free_port, until

USER, PASSWORD = "traveller", "open-sesame"

_TINYPROXY = """\
Port {port}
Listen {at}
Bind {source}
BasicAuth {user} {password}
LogLevel Info
Timeout 60
MaxClients 100
ConnectPort {connect_port}
"""


@dataclass(frozen=True, slots=True)
class Proxy:
    """`source` is the address that upstreams see; `at` is HOST:PORT."""

    scheme: str
    at: str
    source: str
    output: Path

    @property
    def url(self) -> str:
        return self.url_with(PASSWORD)

    def url_with(self, password: str) -> str:
        return f"{self.scheme}://{USER}:{password}@{self.at}"

    def log(self) -> str:
        return self.output.read_text()


@contextmanager
def tinyproxy(
    folder: Path,
    *,
    port: int = 0,
    connect_port: int = 0,
    at: str = "127.0.0.1",
    before: Sequence[str] = (),
) -> Iterator[Proxy]:
    """An HTTP proxy; `connect_port` is the only one it makes tunnels to, 0: none is refused.

    It listens `at` this address; `before` stands before its command.
    """
    port, source = port or free_port(at), "127.0.0.8"
    text = _TINYPROXY.format(
        at=at, port=port, source=source, user=USER, password=PASSWORD, connect_port=connect_port
    )
    config = folder / "tinyproxy.conf"
    config.write_text(text if connect_port else text.replace("ConnectPort 0\n", ""))
    command = [*before, "tinyproxy", "-d", "-c", str(config)]
    proxy = Proxy("http", f"{at}:{port}", source, folder / "tinyproxy.log")
    with _running(command, proxy, port):
        yield proxy


@contextmanager
def microsocks(
    folder: Path, *, at: str = "127.0.0.1", before: Sequence[str] = ()
) -> Iterator[Proxy]:
    """A SOCKS5 proxy."""
    port, source = free_port(at), "127.0.0.9"
    command = [*before, "microsocks", "-i", at, "-p", str(port), "-b", source]
    command += ["-u", USER, "-P", PASSWORD]
    proxy = Proxy("socks5", f"{at}:{port}", source, folder / "microsocks.log")
    with _running(command, proxy, port):
        yield proxy


PROXIES = {"tinyproxy": tinyproxy, "microsocks": microsocks}


@contextmanager
def _running(command: Sequence[str], proxy: Proxy, port: int) -> Iterator[None]:
    with proxy.output.open("wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        until(lambda: _listens(port, process, proxy), f"{proxy.at} is listened at")
        yield
    finally:
        process.terminate()
        process.wait(60)


def _listens(port: int, process: subprocess.Popen[bytes], proxy: Proxy) -> bool:
    """Looked up, not tried, so that its log tells of strmctl's connections alone."""
    if process.poll() is not None:
        raise RuntimeError(proxy.log())
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return any(
        line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "0A" for line in lines
    )
