"""Where messages to people arrive: a real SMTP server, and an HTTP endpoint that takes JSON."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from stage.waiting import free_port


@dataclass(slots=True)
class Mailbox:
    """`url` is what `[notify.NAME]` holds; `status` is what an endpoint answers."""

    url: str
    status: int = 200
    messages: list[tuple[str, str]] = field(default_factory=list)

    @property
    def titles(self) -> list[str]:
        return [title for title, _ in self.messages]


@contextmanager
def smtp_mailbox(secret: str) -> Iterator[Mailbox]:
    """An address whose user and password are in the URL."""
    port = free_port()
    options = f"from=strmctl@made.up&to=me@made.up&mode=insecure&user=me&pass={secret}"
    box = Mailbox(f"mailto://127.0.0.1:{port}?{options}")

    class Handler:
        async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
            assert isinstance(envelope.content, bytes)
            mail = message_from_bytes(envelope.content, policy=policy.default)
            body = mail.get_body(("plain",))
            text = body.get_content() if body is not None else ""
            box.messages.append((str(mail["Subject"]), text.strip()))
            return "250 OK"

    controller = Controller(
        Handler(),
        hostname="127.0.0.1",
        port=port,
        auth_require_tls=False,
        authenticator=lambda *_: _accepted(),
    )
    controller.start()
    try:
        yield box
    finally:
        controller.stop()


def _accepted() -> object:
    from aiosmtpd.smtp import AuthResult

    return AuthResult(success=True)


@contextmanager
def json_mailbox(secret: str) -> Iterator[Mailbox]:
    """An endpoint whose path is the secret."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            document = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if box.status == 200:
                box.messages.append((document["title"], document["message"]))
            self.send_response(box.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    box = Mailbox(f"json://127.0.0.1:{server.server_port}/{secret}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="json mailbox")
    thread.start()
    try:
        yield box
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
