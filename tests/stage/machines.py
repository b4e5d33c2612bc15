"""Machines of their own: network namespaces that a switch joins, each with an address.

Only root may make them. What a thread begins inside of one (sockets, threads, processes) stays in
it. The namespaces carry the process id, so that workers do not meet; their addresses are the same.
"""

import ctypes
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_NEW_NETWORK = 0x40000000
"""CLONE_NEWNET of setns(2)."""

_LIBC = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Machine:
    """`port` is its port of the switch."""

    namespace: str
    address: str
    switch: str
    port: str

    @contextmanager
    def inside(self) -> Iterator[None]:
        """This thread is on the machine."""
        here = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        there = os.open(f"/run/netns/{self.namespace}", os.O_RDONLY)
        try:
            _enter(there)
            yield
        finally:
            _enter(here)
            os.close(here)
            os.close(there)

    @contextmanager
    def cut_off(self) -> Iterator[None]:
        """Its cable is pulled at the switch: nothing says that it is gone."""
        _ip("-n", self.switch, "link", "set", self.port, "down")
        try:
            yield
        finally:
            _ip("-n", self.switch, "link", "set", self.port, "up")

    def set(self, key: str, value: int) -> None:
        """As `sysctl` does, of IPv4."""
        with self.inside():
            Path(f"/proc/sys/net/ipv4/{key}").write_text(str(value))


@contextmanager
def machines(*addresses: str) -> Iterator[list[Machine]]:
    """One at each of these addresses of one /24."""
    switch = f"strmctl-{os.getpid()}"
    names = [f"{switch}-{number}" for number in range(len(addresses))]
    made = []
    try:
        for name in (switch, *names):
            _ip("netns", "add", name)
            made.append(name)
        _ip("-n", switch, "link", "add", "switch", "type", "bridge")
        _ip("-n", switch, "link", "set", "switch", "up")
        yield [
            _plugged_in(name, address, switch, f"port{number}")
            for number, (name, address) in enumerate(zip(names, addresses, strict=True))
        ]
    finally:
        for name in made:
            _ip("netns", "delete", name)


def _plugged_in(name: str, address: str, switch: str, port: str) -> Machine:
    cable = ["type", "veth", "peer", "name", port, "netns", switch]
    _ip("link", "add", "eth0", "netns", name, *cable)
    _ip("-n", switch, "link", "set", port, "master", "switch", "up")
    _ip("-n", name, "address", "add", f"{address}/24", "dev", "eth0")
    for device in ("lo", "eth0"):
        _ip("-n", name, "link", "set", device, "up")
    return Machine(name, address, switch, port)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


def _enter(namespace: int) -> None:
    if _LIBC.setns(namespace, _NEW_NETWORK) != 0:
        raise OSError(ctypes.get_errno(), "setns")
