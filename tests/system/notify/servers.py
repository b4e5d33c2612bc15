"""Small servers that speak the other side of each API, refuse what is wrong and keep the rest."""

import base64
import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "s3cret-token"
KODI_TOKEN = "kodi:pa:ss"


@dataclass(frozen=True, slots=True)
class Asked:
    method: str
    path: str
    headers: Mapping[str, str]
    body: Any

    @property
    def fields(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.headers.items()}


@dataclass(frozen=True, slots=True)
class Reply:
    status: int = 200
    document: object = None
    headers: Mapping[str, str] = field(default_factory=dict)


Speaks = Callable[[Asked], Reply]


@dataclass(slots=True)
class Server:
    """`trouble` answers in place of what the server speaks, while it is set."""

    port: int
    speaks: Speaks
    trouble: Reply | None = None
    delay: threading.Event | None = None
    scheme: str = "http"
    host: str = "127.0.0.1"
    asked: list[Asked] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}"

    def posted(self) -> list[Any]:
        return [asked.body for asked in self.posts()]

    def posts(self) -> list[Asked]:
        return [asked for asked in self.asked if asked.method == "POST"]

    def answer(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        if self.delay is not None:
            self.delay.wait(30)
        return self.trouble or self.speaks(asked)


@contextmanager
def serving(
    speaks: Speaks,
    port: int = 0,
    tls: ssl.SSLContext | None = None,
    *,
    host: str = "127.0.0.1",
) -> Iterator[Server]:
    server: Server

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked = Asked(
                self.command,
                self.path,
                dict(self.headers.items()),
                json.loads(body) if body else None,
            )
            reply = server.answer(asked)
            content = b"" if reply.document is None else json.dumps(reply.document).encode()
            try:
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                if reply.status != 204:
                    self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        do_POST = do_OPTIONS = do_GET

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Listener(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """A client may break off its TLS handshake."""

    with Listener((host, port), Handler) as listener:
        listener.daemon_threads = True
        server = Server(listener.server_port, speaks, host=host)
        if tls is not None:
            server.scheme = "https"
            # A client that refuses the certificate ends its own connection, not the listener's.
            listener.socket = tls.wrap_socket(
                listener.socket, server_side=True, do_handshake_on_connect=False
            )
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            listener.shutdown()
            thread.join()


def media_browser(field_name: str, value: str, *, folders: object = ()) -> Speaks:
    """Jellyfin or Emby, which takes its token from that field alone."""

    def speaks(asked: Asked) -> Reply:
        if asked.fields.get(field_name.lower()) != value:
            return Reply(401)
        match asked.method, asked.path:
            case "POST", "/Library/Media/Updated":
                return Reply(204 if _is_updates(asked.body) else 400)
            case "GET", "/System/Info":
                return Reply(200, {"ServerName": "tv"})
            case "GET", "/Library/VirtualFolders":
                return Reply(200, folders)
        return Reply(404)

    return speaks


def jellyfin(folders: object = ()) -> Speaks:
    return media_browser("Authorization", f'MediaBrowser Token="{TOKEN}"', folders=folders)


def emby(folders: object = ()) -> Speaks:
    return media_browser("X-Emby-Token", TOKEN, folders=folders)


def kodi(asked: Asked) -> Reply:
    """JSON-RPC 2.0 behind basic authentication; its answers to scans are "OK"."""
    expected = "Basic " + base64.b64encode(KODI_TOKEN.encode()).decode()
    if asked.fields.get("authorization") != expected:
        return Reply(401)
    if (asked.method, asked.path) != ("POST", "/jsonrpc"):
        return Reply(404)
    call = asked.body
    assert call["jsonrpc"] == "2.0"
    results = {"VideoLibrary.Scan": "OK", "VideoLibrary.Clean": "OK", "JSONRPC.Ping": "pong"}
    if call["method"] not in results:
        error = {"code": -32601, "message": "Method not found."}
        return Reply(200, {"jsonrpc": "2.0", "id": call["id"], "error": error})
    return Reply(200, {"jsonrpc": "2.0", "id": call["id"], "result": results[call["method"]]})


def webhook(asked: Asked) -> Reply:
    if asked.fields.get("authorization") != f"Bearer {TOKEN}":
        return Reply(403)
    return Reply(202 if asked.method == "POST" else 405)


def _is_updates(body: Any) -> bool:
    return set(body) == {"Updates"} and all(
        set(update) == {"Path", "UpdateType"}
        and update["UpdateType"] in ("Created", "Modified", "Deleted")
        for update in body["Updates"]
    )
