"""A TLS upstream whose film never ends, and which counts the bytes that were taken from it."""

import multiprocessing
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

from bench.stage.origin import Origin, certificate

_PIECE = b"\xff" * 65536
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: %d\r\n\r\n" % 2**40


@dataclass(frozen=True, slots=True)
class Endless:
    """`origin` is for those who are begun with one; both of its ports speak TLS."""

    origin: Origin
    _sent: "Synchronized[int]"

    def sent(self) -> int:
        return self._sent.value


@contextmanager
def endless(folder: Path) -> Iterator[Endless]:
    certificate(folder)
    processes = multiprocessing.get_context("spawn")
    here, there = processes.Pipe()
    sent: Synchronized[int] = processes.Value("Q")
    server = processes.Process(target=_serve, args=(folder, there, sent), daemon=True)
    server.start()
    try:
        port = here.recv()
        yield Endless(Origin(folder, port, port), sent)
    finally:
        server.terminate()
        server.join()


def _serve(folder: Path, ready: Connection, sent: "Synchronized[int]") -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ready.send(listener.getsockname()[1])
        while True:
            client, _ = listener.accept()
            threading.Thread(target=_answer, args=(context, client, sent), daemon=True).start()


def _answer(context: ssl.SSLContext, client: socket.socket, sent: "Synchronized[int]") -> None:
    # Whoever leaves ends it.
    with suppress(OSError), context.wrap_socket(client, server_side=True) as connection:
        connection.recv(len(_PIECE))
        connection.sendall(_HEAD)
        while True:
            connection.sendall(_PIECE)
            with sent.get_lock():
                sent.value += len(_PIECE)
