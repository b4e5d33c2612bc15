"""A real HTTP server on port 0 that records what it is asked and answers as the test says."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, slots=True)
class Reply:
    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asked:
    """`target` is what stood in the request line: an absolute URL for a proxy.

    `client` is the port that the connection came from; `question` is empty for a GET.
    """

    client: int
    target: str
    headers: Mapping[str, str]
    question: dict[str, Any]


@dataclass(slots=True)
class Server:
    """`reply` makes an answer from a request; it runs in a thread of its own and may block."""

    port: int
    reply: Callable[[Asked], Reply]
    asked: list[Asked] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/resolve"

    @property
    def questions(self) -> list[dict[str, Any]]:
        return [asked.question for asked in self.asked]


def answer(url: str, **more: object) -> Reply:
    return Reply(body=json.dumps({"url": url, **more}).encode())


@contextmanager
def answering(reply: Callable[[Asked], Reply]) -> Iterator[Server]:
    server: Server

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.reply(json.loads(body))

        def do_GET(self) -> None:
            self.reply({})

        def do_HEAD(self) -> None:
            self.reply({})

        def reply(self, question: dict[str, Any]) -> None:
            asked = Asked(self.client_address[1], self.path, dict(self.headers), question)
            server.asked.append(asked)
            reply = server.reply(asked)
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            if self.command == "HEAD":
                return
            try:
                self.wfile.write(reply.body)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listener:
        server = Server(listener.server_port, reply)
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            listener.shutdown()
            thread.join()
