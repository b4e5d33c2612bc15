"""The API behind nginx, Caddy and HAProxy: let in by its token alone, events as they happen."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest

from stage import presentation
from stage.routes import Gate
from stage.show import Resolver, Show
from stage.site import Site, running_site
from stage.waiting import until
from system.standing import fronts
from system.standing.fronts import ADMIN_TOKEN

pytestmark = pytest.mark.slow

some = pytest.mark.parametrize("site", [*fronts.AS_SHIPPED, "nginx-strips-buffered"], indirect=True)
_BEARER = {"Authorization": f"Bearer {ADMIN_TOKEN}"}


def api(site: Site, path: str) -> str:
    return f"{site.base_url}/api/v1/{path}"


def told(lines: Iterator[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The events of a stream: name and data."""
    event: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if line:
            event[name] = value
        elif event:
            if "data" in event:
                yield event["event"], json.loads(event["data"])
            event = {}


@some
def test_who_has_no_token_is_refused(site: Site, client: httpx.Client) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"X-Forwarded-For": "127.0.0.1"}):
        answer = client.get(api(site, "mappings"), headers=headers)
        assert (answer.status_code, answer.json()["status"]) == (401, 401)
        assert answer.headers["Content-Type"] == "application/problem+json"


@some
def test_who_has_it_is_told(site: Site, client: httpx.Client, show: Show) -> None:
    mapping = site.strmctl.write(show.slug, environ=site.environ)
    answer = client.get(api(site, f"mappings/{mapping['id']}"), headers=_BEARER)
    assert (answer.status_code, answer.json()["slug"]) == (200, show.slug)
    assert answer.json()["playback_url"].startswith(f"{site.base_url}/strm/")


@some
def test_events_arrive_while_a_job_runs(site: Site, client: httpx.Client, show: Show) -> None:
    content, show.entry = presentation.content("film", 20_000), "film.ts"
    gate = Gate(content, 1, {"Content-Type": "video/mp2t"})
    show.routes[show.entry] = gate
    site.strmctl.write(show.slug, environ=site.environ)
    # A browser's page says where it comes from, and the front may not hide where it went.
    headers = {**_BEARER, "Origin": site.base_url.removesuffix(fronts.PREFIX)}
    started = client.post(api(site, "refresh"), headers=headers, json={"series": show.slug})
    assert started.status_code == 202
    job = urljoin(str(started.url), started.headers["Location"])
    with client.stream("GET", f"{job}/events", headers=_BEARER) as response:
        assert response.headers["Content-Type"].startswith("text/event-stream")
        events = told(response.iter_lines())
        assert any(data["state"] == "running" for _, data in events if "state" in data)
        until(lambda: bool(show.asked()), "the new link is being looked at")
        gate.open()
        *lines, (name, last) = events
    assert (name, last["state"]) == ("job", "succeeded")
    assert [data["slug"] for name, data in lines if name == "line"] == [show.slug]


def test_where_there_is_no_token_nobody_is_let_in(resolver: Resolver, tmp_path: Path) -> None:
    """Behind a front everybody seems to come from this machine."""
    public = fronts.free_address()
    base_url = f"http://{public}{fronts.PREFIX}"
    with (
        httpx.Client(trust_env=False, verify=False) as client,
        running_site(tmp_path / "strmctl", resolver.url, base_url) as site,
    ):
        assert client.get(site.directly(api(site, "mappings"))).status_code == 200
        for name, front in fronts.AS_SHIPPED.items():
            with fronts.running(front, public, site.server_address, tmp_path / name):
                answer = client.get(api(site, "mappings"), headers={"Connection": "close"})
                assert answer.status_code == 403
                assert "serve.admin_token" in answer.json()["detail"]
