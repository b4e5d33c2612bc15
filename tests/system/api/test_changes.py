"""PATCH, many at once, runs of the library as jobs, totals and the next page."""

import itertools
import json
import re
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]  # it has no types

from stage.command_line import happened
from system.api.site import Site, film_url
from system.page.browser import opened, running_browser

Body = dict[str, object]
_numbers = itertools.count(1)


@pytest.fixture
def slug() -> str:
    """A series of the test's own."""
    return f"changed-{next(_numbers)}"


def patched(
    site: Site, number: int, body: dict[str, object], status: int = 200
) -> dict[str, object]:
    response = site.client.patch(f"/mappings/{number}", json=body)
    assert response.status_code == status, response.text
    document: Body = response.json()
    return document


def test_a_title_moves_the_file_and_undo_moves_it_back(site: Site, slug: str) -> None:
    before = site.write(slug, title="Before")
    after = patched(site, before["id"], {"title": "After", "year": 2001, "tvdb_id": 7})
    assert (after["title"], after["year"]) == ("After", 2001)
    assert after["strm_path"] != before["strm_path"]
    library = site.strmctl.folder / "library"
    assert (library / str(after["strm_path"])).exists()
    assert not (library / before["strm_path"]).exists()
    assert site.job("/undo", {})["state"] == "succeeded"
    assert site.get(f"/mappings/{before['id']}")["title"] == "Before"
    assert (library / before["strm_path"]).exists()


@pytest.mark.parametrize(
    ("body", "field", "value"),
    [
        pytest.param({"provider": "VOE"}, "provider", "VOE", id="provider"),
        pytest.param({"language": "en"}, "language", "en", id="language"),
        pytest.param({"imdb_id": "tt0388629"}, "ids.imdb", "tt0388629", id="imdb"),
        pytest.param({"mute": "forever"}, "muted_until", "9999-12-31T23:59:59Z", id="mute"),
    ],
)
def test_a_field_is_changed(
    site: Site, slug: str, body: dict[str, object], field: str, value: object
) -> None:
    found: object = patched(site, site.write(slug)["id"], body)
    for name in field.split("."):
        assert isinstance(found, dict)
        found = found[name]
    assert found == value


def test_null_takes_a_value_away(site: Site, slug: str) -> None:
    number = site.write(slug, title="Named", year=1999)["id"]
    patched(site, number, {"mute": "30d"})
    after = patched(site, number, {"year": None, "mute": None})
    assert after["year"] is None
    assert "muted_until" not in after


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param({}, 400, id="nothing"),
        pytest.param({"titel": "x"}, 422, id="misspelt"),
        pytest.param({"path": "../out.strm"}, 400, id="out of the library"),
        pytest.param({"mute": "soon"}, 422, id="no duration"),
    ],
)
def test_what_is_refused(site: Site, slug: str, body: dict[str, object], status: int) -> None:
    patched(site, site.write(slug)["id"], body, status)


def test_a_place_that_is_taken_is_a_conflict(site: Site, slug: str) -> None:
    taken, other = (site.write(slug, episode=number) for number in (1, 2))
    answer = patched(site, other["id"], {"path": taken["strm_path"]}, 409)
    assert "a file is there" in str(answer["detail"]) or "belongs to" in str(answer["detail"])
    assert site.get(f"/mappings/{other['id']}")["strm_path"] == other["strm_path"]


def test_no_such_mapping(site: Site) -> None:
    patched(site, 999_999, {"title": "x"}, 404)


def test_many_at_once(site: Site, slug: str) -> None:
    good = {"site": "made.up", "slug": slug, "language": "de", "url": film_url(site.upstream)}
    items = [{**good, "season": 1, "episode": number} for number in (1, 2)]
    bad = {"site": "made.up", "slug": slug}
    answer = site.post("/mappings/bulk", {"items": [items[0], bad, items[1]]})
    outcomes = [(item["item"], item["outcome"]) for item in answer["items"]]
    assert outcomes == [(1, "created"), (2, "failed"), (3, "created")]
    assert "language" in answer["items"][1]["reason"]
    assert answer["counts"] == {"created": 2, "updated": 0, "unchanged": 0, "failed": 1}
    again = site.post("/mappings/bulk", {"items": items})
    assert happened(again["counts"]) == {"unchanged": 2}


def test_what_lies_beside_a_file_is_asked_for(site: Site, slug: str) -> None:
    films = [
        {"site": "made.up", "slug": f"{slug}-{name}", "language": "de", "title": f"{slug} {name}"}
        for name in ("one", "two")
    ]
    one, two = ({**film, "url": film_url(site.upstream)} for film in films)
    alone = site.post("/mappings", {**one, "sidecars": True}, 201)
    assert alone["incomplete"] is None
    many = site.post("/mappings/bulk", {"items": [one, two], "sidecars": True})
    for path in (alone["strm_path"], many["items"][1]["strm_path"]):
        assert (site.strmctl.folder / "library" / str(path)).with_suffix(".nfo").is_file()
    job = site.job("/refresh", {"series": one["slug"], "sidecars": True, "force": True})
    assert "--sidecars" in job["arguments"]


def test_the_next_page_is_a_link(site: Site, slug: str) -> None:
    for episode in (1, 2, 3):
        site.write(slug, episode=episode)
    first = site.get("/mappings", series=slug, limit=2)
    assert first["total"] == 3
    second = site.client.get(f"{site.strmctl.base_url}{first['next']}").json()
    assert [item["episode"] for item in (*first["items"], *second["items"])] == [1, 2, 3]
    assert (second["total"], second["next"], second["next_cursor"]) == (3, None, None)


def test_why_it_failed_stands_beside_it(site: Site, slug: str) -> None:
    number = site.write(slug, url=film_url(site.upstream, "dead"))["id"]
    assert "last_reason" not in site.get(f"/mappings/{number}")
    site.job("/probe", {"id": [number]})
    assert "404" in site.get(f"/mappings/{number}")["last_reason"]
    [item] = site.get("/mappings", series=slug)["items"]
    assert "404" in item["last_reason"]


@pytest.mark.parametrize(
    ("path", "body", "count"),
    [
        pytest.param("/import", {"dry_run": True}, "unchanged", id="import"),
        pytest.param("/rewrite", {"all": True, "dry_run": True}, None, id="no such field"),
        pytest.param("/rewrite", {"dry_run": True}, "unchanged", id="rewrite"),
        pytest.param("/prune", {"dry_run": True}, "removed", id="prune"),
        pytest.param("/undo", {"dry_run": True}, "restored", id="undo"),
        pytest.param("/doctor", {}, "fixed", id="doctor"),
    ],
)
def test_runs_of_the_library_are_jobs(
    site: Site, slug: str, path: str, body: dict[str, object], count: str | None
) -> None:
    site.write(slug)
    if count is None:
        site.post(path, body, 422)
        return
    job = site.job(path, body)
    assert (job["command"], job["state"]) == (path.strip("/"), "succeeded"), str(job)
    assert count in job["counts"]


@pytest.mark.parametrize("folder", ["/etc", "..", "a/../.."])
def test_only_the_library_is_imported(site: Site, folder: str) -> None:
    site.post("/import", {"folder": folder}, 400)


def test_the_document_is_shown_in_a_browser(site: Site) -> None:
    nobody = {"Authorization": ""}
    shown = site.client.get("/docs", headers=nobody)
    assert (shown.status_code, shown.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "default-src 'none'" in shown.headers["content-security-policy"]
    for address in re.findall(r'(?:src|href)="(?!data:)([^"]+)"', shown.text):
        assert not address.startswith(("/", "http")), "it works below any path of a front"
        assert site.client.get(f"/{address}", headers=nobody).status_code == 200
    assert site.client.get("/docs/LICENSE").status_code == 404
    assert site.client.get("/docs/..%2Fapp.py").status_code == 404
    assert site.client.get(f"/docs/{'x' * 300}.js").status_code == 404


def test_the_browser_draws_every_operation(site: Site) -> None:
    base = site.strmctl.base_url
    with running_browser() as browser, opened(browser, base) as (page, complaints):
        page.goto("/api/v1/docs")
        page.locator(".opblock-summary-path", has_text="bulk").wait_for()
        assert page.locator(".opblock").count() >= 20
        assert complaints.asked == {base}
        assert complaints.said == []


EXAMPLES = Path(__file__).parents[3] / "examples"


def test_home_assistant_asks_what_is_there(site: Site) -> None:
    text = (EXAMPLES / "home-assistant.yaml").read_text().replace("!secret ", "")
    asked = yaml.safe_load(text)
    [sensor] = asked["rest"]
    stats = site.get(sensor["resource"].partition("/api/v1")[2])
    assert {"states", "expiring", "attention"} <= stats.keys()
    refresh = asked["rest_command"]["strmctl_refresh_dead"]
    body = json.loads(refresh["payload"])
    assert site.job(refresh["url"].partition("/api/v1")[2], body)["command"] == "refresh"


def test_n8n_asks_what_is_there(site: Site) -> None:
    flow = json.loads((EXAMPLES / "n8n.json").read_text())
    nodes = {node["name"]: node["parameters"] for node in flow["nodes"]}
    assert set(flow["connections"]) < set(nodes)
    asked = [node["url"].partition("/api/v1")[2] for node in nodes.values() if "url" in node]
    assert asked == ["/stats", "/refresh"]
    assert site.job("/refresh", json.loads(nodes["Refresh what is dead"]["jsonBody"]))
