"""Three nodes that know nothing of each other, behind the very files of examples/cluster/."""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import httpx

from stage.machines import Machine
from stage.nginx import FRONT_CONFIG
from stage.proxy import identity
from stage.strmctl import Server, Strmctl, new_strmctl
from stage.waiting import until
from strmctl.services.keys.playback_urls import signed_url
from strmctl.settings.load import load

EXAMPLES = Path(__file__).parents[3] / "examples" / "cluster"
ADDRESSES = ("10.77.0.1", "10.77.0.2", "10.77.0.3")
FRONT, UPSTREAM = "10.77.0.10", "10.77.0.20"
BASE_URL = f"http://{FRONT}/strmctl"
_ENVIRON = {
    "STRMCTL_PROXY_PUBLIC_BASE_URL": BASE_URL,
    "STRMCTL_SERVE_HOST": "0.0.0.0",
    "STRMCTL_SERVE_TRUSTED_PROXIES": FRONT,
    "STRMCTL_UPSTREAM_ALLOW": "10.77.0.0/24",
    "STRMCTL_SERVE_DRAIN_TIMEOUT": "30s",
    "STRMCTL_SERVE_ADMIN_TOKEN": "a-token-that-all-nodes-share",
}
_OF_A_PLAYER = {
    "STRMCTL_SERVE_ROLE": "player",
    "STRMCTL_SERVE_UPKEEP_URL": f"http://{ADDRESSES[0]}:8888",
}
_READ_AGAIN = "the settings have been read again"


@dataclass(slots=True)
class Node:
    machine: Machine
    strmctl: Strmctl
    server: Server | None = None

    def start(self, within: Sequence[str] = (), **environ: str) -> None:
        """In a folder of its own: the same settings and key. The first one does the upkeep."""
        role = {} if self.machine.address == ADDRESSES[0] else _OF_A_PLAYER
        environ = {"STRMCTL_SERVE_NODE": self.name, **_ENVIRON, **role, **environ}
        with self.machine.inside():
            self.server = self.strmctl.serve(environ=environ, within=within)

    @property
    def name(self) -> str:
        return f"node-at-{self.machine.address}"

    @property
    def running(self) -> Server:
        assert self.server is not None
        return self.server

    def begin_to_stop(self) -> None:
        """It takes no new connection any more; what it sends, it sends to its end."""
        self.running.process.terminate()
        with self.machine.inside():
            until(self._refuses, "it refuses connections")

    def _refuses(self) -> bool:
        try:
            httpx.get(f"{self.strmctl.base_url}/healthz", trust_env=False, verify=False)
        except httpx.TransportError:
            return True
        return False

    def stop(self) -> None:
        self.running.process.terminate()
        self.end()

    def end(self) -> None:
        """It was told to stop."""
        assert self.running.process.wait(60) == 0, self.running.log.read_text()
        self.server = None

    def kill(self) -> None:
        self.running.kill()
        self.server = None

    def restart(self) -> None:
        self.stop()
        self.start()

    @contextmanager
    def on_a_small_disk(self) -> Iterator[Callable[[], None]]:
        """It runs with its database on a disk of its own; what fills that up."""
        disk = self.strmctl.folder / "disk"
        disk.mkdir(exist_ok=True)
        mount = 'mount -t tmpfs -o size=8m tmpfs "$0" && exec "$@"'
        apart = ("unshare", "--mount", "sh", "-c", mount, str(disk))
        self.start(within=apart, STRMCTL_DATABASE=str(disk / "strmctl.db"))
        # What others cannot see: its mount namespace is its own.
        ballast = Path(f"/proc/{self.running.process.pid}/root", str(disk)[1:], "ballast")
        try:
            yield lambda: _fill_up(ballast)
        finally:
            if self.server is not None:
                self.kill()

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.running.process.pid}/stat").read_text().rpartition(") ")[2]
        return sum(map(int, fields.split()[11:13])) / os.sysconf("SC_CLK_TCK")

    def read_again(self) -> None:
        """SIGHUP; what it has read counts from the line in its log on."""
        log = self.running.log
        before = log.read_text().count(_READ_AGAIN)
        self.running.process.send_signal(signal.SIGHUP)
        until(lambda: log.read_text().count(_READ_AGAIN) > before, "it has read its settings")

    def has_played(self, slug: str) -> bool:
        log = self.strmctl.folder / "serve.log"
        return log.exists() and f"/{slug} " in log.read_text()

    def sent(self, slug: str) -> list[int]:
        """The numbers of the segments that it has answered whole, in turn."""
        log = (self.strmctl.folder / "serve.log").read_text()
        return [int(found) for found in re.findall(rf"/{slug} .* (\d+)\.ts -> 200,", log)]


@dataclass(slots=True)
class Cluster:
    front: Machine
    nodes: list[Node]

    def playback_url(self, slug: str) -> str:
        folder = self.nodes[0].strmctl.folder
        settings = load(folder / "strmctl.toml", environ=_ENVIRON).settings
        return signed_url(settings, identity(slug), extension=".m3u8")

    def node_of(self, slug: str) -> Node:
        """The only one that has played it; a request is logged when it has been answered."""
        until(lambda: any(node.has_played(slug) for node in self.nodes), "it is logged")
        [node] = [node for node in self.nodes if node.has_played(slug)]
        return node

    def cpu_seconds(self) -> float:
        """Of all nodes together."""
        return sum(node.cpu_seconds() for node in self.nodes)

    def keys(self, *arguments: str) -> str:
        """`strmctl keys` on the first node, whose key file is copied to the others."""
        first = self.nodes[0].strmctl
        run = first.run("keys", *arguments, environ=_ENVIRON)
        assert run.returncode == 0, run.stderr
        for node in self.nodes[1:]:
            shutil.copy(first.folder / "strmctl.key", node.strmctl.folder)
        return run.stdout


@contextmanager
def running_nodes(
    machines: Sequence[Machine], front: Machine, folder: Path, resolver_url: str
) -> Iterator[Cluster]:
    first = new_strmctl(folder / "node0", resolver_url)
    nodes = [Node(machines[0], replace(first, port=8888))]
    for number, machine in enumerate(machines[1:], 1):
        own = folder / f"node{number}"
        own.mkdir()
        for name in ("strmctl.toml", "strmctl.key"):
            shutil.copy(first.folder / name, own)
        nodes.append(Node(machine, Strmctl(own, 8888)))
    with ExitStack() as stack:
        for node in nodes:
            stack.callback(_kill, node)
            node.start()
        yield Cluster(front, nodes)


def _fill_up(ballast: Path) -> None:
    with suppress(OSError), ballast.open("wb", 0) as file:
        while True:
            file.write(bytes(4096))
    assert os.statvfs(ballast.parent).f_bavail == 0


def _kill(node: Node) -> None:
    if node.server is not None and node.server.process.poll() is None:
        node.server.kill()


def _nginx(folder: Path) -> Sequence[str]:
    text = (EXAMPLES / "nginx.conf").read_text(encoding="utf-8")
    text = text.replace("/var/cache/nginx/strmctl", str(folder / "cache"))
    (folder / "strmctl.conf").write_text(text)
    config = folder / "nginx.conf"
    config.write_text(FRONT_CONFIG.format(folder=folder))
    return ["nginx", "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(config)]


def _haproxy(folder: Path) -> Sequence[str]:
    return ["haproxy", "-db", "-f", str(EXAMPLES / "haproxy.cfg")]


FRONTS: Mapping[str, Callable[[Path], Sequence[str]]] = {"nginx": _nginx, "haproxy": _haproxy}


@contextmanager
def running_front(name: str, machine: Machine, folder: Path) -> Iterator[None]:
    folder.mkdir()
    command = FRONTS[name](folder)
    environ = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(folder)}
    # As nginx.conf asks for: a node that does not answer is given up sooner.
    for key, value in re.findall(r"net\.ipv4\.(\w+)=(\d+)", (EXAMPLES / "nginx.conf").read_text()):
        machine.set(key, int(value))
    with machine.inside(), (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environ
        )
        try:
            until(lambda: _leads_on(process, folder), f"{name} leads to strmctl")
            yield
        finally:
            process.terminate()
            process.wait(60)


def _leads_on(process: subprocess.Popen[bytes], folder: Path) -> bool:
    if process.poll() is not None:
        raise RuntimeError((folder / "output").read_text())
    try:
        return httpx.get(f"{BASE_URL}/healthz", trust_env=False, verify=False).status_code == 200
    except httpx.TransportError:
        return False
