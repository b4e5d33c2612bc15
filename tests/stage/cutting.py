"""An upstream that cuts bodies off, stalls and goes on, with bytes that show where they belong.

It honours Range and If-Range. What stands at an offset is `content(offset, size)`: the period of
the bytes is a prime, so that a piece at a wrong place, or one that is missing, is seen at once.
"""

import random
import re
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from socket import SHUT_RDWR, SO_LINGER, SOL_SOCKET, socket
from struct import pack

_PERIOD = 1_048_573
_BLOCK = b"\x1a\x45\xdf\xa3" + random.Random(16).randbytes(_PERIOD - 4)
_TWICE = _BLOCK * 3
_PIECE = 512 * 1024
_RANGE = re.compile(rb"\r\nrange: *bytes=(\d+)-(\d*)\r\n", re.IGNORECASE)
_SHORTEST, _PART = 200_000, 6


def pause(seconds: float) -> None:
    """Of who sends or reads slowly; nothing is waited for."""
    threading.Event().wait(seconds)


def content(offset: int, size: int) -> bytes:
    """At most 2 MiB."""
    begin = offset % _PERIOD
    return _TWICE[begin : begin + size]


@dataclass
class Cutting:
    """Files of `size` bytes. `cuts` of ten answers end too early, or stall until they are given up;
    `under_way` are being sent."""

    size: int
    cuts: int = 0
    stalls: bool = False
    url: str = ""
    answers: int = 0
    under_way: int = 0
    chance: random.Random = field(default_factory=lambda: random.Random(20))

    def serve(self, connection: socket) -> None:
        """Requests, one after another, until one is cut off."""
        kept, rest = True, b""
        while kept:
            while b"\r\n\r\n" not in rest:
                received = connection.recv(65536)
                if not received:
                    return
                rest += received
            head, _, rest = rest.partition(b"\r\n\r\n")
            self.under_way += 1
            try:
                kept = self._answer(connection, head + b"\r\n")
            finally:
                self.under_way -= 1

    def _answer(self, connection: socket, head: bytes) -> bool:
        asked = _RANGE.search(head)
        first = int(asked[1]) if asked else 0
        last = int(asked[2]) if asked and asked[2] else self.size - 1
        status = b"206 Partial Content" if asked else b"200 OK"
        lines = [b"HTTP/1.1 " + status, b'ETag: "one"', b"Accept-Ranges: bytes"]
        lines += [b"Content-Type: video/x-matroska", b"Content-Length: %d" % (last + 1 - first)]
        if asked:
            lines.append(b"Content-Range: bytes %d-%d/%d" % (first, last, self.size))
        connection.sendall(b"\r\n".join([*lines, b"", b""]))
        self.answers += 1
        end = last + 1
        is_cut = end - first > _SHORTEST and self.chance.randrange(10) < self.cuts
        if is_cut:
            # Often within what one read brings, sometimes far behind.
            end = self.chance.choice([first + _SHORTEST, end - 1, first + (end - first) // _PART])
        while first < end:
            size = min(end - first, self.chance.randrange(1, _PIECE))
            connection.sendall(content(first, size))
            first += size
            if self.cuts and not self.chance.randrange(40):
                pause(0.002)
        if is_cut and self.stalls:
            connection.recv(1)
        elif is_cut and self.chance.randrange(2):
            connection.setsockopt(SOL_SOCKET, SO_LINGER, pack("ii", 1, 0))  # A reset.
        return not is_cut


@contextmanager
def cutting(
    size: int, *, cuts: int = 0, stalls: bool = False, authority: Path | None = None
) -> Iterator[Cutting]:
    upstream = Cutting(size, cuts, stalls)
    context = None
    if authority is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(authority)
    under_way: set[socket] = set()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                connection = self.request
                if context is not None:
                    connection = context.wrap_socket(connection, server_side=True)
                under_way.add(connection)
                with connection:
                    upstream.serve(connection)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        request_queue_size = 512

    with Server(("127.0.0.1", 0), Handler) as server:
        scheme = "https" if authority is not None else "http"
        upstream.url = f"{scheme}://127.0.0.1:{server.server_address[1]}/film.mkv"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield upstream
        finally:
            server.shutdown()
            thread.join()
            for connection in under_way:
                with suppress(OSError):
                    connection.shutdown(SHUT_RDWR)
