"""Two network namespaces with a cable between: what leaves the inner one is seen, packet by packet.

The inner one sends everything to the outer one, which leads nowhere else: a packet that should not
have been sent is captured, and lost.
"""

import ctypes
import ipaddress
import os
import socket
import struct
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from stage.waiting import until

OUTER, LAN, INNER = "10.231.7.1", "10.231.7.3", "10.231.7.2"
"""The proxy listens at the first one, the media servers at the second."""

NAMES = frozenset({53, 853, 5353, 5355})
"""DNS, DNS over TLS, mDNS, LLMNR."""

_NEW_NETWORK = 0x40000000  # CLONE_NEWNET
_EVERY_PROTOCOL = 3
_IPV4, _IPV6 = 0x0800, 0x86DD
_MARK = 9
"""The port of RFC 863, to which the capture itself sends."""

_NEIGHBOURS = frozenset({0, 58})
"""What IPv6 says about itself: hop-by-hop options and ICMPv6."""

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True, order=True)
class Packet:
    """Where one was sent to; `port` is 0 where its protocol has none."""

    interface: str
    protocol: int
    address: str
    port: int


@dataclass(slots=True)
class Capture:
    """`sent` are the packets that left, of each kind one, and those on loopback."""

    sent: set[Packet] = field(default_factory=set)
    marks: int = 0

    def elsewhere(self, *allowed: tuple[str, int]) -> list[Packet]:
        """What left for another place than these."""
        gone = {packet for packet in self.sent if packet.interface != "lo"}
        return sorted(packet for packet in gone if (packet.address, packet.port) not in allowed)

    def questions(self) -> list[Packet]:
        """What asked for a name; a resolver of this machine listens on loopback."""
        return sorted(packet for packet in self.sent if packet.port in NAMES)


@dataclass(frozen=True, slots=True)
class Namespaces:
    inner: str
    outer: str

    @contextmanager
    def captured(self) -> Iterator[Capture]:
        """Complete when the block has ended."""
        with inside(self.inner):
            tap = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_EVERY_PROTOCOL))
            tap.setsockopt(socket.SOL_SOCKET, 33, 64 * 1024 * 1024)  # SO_RCVBUFFORCE
            marker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        capture = Capture()
        reader = threading.Thread(target=_read, args=(tap, capture), name="capture")
        reader.start()
        try:
            yield capture
        finally:
            # What was sent before this one has been read when this one has.
            marker.sendto(b"", (OUTER, _MARK))
            until(lambda: capture.marks > 0 or not reader.is_alive(), "the capture is read")
            reader.join()
            _, lost = struct.unpack("II", tap.getsockopt(263, 6, 8))  # PACKET_STATISTICS
            tap.close()
            marker.close()
        assert lost == 0, "packets were lost"


@contextmanager
def namespaces() -> Iterator[Namespaces]:
    """They need root; what is run within `inside` them, and its threads, see nothing else."""
    made = Namespaces(f"strmctl-{os.getpid()}-in", f"strmctl-{os.getpid()}-out")
    _ip(f"netns add {made.outer}")
    try:
        _ip(f"netns add {made.inner}")
        try:
            _lay_cable(made)
            yield made
        finally:
            _ip(f"netns del {made.inner}")
    finally:
        _ip(f"netns del {made.outer}")


@contextmanager
def inside(name: str) -> Iterator[None]:
    """This thread, and the threads and processes that it starts."""
    with Path("/proc/thread-self/ns/net").open() as before, Path(f"/run/netns/{name}").open() as it:
        _enter(it.fileno())
        try:
            yield
        finally:
            _enter(before.fileno())


def naming(folder: Path, names: Sequence[str]) -> Sequence[str]:
    """What to put before a command, so that these names are known to it as 127.0.0.1."""
    hosts = folder / "hosts"
    hosts.write_text("".join(f"127.0.0.1 {name}\n" for name in ["localhost", *names]))
    script = 'mount --bind "$0" /etc/hosts && exec "$@"'
    return ["unshare", "--mount", "sh", "-c", script, str(hosts)]


def _lay_cable(made: Namespaces) -> None:
    _ip(f"link add cable netns {made.inner} type veth peer name cable netns {made.outer}")
    for name, addresses in (
        (made.outer, [f"{OUTER}/24", f"{LAN}/24", "fd31:7::1/64 nodad"]),
        (made.inner, [f"{INNER}/24", "fd31:7::2/64 nodad"]),
    ):
        for address in addresses:
            _ip(f"-n {name} addr add {address} dev cable")
        for device in ("lo", "cable"):
            _ip(f"-n {name} link set {device} up")
    _ip(f"-n {made.inner} route add default via {OUTER}")
    _ip(f"-n {made.inner} -6 route add default via fd31:7::1")


def _ip(arguments: str) -> None:
    subprocess.run(["ip", *arguments.split()], check=True)


def _enter(namespace: int) -> None:
    # os.setns is Python 3.12's.
    if _libc.setns(namespace, _NEW_NETWORK) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def _read(tap: socket.socket, capture: Capture) -> None:
    while capture.marks == 0:
        data, (interface, kind, direction, *_) = tap.recvfrom(128)
        packet = _packet(interface, kind, data)
        # On loopback each packet is seen twice, which is no harm here.
        if packet is None or (interface != "lo" and direction != socket.PACKET_OUTGOING):
            continue
        if packet.address == OUTER and packet.port == _MARK:
            capture.marks += 1
        else:
            capture.sent.add(packet)


def _packet(interface: str, kind: int, data: bytes) -> Packet | None:
    if kind == _IPV4:
        protocol, address, rest = data[9], data[16:20], data[4 * (data[0] & 15) :]
    elif kind == _IPV6 and data[6] not in _NEIGHBOURS:
        protocol, address, rest = data[6], data[24:40], data[40:]
    else:
        return None
    has_ports = protocol in (socket.IPPROTO_TCP, socket.IPPROTO_UDP)
    port = int.from_bytes(rest[2:4], "big") if has_ports else 0
    return Packet(interface, protocol, str(ipaddress.ip_address(address)), port)
