"""POST /resolutions: another node's link is stored where it is newer, of a known mapping."""

import itertools
import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from stage.waiting import until
from system.api.site import TOKEN, Json, Site

_numbers = itertools.count(1)
_URL = "https://cdn.example/film.mp4?t=upstream-token"


@pytest.fixture
def mapping(site: Site) -> Json:
    """One that a resolver has answered for, a moment ago."""
    return site.write(f"proven-{next(_numbers)}")


def moment(**ago: float) -> str:
    return (datetime.now(UTC) - timedelta(**ago)).isoformat()


def proof(mapping: Json, **fields: object) -> Json:
    names = ("site", "slug", "season", "episode", "language", "provider")
    identity = {name: mapping[name] for name in names}
    link = {"url": _URL, "headers": {"Referer": "https://refer-to-me.example/"}}
    about = {"provider_used": "Vidoza", "resolved_at": moment(), "happened": "played"}
    return {**identity, **link, **about, **fields}


def offer(site: Site, body: Json) -> httpx.Response:
    response = site.client.post("/resolutions", json=body)
    assert "upstream-token" not in response.text
    assert "refer-to-me" not in response.text
    return response


def link(site: Site, mapping: Json) -> Json:
    found: Json = site.client.get(f"/mappings/{mapping['id']}", params={"reveal": "true"}).json()
    return found


@pytest.mark.parametrize("happened", ["played", "healed"])
def test_newer_is_stored_and_alive(site: Site, mapping: Json, happened: str) -> None:
    end = (datetime.now(UTC) + timedelta(hours=3)).replace(microsecond=0)
    body = proof(mapping, happened=happened, expires_at=end.isoformat())
    assert offer(site, body).status_code == 204
    found = link(site, mapping)
    assert found["resolved_url"] == _URL
    assert found["headers"] == {"Referer": "https://refer-to-me.example/"}
    assert (found["state"], found["provider_used"]) == ("alive", "Vidoza")
    assert datetime.fromisoformat(found["expires_at"]) == end
    # A retry after a lost answer.
    before = site.get(f"/mappings/{mapping['id']}/events")
    assert offer(site, body).status_code == 204
    assert site.get(f"/mappings/{mapping['id']}/events") == before


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"resolved_at": moment(hours=1)}, id="older"),
        pytest.param({"expires_at": moment(minutes=1)}, id="expired"),
    ],
)
def test_what_is_no_news_changes_nothing(site: Site, mapping: Json, fields: Json) -> None:
    before = link(site, mapping)
    assert offer(site, proof(mapping, **fields)).status_code == 204
    assert link(site, mapping) == before


def test_a_clock_that_is_ahead_does_not_keep_the_next_one_out(site: Site, mapping: Json) -> None:
    assert offer(site, proof(mapping, resolved_at="2999-01-01t00:00:00z")).status_code == 204
    assert datetime.fromisoformat(link(site, mapping)["resolved_at"]) <= datetime.now(UTC)
    newer = f"{_URL}&newer"
    body = proof(mapping, url=newer, resolved_at=moment(seconds=-60))
    assert offer(site, body).status_code == 204
    assert link(site, mapping)["resolved_url"] == newer


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        pytest.param({"slug": "nobody"}, 404, id="no-mapping"),
        pytest.param({"provider": "VOE"}, 404, id="another-provider"),
        pytest.param({"season": None}, 400, id="half-a-number"),
        pytest.param({"url": " "}, 400, id="empty-url"),
        pytest.param({"url": "file:///etc/passwd"}, 400, id="file"),
        pytest.param({"url": "https://a.example\\@b.example/"}, 400, id="two-hosts"),
        pytest.param({"url": "https://cdn.example/a.mpd"}, 400, id="dash"),
        pytest.param({"headers": {"Re ferer": "x"}}, 400, id="field-name"),
        pytest.param({"headers": {"Referer": "x\r\nHost: y"}}, 400, id="two-fields"),
        pytest.param({"headers": {"Referer": 7}}, 422, id="field-value"),
        pytest.param({"url": "https://cdn.example/\ud800"}, 422, id="surrogate"),
        pytest.param({"happened": "dreamt"}, 422, id="happened"),
        pytest.param({"resolved_at": None}, 422, id="no-time"),
        pytest.param({"resolved_at": 1_700_000_000}, 422, id="epoch"),
        pytest.param({"resolved_at": "2026-11-30T20:15:00"}, 422, id="no-offset"),
        pytest.param({"expires_at": "2026-13-30T20:15:00Z"}, 422, id="month-13"),
        pytest.param({"expires_at": "0001-01-01T00:00:00+14:00"}, 422, id="before-year-1"),
        pytest.param({"id": 7}, 422, id="unknown-name"),
    ],
)
def test_what_is_wrong_changes_nothing(
    site: Site, mapping: Json, fields: Json, status: int
) -> None:
    before = link(site, mapping)
    response = site.client.post(
        "/resolutions",
        content=json.dumps(proof(mapping, **fields)),
        headers={"Content-Type": "application/json"},
    )
    assert response.status_code == status, response.text
    assert response.json()["status"] == status
    assert link(site, mapping) == before


def test_a_database_that_another_program_holds_keeps_nobody_else_waiting(
    site: Site, mapping: Json
) -> None:
    body = proof(mapping)

    def others_are_answered_meanwhile() -> bool:
        with ThreadPoolExecutor(1) as thread:
            offered = thread.submit(offer, site, body)
            answered = 0
            while answered < 9 and not offered.done():
                answered += site.client.get("/readyz").status_code == 200 and not offered.done()
            assert offered.result().status_code == 503
        return answered == 9

    with closing(sqlite3.connect(site.strmctl.folder / "strmctl.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        # One of them may have come before the offer.
        until(others_are_answered_meanwhile, "the others are answered while it waits")
        other.rollback()
    assert offer(site, body).status_code == 204
    assert link(site, mapping)["resolved_url"] == _URL


@pytest.mark.parametrize(
    "given", [{"Authorization": ""}, {"Authorization": f"Bearer {TOKEN}x"}], ids=["none", "wrong"]
)
def test_without_the_token_nothing_is_taken(
    site: Site, mapping: Json, given: dict[str, str]
) -> None:
    before = link(site, mapping)
    response = site.client.post("/resolutions", json=proof(mapping), headers=given)
    assert response.status_code == 401
    assert link(site, mapping) == before
