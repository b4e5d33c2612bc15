"""Mappings: listed, paged, searched, shown, written and removed; secrets only when asked for."""

import itertools
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from stage.waiting import until
from system.api.site import FILM, HEADERS, Json, Site, film_url

_numbers = itertools.count(1)


@pytest.fixture
def slug() -> str:
    """A series of the test's own."""
    return f"series-{next(_numbers)}"


def slugs(page: Json) -> list[str]:
    return [item["slug"] for item in page["items"]]


def test_written_shown_and_written_again(site: Site, slug: str) -> None:
    response = site.client.post(
        "/mappings",
        json={"site": "made.up", "slug": slug, "language": "de", "url": film_url(site.upstream)},
    )
    assert response.status_code == 201
    mapping = response.json()
    assert mapping["outcome"] == "created"
    assert mapping["unresolved"] is None
    location = response.headers["location"]
    assert location == f"/api/v1/mappings/{mapping['id']}"
    shown = site.get(f"/mappings/{mapping['id']}")
    assert mapping["incomplete"] is None
    of_the_run = ("outcome", "unresolved", "incomplete")
    assert shown == {name: value for name, value in mapping.items() if name not in of_the_run}
    assert (site.strmctl.folder / "library" / mapping["strm_path"]).exists()
    again = site.post(
        "/mappings",
        {"site": "made.up", "slug": slug, "language": "de", "url": film_url(site.upstream)},
    )
    assert again == {**mapping, "outcome": "unchanged"}


def test_its_json_is_that_of_the_command_line(site: Site, slug: str) -> None:
    mapping = site.write(slug)
    run = site.strmctl.run("list", "--series", slug, "--json")
    line = httpx.Response(200, content=run.stdout.splitlines()[0]).json()
    assert line == site.get(f"/mappings/{mapping['id']}")


def test_what_it_plays_is_what_the_file_says(site: Site, slug: str) -> None:
    mapping = site.write(slug)
    assert site.strmctl.strm_text(mapping).strip() == mapping["playback_url"]
    played = httpx.get(mapping["playback_url"], trust_env=False, verify=False, timeout=30)
    assert played.content == FILM


def test_secrets_only_with_reveal(site: Site, slug: str) -> None:
    number = site.write(slug)["id"]
    assert "resolved_url" not in site.get(f"/mappings/{number}")
    for path, parameters in ((f"/mappings/{number}", {}), ("/mappings", {"slug": slug})):
        answer = site.client.get(path, params={**parameters, "reveal": "true"}).json()
        [item] = answer.get("items", [answer])
        assert item["resolved_url"] == film_url(site.upstream)
        assert item["headers"] == HEADERS


@pytest.fixture(scope="module")
def selected(site: Site) -> str:
    """The slug of a series of four, each with something of its own."""
    slug, link = "selected", film_url(site.upstream)

    def ending_in(**time: float) -> str:
        end = datetime.now(UTC) + timedelta(**time)
        return f"{link}&md5=a&expires={int(end.timestamp())}"

    site.write(slug, season=1, episode=1, url=ending_in(minutes=30))
    site.write(slug, season=1, episode=2, url=ending_in(days=7), title="Über 100%_ wahr")
    site.write(slug, season=2, episode=1, provider="VOE")
    site.write(slug, season=2, episode=2, language="en")
    return slug


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        pytest.param({}, "abcd", id="series"),
        pytest.param({"season": 2}, "cd", id="season"),
        pytest.param({"season": 1, "episode": 2}, "b", id="episode"),
        pytest.param({"language": "en"}, "d", id="language"),
        pytest.param({"provider": "VOE"}, "c", id="provider"),
        pytest.param({"state": "unknown"}, "abcd", id="state"),
        pytest.param({"state": ["dead", "blocked"]}, "", id="other states"),
        pytest.param({"stale": True}, "abcd", id="stale"),
        pytest.param({"expiring": "1h"}, "a", id="expiring"),
        pytest.param({"expiring": "30d"}, "ab", id="expiring within a month"),
        pytest.param({"site": "MADE.up"}, "abcd", id="site in other case"),
        pytest.param({"site": "other.site"}, "", id="another site"),
        pytest.param({"q": "Über 100%_"}, "b", id="text in the title"),
        pytest.param({"q": "s02e01"}, "c", id="text in the path"),
        pytest.param({"q": "ELECT"}, "abcd", id="text in the slug"),
        pytest.param({"q": "_"}, "b", id="no wildcard"),
        pytest.param({"q": "' OR 1=1 --"}, "", id="no SQL"),
    ],
)
def test_selections(site: Site, selected: str, parameters: Mapping[str, Any], found: str) -> None:
    page = site.get("/mappings", series=selected, **parameters)
    names = {(1, 1): "a", (1, 2): "b", (2, 1): "c", (2, 2): "d"}
    assert "".join(names[item["season"], item["episode"]] for item in page["items"]) == found
    assert page["next_cursor"] is None


def test_selected_by_ids(site: Site, slug: str) -> None:
    first, second, _ = (site.write(slug, episode=number)["id"] for number in (1, 2, 3))
    page = site.get("/mappings", id=[second, first, 10**9])
    assert [item["id"] for item in page["items"]] == [first, second]


def test_page_by_page_though_rows_come_and_go(site: Site, slug: str) -> None:
    ids = [site.write(slug, episode=number)["id"] for number in range(1, 8)]
    seen: list[int] = []
    cursor: str | None = None
    while True:
        given: dict[str, Any] = {} if cursor is None else {"cursor": cursor}
        page = site.get("/mappings", slug=slug, limit=3, **given)
        seen += [item["id"] for item in page["items"]]
        if not seen[3:]:
            assert site.client.delete(f"/mappings/{ids[0]}").status_code == 204
            assert site.client.delete(f"/mappings/{ids[3]}").status_code == 204
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == [number for number in ids if number != ids[3]]


@pytest.mark.parametrize(
    "parameters",
    [
        pytest.param({"limit": 0}, id="no limit"),
        pytest.param({"limit": 501}, id="too much"),
        pytest.param({"cursor": "a b"}, id="no cursor"),
        pytest.param({"state": "fine"}, id="no state"),
        pytest.param({"expiring": "soon"}, id="no duration"),
        pytest.param({"season": -1}, id="no season"),
        pytest.param({"id": 2**63}, id="no id"),
        pytest.param({"q": ""}, id="no text"),
        pytest.param({"slug": ["a", "b"]}, id="two series"),
        pytest.param({"limit": [1, 2]}, id="two limits"),
        pytest.param({"reveal": [True, True]}, id="twice the same"),
        pytest.param({"slug": "x" * 5001}, id="too long"),
        pytest.param({"slug": "a\x00b"}, id="a control character"),
        pytest.param({"sites": "a"}, id="no such option"),
        pytest.param({"reveal": "please"}, id="no truth"),
    ],
)
def test_what_does_not_fit_is_told_where(site: Site, parameters: Mapping[str, Any]) -> None:
    problem = site.get("/mappings", 422, **parameters)
    assert [error["where"][:2] for error in problem["errors"]] == [["query", *parameters]]


@pytest.mark.parametrize("cursor", ["AAAA", "LTE", "OTk5OTk5OTk5OTk5OTk5OTk5OTk", "w7w", "A"])
def test_a_cursor_that_nobody_gave(site: Site, cursor: str) -> None:
    assert "cursor" in site.get("/mappings", 400, cursor=cursor)["detail"]


def test_a_path_that_another_has(site: Site, slug: str) -> None:
    mapping = site.write(slug)
    other = {"site": "made.up", "slug": f"{slug}-other", "language": "de"}
    problem = site.post("/mappings", {**other, "path": mapping["strm_path"]}, 409)
    assert "belongs to" in problem["detail"]
    assert not site.get("/mappings", slug=f"{slug}-other")["items"]


def test_a_file_that_holds_something_else(site: Site, slug: str) -> None:
    path = site.strmctl.folder / "library" / f"{slug}.strm"
    path.write_text("https://another.example/film.mp4\n")
    new = {"site": "made.up", "slug": slug, "language": "de", "path": path.name}
    assert "holds something else" in site.post("/mappings", new, 409)["detail"]
    assert path.read_text() == "https://another.example/film.mp4\n"
    assert site.post("/mappings", {**new, "force": True}, 201)["strm_path"] == path.name


@pytest.mark.parametrize(
    ("fields", "status", "told"),
    [
        pytest.param({"season": 1}, 400, "season and episode go together", id="half an episode"),
        pytest.param({"path": "../x.strm"}, 400, "not relative", id="outside of the library"),
        pytest.param({"path": "x.txt"}, 400, ".strm", id="no .strm"),
        pytest.param({"url": "ftp://a.example/x"}, 400, "url", id="no web address"),
        pytest.param({"headers": {"Referer": "x"}}, 400, "headers need a url", id="bare headers"),
        pytest.param({"language": None}, 422, "language", id="no language"),
        pytest.param({"slug": "  "}, 400, "slug is empty", id="a blank slug"),
        pytest.param({"slug": "a" * 1000, "title": "b"}, 400, "longer than", id="long together"),
        pytest.param({"year": 12345}, 422, "year", id="no year"),
        pytest.param({"colour": "red"}, 422, "colour", id="no such field"),
    ],
)
def test_what_cannot_be_written(
    site: Site, fields: Mapping[str, Any], status: int, told: str
) -> None:
    new = {"site": "made.up", "slug": "never", "language": "de", **fields}
    assert told in site.post("/mappings", new, status)["detail"]


def test_a_hostile_title_stays_a_title(site: Site, slug: str) -> None:
    title = "<script>alert(1)</script>\u202e'\"../../etc"
    mapping = site.write(slug, title=title)
    folder, _season, name = mapping["strm_path"].split("/")
    assert name.startswith(f"{folder} S")
    assert not set(folder) & set('<>"')
    assert slugs(site.get("/mappings", q=title)) == [slug]


def test_resolved_when_asked_to(site: Site, slug: str) -> None:
    new = {"site": "made.up", "language": "de", "season": 1, "episode": 1, "resolve": True}
    known = site.post("/mappings", {**new, "slug": slug}, 201)
    assert known["provider_used"] == "VOE"
    assert known["unresolved"] is None
    unknown = site.post("/mappings", {**new, "slug": f"no-{slug}"}, 201)
    assert unknown["unresolved"]
    assert unknown["resolved_at"] is None


def test_removed_and_taken_back(site: Site, slug: str) -> None:
    mapping = site.write(slug)
    path = f"/mappings/{mapping['id']}"
    file = site.strmctl.folder / "library" / mapping["strm_path"]
    removed = site.client.delete(path)
    assert (removed.status_code, removed.content) == (204, b"")
    assert not file.exists()
    site.get(path, 404)
    assert site.client.delete(path).status_code == 404
    undone = site.strmctl.run("undo")
    assert undone.returncode == 0, undone.stderr
    assert file.exists()
    [item] = site.get("/mappings", slug=slug)["items"]
    assert item["strm_path"] == mapping["strm_path"]


def test_the_timeline(site: Site, slug: str) -> None:
    number = site.write(slug)["id"]
    site.write(slug, 200, url=film_url(site.upstream, "other"))
    first = site.get(f"/mappings/{number}/events", limit=1)
    second = site.get(f"/mappings/{number}/events", limit=1, cursor=first["next_cursor"])
    [newer], [older] = first["items"], second["items"]
    assert newer["id"] > older["id"]
    assert {newer["mapping_id"], older["mapping_id"]} == {number}
    assert (newer["kind"], newer["detail"]["cause"]) == ("resolved", "given")
    assert site.get("/events", limit=2)["items"] == [newer, older]
    site.get("/mappings/987654321/events", 404)


def test_stats_are_those_of_the_command_line(site: Site, slug: str) -> None:
    """Once the server has stored what it counted for the tests before."""
    site.write(slug)

    def agree() -> bool:
        run = site.strmctl.run("stats", "--json", "--expiring", "30d")
        said: object = json.loads(run.stdout)
        return said == site.get("/stats", expiring="30d")

    until(agree, "both say the same")
