"""A TLS server that pours bytes at whoever asks and never listens again, as busy CDNs do."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from socket import create_server, socket

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: video/mp2t\r\n\r\n"
_PIECE = (b"G" + bytes(187)) * 300


@dataclass
class Pouring:
    """`sent` bytes so far to all; `under_way` connections are being poured into."""

    url: str = ""
    sent: int = 0
    under_way: int = 0

    def pour(self, plain: socket, context: ssl.SSLContext) -> None:
        with suppress(OSError), context.wrap_socket(plain, server_side=True) as connection:
            request = b""
            while b"\r\n\r\n" not in request:
                request += connection.recv(4096)
            self.under_way += 1
            try:
                connection.sendall(_HEAD)
                while True:
                    connection.sendall(_PIECE)
                    self.sent += len(_PIECE)
            finally:
                self.under_way -= 1


@contextmanager
def pouring(certificate: Path) -> Iterator[Pouring]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    listener = create_server(("127.0.0.1", 0))
    server = Pouring(f"https://127.0.0.1:{listener.getsockname()[1]}/film.ts")
    threads: list[threading.Thread] = []

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                thread = threading.Thread(target=server.pour, args=(connection, context))
                threads.append(thread)
                thread.start()

    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield server
    finally:
        listener.shutdown(2)
        listener.close()
        accepting.join()
        for thread in threads:
            thread.join()
