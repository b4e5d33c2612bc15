"""Refresh and probe as jobs of the real command line: followed, joined, cancelled, interrupted."""

import itertools
import time
from pathlib import Path

import pytest

from stage.upstream import Upstream
from stage.waiting import until
from system.api.event_stream import Event, events
from system.api.site import SECRETS, Json, Site, film_url, new_site, running

_numbers = itertools.count(1)


@pytest.fixture
def slug() -> str:
    return f"job-{next(_numbers)}"


def series(site: Site, slug: str, episodes: int) -> list[int]:
    """The ids of a new series."""
    return [site.write(slug, episode=number)["id"] for number in range(1, episodes + 1)]


def followed(site: Site, job: Json, last_event_id: int | None = None) -> list[Event]:
    """Everything until the server ends the stream."""
    headers = {} if last_event_id is None else {"Last-Event-ID": str(last_event_id)}
    path = f"/jobs/{job['id']}/events"
    with site.client.stream("GET", path, headers=headers) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        assert "no-store" in response.headers["cache-control"]
        assert response.headers["x-accel-buffering"] == "no"
        return list(events(response.iter_lines()))


def test_refreshed_by_ids(site: Site, slug: str) -> None:
    ids = series(site, slug, 3)
    response = site.client.post("/refresh", json={"id": ids[:2]})
    assert response.status_code == 202
    job = response.json()
    assert response.headers["location"] == f"/api/v1/jobs/{job['id']}"
    assert (job["command"], job["total"], job["cause"]) == ("refresh", 2, "api")
    told = followed(site, job)
    lines = [event for event in told if event.kind == "line"]
    assert [(line.id, line.data["type"]) for line in lines] == [("1", "refresh"), ("2", "refresh")]
    assert sorted(line.data["id"] for line in lines) == ids[:2]
    assert {line.data["outcome"] for line in lines} == {"refreshed"}
    assert told[-1].kind == "job"
    assert told[-1].data == site.get(f"/jobs/{job['id']}")
    assert told[-1].data["state"] == "succeeded"
    assert told[-1].data["counts"]["refreshed"] == 2
    assert not [secret for secret in SECRETS if secret in str(told)]
    assert site.get(f"/mappings/{ids[0]}")["provider_used"] == "VOE"
    assert site.get(f"/mappings/{ids[2]}")["provider_used"] is None


def test_followed_from_where_it_was_left(site: Site, slug: str) -> None:
    series(site, slug, 5)
    job = site.job("/refresh", {"series": slug})
    everything = followed(site, job)
    again = followed(site, job, last_event_id=3)
    assert [event.id for event in again if event.kind == "line"] == ["4", "5"]
    assert again == everything[3:]
    assert [event.kind for event in followed(site, job, last_event_id=99)] == ["job"]


def test_probed_and_what_is_dead_is_no_failure(site: Site, slug: str) -> None:
    site.write(slug, episode=1)
    site.write(slug, episode=2, url=film_url(site.upstream, "dead"))
    job = site.job("/probe", {"series": slug, "season": 1, "fail_on": ["suspect"]})
    assert (job["state"], job["exit_code"], job["total"]) == ("succeeded", 10, 2)
    assert job["done"] == 2
    states = [item["state"] for item in site.get("/mappings", series=slug)["items"]]
    assert states == ["alive", "suspect"]
    assert [
        item["episode"] for item in site.get("/mappings", series=slug, stale=True)["items"]
    ] == []


def test_what_fails_is_told(site: Site, slug: str) -> None:
    site.write(f"no-{slug}")
    job = site.job("/refresh", {"series": f"no-{slug}"})
    assert (job["state"], job["exit_code"]) == ("failed", 12)
    assert job["counts"]["failed"] == 1
    [line] = [event.data for event in followed(site, job) if event.kind == "line"]
    assert line["outcome"] == "failed"
    assert line["reason"]


def test_a_job_that_the_brake_stops(site: Site, slug: str) -> None:
    ids = series(site, slug, 22)
    job = site.job("/refresh", {"all": True})
    assert (job["state"], job["exit_code"]) == ("failed", 25)
    assert "safety.max_change" in job["message"]
    job = site.job("/refresh", {"series": slug, "state": ["dead", "unknown"], "force": True})
    assert (job["state"], job["total"], job["done"]) == ("succeeded", len(ids), len(ids))


def test_the_same_while_it_runs_is_the_same_job(site: Site, slug: str) -> None:
    site.write(f"slow-{slug}")
    body = {"series": f"slow-{slug}"}
    job = site.post("/refresh", body, 202)
    site.in_state(job["id"], "running")
    again = site.client.post("/refresh", json=body)
    assert again.status_code == 200
    assert again.json()["id"] == job["id"]
    assert again.headers["location"] == f"/api/v1/jobs/{job['id']}"
    other = site.post("/refresh", {**body, "force": True}, 202)
    assert other["id"] != job["id"]
    for number in (other["id"], job["id"]):
        site.post(f"/jobs/{number}/cancel", {})
        assert site.over(number)["state"] == "cancelled"
    after = site.post("/refresh", body, 202)
    assert after["id"] > other["id"]
    site.post(f"/jobs/{after['id']}/cancel", {})
    site.over(after["id"])


def test_cancelled_within_two_seconds(site: Site, slug: str) -> None:
    """One of three: what else the machine has to do at that moment may cost the others."""
    assert any(seconds_to_cancel(site, f"slow-{slug}-{number}") < 2 for number in range(3))


def seconds_to_cancel(site: Site, slug: str) -> float:
    site.write(slug)
    waited = site.post("/refresh", {"series": slug}, 202)
    until(lambda: bool(_asked(site.upstream, slug)), "the resolver is asked", 60)
    began = time.monotonic()
    assert site.post(f"/jobs/{waited['id']}/cancel", {})["cancel_requested"]
    ended = followed(site, waited)[-1].data
    seconds = time.monotonic() - began
    assert (ended["state"], ended["done"]) == ("cancelled", 0)
    assert site.post(f"/jobs/{waited['id']}/cancel", {}) == ended, "again changes nothing"
    return seconds


def _is_asked_for(site: Site, slug: str) -> bool:
    return any(slug.encode() in each.request.body for each in site.upstream.exchanges)


def test_a_few_by_their_ids_overtake_a_long_job(site: Site, slug: str) -> None:
    site.write(f"slow-{slug}")
    number = site.write(slug)["id"]
    long = site.post("/refresh", {"series": f"slow-{slug}"}, 202)
    # A process that has just been started does not hold the lock yet.
    until(lambda: _is_asked_for(site, f"slow-{slug}"), "the long one is asked for", 60)
    assert site.job("/refresh", {"id": [number]})["state"] == "succeeded"
    assert site.get(f"/jobs/{long['id']}")["state"] == "running"
    waiting = site.post("/probe", {"id": [number]}, 202)
    assert site.client.delete(f"/mappings/{number}").status_code == 409, "it holds the lock"
    assert site.get(f"/jobs/{waiting['id']}")["state"] == "queued"
    site.post(f"/jobs/{long['id']}/cancel", {})
    assert site.over(waiting["id"])["state"] == "succeeded"


def test_jobs_are_listed_the_newest_first(site: Site, slug: str) -> None:
    number = site.write(slug)["id"]
    first = site.job("/refresh", {"id": [number]})
    second = site.job("/refresh", {"id": [number]})
    page = site.get("/jobs", limit=1)
    assert page["items"] == [second]
    assert site.get("/jobs", limit=1, cursor=page["next_cursor"])["items"] == [first]


@pytest.mark.parametrize(
    ("path", "body", "status", "told"),
    [
        pytest.param("/refresh", {}, 400, "all", id="refresh of nothing selected"),
        pytest.param("/refresh", {"stale": False}, 400, "all", id="an option that is off"),
        pytest.param("/refresh", {"serie": "x"}, 422, "serie", id="a misspelt option"),
        pytest.param("/refresh", {"deep": True}, 422, "deep", id="an option of probe"),
        pytest.param("/refresh", {"id": ["x"]}, 422, "id", id="no id"),
        pytest.param("/refresh", {"id": [1] * 1001}, 422, "id", id="too many ids"),
        pytest.param("/refresh", {"series": "a\x00b"}, 422, "series", id="NUL"),
        pytest.param("/probe", {"fail_on": ["fine"]}, 422, "fail_on", id="no state"),
        pytest.param("/probe", {"expiring": "99999999d"}, 422, "expiring", id="too long a time"),
    ],
)
def test_what_cannot_be_started(site: Site, path: str, body: Json, status: int, told: str) -> None:
    before = site.get("/jobs")["items"][:1]
    assert told in site.post(path, body, status)["detail"]
    assert site.get("/jobs")["items"][:1] == before


@pytest.mark.parametrize("value", ["--config=/etc/passwd", "$(id); true \u202e"])
def test_a_value_is_never_an_option(site: Site, value: str) -> None:
    job = site.job("/refresh", {"series": value})
    assert job["arguments"] == [f"--series={value}"]
    assert (job["state"], job["total"], job["done"]) == ("succeeded", 0, 0)


@pytest.mark.parametrize("path", ["/jobs/98765", "/jobs/98765/events"])
def test_no_such_job(site: Site, path: str) -> None:
    site.get(path, 404)


def test_no_such_job_to_cancel(site: Site) -> None:
    site.post("/jobs/98765/cancel", {}, 404)


@pytest.mark.slow
def test_the_end_of_the_server_ends_jobs_and_streams(upstream: Upstream, tmp_path: Path) -> None:
    strmctl = new_site(tmp_path / "strmctl", upstream)
    with running(strmctl, upstream) as site:
        site.write("slow-end")
        job = site.post("/refresh", {"series": "slow-end"}, 202)
        site.in_state(job["id"], "running")
        with site.client.stream("GET", f"/jobs/{job['id']}/events") as response:
            told = events(response.iter_lines())
            assert next(told).kind == "job"
            began = time.monotonic()
            site.server.process.terminate()
            assert [event.kind for event in told] in ([], ["job"])
        assert site.server.process.wait(20) == 0
        assert time.monotonic() - began < 20, "it waits for the resolver"
    with running(strmctl, upstream) as site:
        ended = site.get(f"/jobs/{job['id']}")
        assert (ended["state"], ended["cancel_requested"]) == ("interrupted", False)


@pytest.mark.slow
def test_a_server_that_is_killed_leaves_no_job_running(upstream: Upstream, tmp_path: Path) -> None:
    strmctl = new_site(tmp_path / "strmctl", upstream)
    with running(strmctl, upstream) as site:
        site.write("slow-kill")
        job = site.post("/refresh", {"series": "slow-kill"}, 202)
        site.in_state(job["id"], "running")
        site.server.kill()
    with running(strmctl, upstream) as site:
        ended = site.get(f"/jobs/{job['id']}")
        assert ended["state"] == "interrupted"
        assert ended["message"] == "the server that ran it has ended"
        assert site.post("/refresh", {"series": "slow-kill"}, 202)["id"] != job["id"]


def test_who_has_left_is_followed_no_longer(site: Site, slug: str) -> None:
    site.write(f"slow-{slug}")
    job = site.post("/refresh", {"series": f"slow-{slug}"}, 202)
    with site.client.stream("GET", f"/jobs/{job['id']}/events") as response:
        assert next(events(response.iter_lines())).kind == "job"
    path = "GET /api/v1/jobs/{job_id}/events -> 200"
    until(lambda: path in site.server.log.read_text().splitlines()[-1], "its end is logged")
    site.post(f"/jobs/{job['id']}/cancel", {})
    assert site.over(job["id"])["state"] == "cancelled"


def _asked(upstream: Upstream, slug: str) -> list[bytes]:
    bodies = [exchange.request.body for exchange in upstream.exchanges]
    return [body for body in bodies if slug.encode() in body]
