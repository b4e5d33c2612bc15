"""Series and films apart, the worst or what ends first in front, as CSV; and what is nowhere."""

import csv
import re
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from html import unescape

import httpx
import pytest

from system.page.scene import SITE, Scene

MARK = f"listed-{secrets.token_hex(4)}"


@pytest.fixture(scope="module", autouse=True)
def _library(scene: Scene) -> None:
    """Four series and a film, whose names begin alike."""
    rows: list[dict[str, object]] = [
        {"slug": f"{MARK}-{name}", "season": 1, "episode": episode, "title": f"{MARK} {name}"}
        for name in ("a", "b", "c", "d")
        for episode in (1, 2)
    ]
    rows.append({"slug": f"{MARK}-film", "title": f"={MARK} film"})
    ids = scene.write(rows)
    scene.set_state(ids, "alive")
    scene.set_state(ids[2:3], "suspect")
    scene.set_state(ids[4:6], "dead")
    scene.set_state(ids[6:7], "dead")
    with closing(sqlite3.connect(scene.strmctl.folder / "strmctl.db")) as connection:
        for hour, mapping_id in enumerate((ids[6], ids[0], ids[4]), 10):
            connection.execute(
                "UPDATE strm_mapping SET expires_at = ? WHERE id = ?",
                (f"2030-01-01T{hour}:00:00.000Z", mapping_id),
            )
        connection.commit()


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        pytest.param({}, ["a", "b", "c", "d", "film"], id="by name"),
        pytest.param({"sort": "worst"}, ["c", "d", "b", "a", "film"], id="worst first"),
        pytest.param({"sort": "ending"}, ["d", "a", "c", "b", "film"], id="ending first"),
        pytest.param({"sort": "; DROP"}, ["a", "b", "c", "d", "film"], id="by nothing known"),
        pytest.param({"kind": "films"}, ["film"], id="films"),
        pytest.param({"kind": "series"}, ["a", "b", "c", "d"], id="series"),
        pytest.param({"kind": "series", "state": "dead", "sort": "ending"}, ["d", "c"], id="all"),
        pytest.param({"kind": "films", "state": "dead"}, [], id="no such film"),
    ],
)
def test_what_is_listed(client: httpx.Client, query: dict[str, str], shown: list[str]) -> None:
    text = client.get("/library", params={"q": MARK, **query}).text
    found = re.findall(rf'<details data-open="series\?[^"]*slug={MARK}-(\w+)', text)
    assert found == shown
    for name in {"sort", "kind"} & query.keys():
        chosen = f'<option value="{query[name]}" selected>'
        assert (chosen in text) is (query[name] != "; DROP")


def exported(client: httpx.Client, **query: str) -> Iterator[dict[str, str]]:
    answer = client.get("/export", params={"q": MARK, **query})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    return csv.DictReader(answer.text.splitlines())


def test_a_selection_as_csv(client: httpx.Client, scene: Scene) -> None:
    rows = list(exported(client))
    assert len(rows) == 9
    assert {row["site"] for row in rows} == {SITE}
    assert [row["slug"] for row in exported(client, state="dead", kind="series")] == [
        f"{MARK}-c",
        f"{MARK}-c",
        f"{MARK}-d",
    ]
    [film] = exported(client, kind="films")
    assert film["season"] == ""
    assert film["title"] == f"'={MARK} film"
    assert scene.site.url not in client.get("/export").text


def test_the_button_exports_what_is_shown(client: httpx.Client) -> None:
    text = client.get("/library", params={"q": MARK, "kind": "films", "sort": "worst"}).text
    [address] = re.findall(r'href="(export\?[^"]+)"', text)
    assert unescape(address) == f"export?q={MARK}&kind=films"


HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.mark.parametrize(
    ("path", "root"),
    [
        pytest.param("/nowhere", "./", id="beside the pages"),
        pytest.param("/a/b/c", "../../", id="deep"),
        pytest.param("/library/", "../", id="behind a page"),
        pytest.param("/%3Cscript%3E/x", "../", id="a name made to do harm"),
    ],
)
def test_an_unknown_address_is_a_page_for_browsers(
    client: httpx.Client, path: str, root: str
) -> None:
    answer = client.get(path, headers=HTML)
    assert answer.status_code == 404
    assert "No such page" in answer.text
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert f'href="{root}library"' in answer.text
    [style] = re.findall(r'rel="stylesheet" href="([^"]+)"', answer.text)
    assert client.get(str(answer.url.join(style).path)).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        pytest.param("GET", "/nowhere", 404, id="a program"),
        pytest.param("POST", "/nowhere", 404, id="something sent"),
        pytest.param("GET", "/begin", 405, id="another method"),
    ],
)
def test_programs_are_told_as_everywhere(
    client: httpx.Client, method: str, path: str, status: int
) -> None:
    answer = client.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_players_and_the_api_are_given_no_page(client: httpx.Client) -> None:
    for path in ("/strm/stream.m3u8", "/api/v1/nowhere", "/strm/r/a/b"):
        answer = client.get(path, headers=HTML)
        assert answer.status_code in (403, 404)
        assert answer.headers["content-type"] == "application/problem+json", path
