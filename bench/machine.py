"""What measured: the machine, what ran on it, and the versions of those who took part."""

import importlib.metadata
import os
import platform
import re
import subprocess
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from bench.stage.peers import HLS_PROXY, LINKCHECKER, LINKINATOR, LYCHEE, MEDIAFLOW

_PEERS = (LYCHEE, LINKCHECKER, LINKINATOR, MEDIAFLOW, HLS_PROXY)


def model() -> str:
    """Ratios of one are not those of another."""
    named = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return f"{named[1] if named else platform.machine()}, {len(os.sched_getaffinity(0))} cores"


def described() -> str:
    load = f"load {os.getloadavg()[0]:.1f} as it began"
    policy = os.sched_getscheduler(0)
    priority = ["at real-time priority"] if policy in (os.SCHED_FIFO, os.SCHED_RR) else []
    python = f"Python {platform.python_version()}"
    today = datetime.now(UTC).date().isoformat()
    return ", ".join((model(), f"Linux {platform.release()}", python, load, *priority, today))


def versions(contenders: Iterable[str]) -> list[str]:
    """Of those that have one of their own."""
    return [f"{name} {version()}" for name, version in _VERSIONS.items() if name in contenders]


def _nginx() -> str:
    said = subprocess.run(("nginx", "-v"), capture_output=True, text=True).stderr
    return said.rpartition("/")[2].strip()


_VERSIONS: Mapping[str, Callable[[], str]] = {
    "nginx": _nginx,
    "m3u8": lambda: importlib.metadata.version("m3u8"),
    **{peer.name: partial(str, peer.version) for peer in _PEERS},
}
