#!/usr/bin/env python3
"""An HTTP resolver: URLs that nginx's secure_link module lets in for an hour.

MEDIA_SECRET=… python3 http_resolver.py 9000

[resolvers.mine]
sites = ["media.example"]
type = "http"
url = "http://127.0.0.1:9000/"

location /media/ {                                     # nginx, at the other end
    secure_link $arg_md5,$arg_expires;
    secure_link_md5 "$secure_link_expires$uri <the secret>";
    if ($secure_link = "")  { return 403; }
    if ($secure_link = "0") { return 410; }
}
"""

import base64
import hashlib
import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote

MEDIA = "https://media.example"
SECRET = os.environ.get("MEDIA_SECRET", "")
LIFETIME = 3600


class Resolver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if question["season"] is None:
            self.answer(404, {})  # no films here; 409 would be: not in this language
            return
        name = f"S{question['season']:02}E{question['episode']:02}.m3u8"
        path = f"/media/{question['slug']}/{question['language']}/{name}"
        expires = int(time.time()) + LIFETIME
        digest = hashlib.md5(f"{expires}{path} {SECRET}".encode()).digest()
        signature = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        url = f"{MEDIA}{quote(path)}?md5={signature}&expires={expires}"
        self.answer(200, {"url": url, "expires_at": expires})

    def answer(self, status: int, answer: dict[str, object]) -> None:
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


if __name__ == "__main__":
    if not SECRET or len(sys.argv) != 2 or not sys.argv[1].isdecimal():
        sys.exit("usage: MEDIA_SECRET=... http_resolver.py PORT")
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Resolver).serve_forever()
