"""An HTTP resolver: it answers each slug with a freshly signed URL and counts what it was asked."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Question = dict[str, Any]
Answer = dict[str, Any]


@dataclass(slots=True)
class Resolver:
    """`answers`: slug to a function that makes the answer; an unknown slug is 404."""

    url: str
    answers: dict[str, Callable[[], Answer]] = field(default_factory=dict)
    questions: list[Question] = field(default_factory=list)

    def asked(self, slug: str) -> list[Question]:
        return [question for question in self.questions if question["slug"] == slug]


@contextmanager
def running_resolver() -> Iterator[Resolver]:
    resolver: Resolver

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            resolver.questions.append(question)
            answer = resolver.answers.get(question["slug"])
            content = json.dumps(answer() if answer else {}).encode()
            self.send_response(200 if answer else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        resolver = Resolver(f"http://127.0.0.1:{server.server_port}/resolve")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield resolver
        finally:
            server.shutdown()
            thread.join()
