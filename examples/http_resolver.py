#!/usr/bin/env python3
"""An HTTP resolver: folders that nginx's secure_link module lets in for an hour, HLS too.

MEDIA_SECRET=the-secret python3 http_resolver.py 9000 https://media.example

[resolvers.mine]
sites = ["media.example"]
type = "http"
url = "http://127.0.0.1:9000/"

# nginx, at the other end. The token is part of the path, so the segments of a playlist have it too.
location ~ "^/media/(?<hash>[^,/]+),(?<until>[0-9]+)/(?<folder>[^/]+/[^/]+)/(?<file>.+)$" {
    secure_link $hash,$until;
    secure_link_md5 "$secure_link_expires/$folder/ the-secret";
    if ($secure_link = "")  { return 403; }
    if ($secure_link = "0") { return 410; }
    alias /srv/media/$folder/$file;
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

SECRET = os.environ.get("MEDIA_SECRET", "")
LIFETIME = 3600


class Resolver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if question["season"] is None:
            self.answer(404, {})  # no films here; 409 would be: not in this language
            return
        folder = f"{question['slug']}/{question['language']}"
        name = f"S{question['season']:02}E{question['episode']:02}.m3u8"
        expires = int(time.time()) + LIFETIME
        digest = hashlib.md5(f"{expires}/{folder}/ {SECRET}".encode()).digest()
        token = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        url = f"{MEDIA}/media/{token},{expires}/{quote(folder)}/{name}"
        self.answer(200, {"url": url, "expires_at": expires})

    def answer(self, status: int, answer: dict[str, object]) -> None:
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


if __name__ == "__main__":
    if not SECRET or len(sys.argv) != 3 or not sys.argv[1].isdecimal():
        sys.exit("usage: MEDIA_SECRET=... http_resolver.py PORT https://MEDIA-SERVER")
    MEDIA = sys.argv[2].rstrip("/")
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Resolver).serve_forever()
