"""A running `strmctl serve` with a token, a library behind it, and what must never be told."""

import itertools
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from stage.routes import file
from stage.strmctl import Server, Strmctl, new_strmctl
from stage.upstream import Answer, Request, Upstream
from stage.waiting import until

TOKEN = "s3cret-admin-token"
SECRETS = ("upstream-token", "refer-to-me", TOKEN, "url_sha256")
HEADERS = {"Referer": "https://refer-to-me.example/watch"}
FILM = b"\x00\x00\x00\x20ftypisom" + bytes(5000)

Json = dict[str, Any]
_numbers = itertools.count(1)


def put_on(upstream: Upstream) -> str:
    """Films below /films, and a resolver for them; its URL.

    It keeps silent about slugs that begin with `slow`, and knows none that begins with `no`.
    """
    film = file(FILM, media_type="video/mp4")
    upstream.sites["films"] = lambda request: (
        film(request) if "dead" not in request.path else Answer(404)
    )
    upstream.sites["answers"] = lambda request: _resolve(upstream, request)
    return f"{upstream.url}/answers"


def _resolve(upstream: Upstream, request: Request) -> Answer:
    slug = str(json.loads(request.body)["slug"])
    if slug.startswith("slow"):
        return Answer(is_silent=True)
    if slug.startswith("no"):
        return Answer(404)
    url = f"{film_url(upstream)}&n={next(_numbers)}"
    answer = {"url": url, "headers": HEADERS, "provider": "VOE"}
    return Answer(200, json.dumps(answer).encode(), {"Content-Type": "application/json"})


def film_url(upstream: Upstream, name: str = "film") -> str:
    return f"{upstream.url}/films/{name}.mp4?t=upstream-token"


@dataclass(frozen=True, slots=True)
class Site:
    """`client` has the token."""

    strmctl: Strmctl
    server: Server
    client: httpx.Client
    upstream: Upstream

    def get(self, path: str, status: int = 200, **parameters: object) -> Json:
        return self._document(self.client.get(path, params=_query(parameters)), status)

    def post(self, path: str, body: Mapping[str, object], status: int = 200) -> Json:
        return self._document(self.client.post(path, json=dict(body)), status)

    def write(self, slug: str, status: int = 201, **fields: object) -> Json:
        """An episode with a link that plays, if `fields` do not say otherwise."""
        link = {"url": film_url(self.upstream), "headers": HEADERS}
        identity = {"site": "made.up", "slug": slug, "language": "de", "season": 1, "episode": 1}
        return self.post("/mappings", {**identity, **link, **fields}, status)

    def job(self, path: str, body: Mapping[str, object]) -> Json:
        """Started, and over."""
        return self.over(self.post(path, body, 202)["id"])

    def over(self, job_id: int) -> Json:
        until(lambda: self.get(f"/jobs/{job_id}")["finished_at"] is not None, "the job is over", 60)
        return self.get(f"/jobs/{job_id}")

    def in_state(self, job_id: int, state: str) -> None:
        until(lambda: bool(self.get(f"/jobs/{job_id}")["state"] == state), f"it is {state}", 60)

    def _document(self, response: httpx.Response, status: int) -> Json:
        assert response.status_code == status, response.text
        assert "no-store" in response.headers["cache-control"]
        assert not [secret for secret in SECRETS if secret in response.text]
        document: Json = response.json()
        if status >= 400:
            assert response.headers["content-type"] == "application/problem+json"
            assert document["status"] == status
            assert document["detail"]
        else:
            assert response.headers["content-type"] == "application/json"
        return document


def _query(parameters: Mapping[str, object]) -> httpx.QueryParams:
    """Lists as repeated parameters."""
    pairs: list[tuple[str, str | int | float | bool | None]] = [
        (name, str(value).lower() if isinstance(value, bool) else str(value))
        for name, given in parameters.items()
        for value in (given if isinstance(given, list) else [given])
    ]
    return httpx.QueryParams(pairs)


def new_site(folder: Path, upstream: Upstream) -> Strmctl:
    """It waits a minute for a resolver that keeps silent."""
    strmctl = new_strmctl(folder, put_on(upstream))
    with (folder / "strmctl.toml").open("a") as settings:
        settings.write('timeout = "60s"\n')
    return strmctl


@contextmanager
def running(
    strmctl: Strmctl, upstream: Upstream, environ: Mapping[str, str] | None = None
) -> Iterator[Site]:
    settings = {"STRMCTL_SERVE_ADMIN_TOKEN": TOKEN, **(environ or {})}
    with (
        strmctl.serving(environ=settings) as server,
        httpx.Client(
            base_url=f"{strmctl.base_url}/api/v1",
            headers={"Authorization": f"Bearer {TOKEN}"},
            trust_env=False,
            verify=False,
            timeout=30,
        ) as client,
    ):
        yield Site(strmctl, server, client, upstream)
