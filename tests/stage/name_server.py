"""A name server on loopback: answers for every name but those that begin with `mute`."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

_A = 1


@dataclass
class NameServer(asyncio.DatagramProtocol):
    """Every name is at 127.0.0.1, and at no IPv6 address; `unknown…` is not known (NXDOMAIN)."""

    asked: list[str] = field(default_factory=list)
    _transport: asyncio.DatagramTransport | None = None

    @property
    def address(self) -> str:
        assert self._transport is not None
        return "{}:{}".format(*self._transport.get_extra_info("sockname")[:2])

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        end, labels = 12, []
        while data[end]:
            labels.append(data[end + 1 : end + 1 + data[end]].decode())
            end += 1 + data[end]
        question, kind = data[12 : end + 5], int.from_bytes(data[end + 1 : end + 3], "big")
        self.asked.append(".".join(labels))
        if labels[0].startswith("mute"):
            return
        is_known = not labels[0].startswith("unknown")
        answer = b""
        if is_known and kind == _A:
            answer = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x00\x00\x04" + b"\x7f\x00\x00\x01"
        flags = b"\x81\x80" if is_known else b"\x81\x83"
        counts = b"\x00\x01" + (b"\x00\x01" if answer else b"\x00\x00") + bytes(4)
        assert self._transport is not None
        self._transport.sendto(data[:2] + flags + counts + question + answer, addr)


@asynccontextmanager
async def name_server() -> AsyncIterator[NameServer]:
    transport, server = await asyncio.get_running_loop().create_datagram_endpoint(
        NameServer, ("127.0.0.1", 0), family=socket.AF_INET
    )
    try:
        yield server
    finally:
        transport.close()
