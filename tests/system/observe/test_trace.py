"""`strmctl trace`: every step of a play in its order, and nothing of a URL."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from stage import presentation
from stage.command_line import Ended, Strmctl
from stage.proxy import SITE
from stage.routes import always, file
from stage.show import Resolver, Show
from stage.site import Site, running_site
from stage.strmctl import new_strmctl
from stage.upstream import Answer, Upstream
from stage.waiting import until


@pytest.fixture
def strmctl_here(strmctl: Strmctl, library: Path, resolver: Resolver) -> Strmctl:
    """A library whose resolver is the show's."""
    settings = library / "strmctl.toml"
    text = settings.read_text().replace("allow = []", 'allow = ["127.0.0.0/8"]')
    table = f'[resolvers.made_up]\nsites = ["{SITE}"]\ntype = "http"\nurl = "{resolver.url}"\n'
    settings.write_text(f"{text}\n{table}")
    return strmctl


def write(strmctl: Strmctl, show: Show, *options: object) -> str:
    words = ["write", "--site", SITE, "--slug", show.slug, "--season", 1, "--episode", 2]
    ended = strmctl(*words, "--language", "de", "--json", *options)
    return str(ended.document["id"])


def steps(ended: Ended) -> list[str]:
    return [record["step"] for record in ended.records if record["type"] == "step"]


def summary(ended: Ended) -> dict[str, Any]:
    last = ended.records[-1]
    assert last["type"] == "summary"
    return last


def assert_no_secret(text: str, show: Show, upstream: Upstream) -> None:
    for secret in (f"{upstream.address}/", "token1", "token2", "index.m3u8", "resolve?"):
        assert secret not in text, secret


def test_a_play_is_told_from_the_resolver_to_the_first_bytes(
    strmctl_here: Strmctl, show: Show, upstream: Upstream
) -> None:
    presentation.put(show)
    ended = strmctl_here("trace", write(strmctl_here, show), "--json")
    assert steps(ended) == [
        "resolver",
        "resolution",
        "upstream",
        "playlist",
        "rendition",
        "resolution",
        "upstream",
        # What the names of its segments depend on: the init section, the first segment.
        "upstream",
        "upstream",
        "playlist",
        "segment",
        "resolution",
        "upstream",
        "bytes",
    ]
    asked = [record for record in ended.records if record.get("step") == "upstream"]
    assert {(each["host"], each["status"]) for each in asked} == {(upstream.address, 200)}
    assert summary(ended) | {"seconds": 0, "steps": 0, "events": 0, "id": 0} == {
        "type": "summary",
        "id": 0,
        "events": 0,
        "plays": True,
        "reason": None,
        "seconds": 0,
        "steps": 0,
    }
    assert_no_secret(ended.out, show, upstream)


def test_a_link_that_has_died_is_seen_to_heal(
    strmctl_here: Strmctl, show: Show, upstream: Upstream
) -> None:
    presentation.put(show)
    mapping = write(strmctl_here, show, "--resolve")
    show.expire()
    ended = strmctl_here("trace", mapping, "--json")
    told = [step for step in steps(ended) if step not in ("upstream", "retry")]
    assert told[:4] == ["resolution", "resolver", "heal", "playlist"]
    [heal] = [record for record in ended.records if record.get("step") == "heal"]
    assert heal["status"] == 403
    events = [record for record in ended.records if record["type"] == "event"]
    assert [event["kind"] for event in events][-1] == "resolved"
    assert_no_secret(ended.out, show, upstream)


@pytest.mark.parametrize(
    ("status", "reason"),
    [(403, "the upstream answered 403"), (404, "the upstream answered 404")],
)
def test_what_does_not_play_is_12_with_its_reason(
    status: int, reason: str, strmctl_here: Strmctl, show: Show
) -> None:
    show.routes[show.entry] = always(Answer(status))
    ended = strmctl_here("trace", write(strmctl_here, show), "--json", code=12)
    assert summary(ended)["plays"] is False
    assert summary(ended)["reason"] == reason
    text = strmctl_here("trace", 1, code=12)
    assert f"does not play: {reason}" in text.err


def test_a_file_plays_by_its_first_bytes(strmctl_here: Strmctl, show: Show) -> None:
    show.entry, show.routes["film.ts"] = "film.ts", file(b"G" * 5000, media_type="video/mp2t")
    ended = strmctl_here("trace", write(strmctl_here, show), "--json")
    assert steps(ended) == ["resolver", "resolution", "upstream", "media", "bytes"]


def test_no_play_asks_nobody(strmctl_here: Strmctl, show: Show) -> None:
    presentation.put(show)
    mapping = write(strmctl_here, show, "--resolve")
    before = len(show.exchanges())
    ended = strmctl_here("trace", mapping, "--no-play", "--json")
    assert len(show.exchanges()) == before
    assert [record["type"] for record in ended.records] == ["mapping", "event", "summary"]
    assert summary(ended)["plays"] is None


def test_an_identity_that_has_no_row_is_played_as_well(strmctl_here: Strmctl, show: Show) -> None:
    presentation.put(show)
    words = f"--site {SITE} --slug {show.slug} --season 1 --episode 2 --language de".split()
    ended = strmctl_here("trace", *words, "--json")
    assert summary(ended)["plays"]
    assert summary(ended)["id"] is None
    strmctl_here("trace", "--site", SITE, code=2)


def answers(site: Site, show: Show) -> list[str]:
    lines = site.log().splitlines()
    return [line for line in lines if '"answer"' in line and show.slug in line]


def test_a_request_is_found_in_the_log_of_serve(
    resolver: Resolver, show: Show, client: httpx.Client, tmp_path: Path
) -> None:
    presentation.put(show)
    environ = {"STRMCTL_SERVE_LOG_FORMAT": "json"}
    request = "from-a-test.1"
    with running_site(tmp_path / "strmctl", resolver.url, environ=environ) as site:
        answer = client.get(site.playback_url(show), headers={"X-Request-Id": request})
        assert answer.headers["x-request-id"] == request
        client.get(site.playback_url(show))
        until(lambda: len(answers(site, show)) == 2, "both requests are logged")
        log = str(site.server.log)
    strmctl = new_strmctl(tmp_path / "another", resolver.url)
    run = strmctl.run("trace", "--request", request, "--log", log, "--json")
    assert run.returncode == 0, run.stderr
    *lines, last = [json.loads(line) for line in run.stdout.splitlines()]
    assert {line["request_id"] for line in lines} == {request}
    assert [line["step"] for line in lines] == [
        "resolver",
        "resolution",
        "upstream",
        "playlist",
        "answer",
    ]
    assert last["count"] == 5
    asked = [found for found in resolver.requests if show.slug.encode() in found.body]
    assert [found.fields["x-request-id"] for found in asked] == [request]
    assert all("x-request-id" not in found.fields for found in show.asked())
    missing = strmctl.run("trace", "--request", "another", "--log", log)
    assert missing.returncode == 12
