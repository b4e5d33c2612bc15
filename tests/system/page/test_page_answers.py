"""What every answer of the page carries, and what none of them tells."""

import re
from html import unescape

import httpx
import pytest

from system.page.scene import SITE, Scene
from system.page.site import SECRET

PAGES = (
    *("", "library", "series?site=made.up&slug=answers", "mapping?id=1", "jobs", "login"),
    *("add", "remove?id=1", "streams", "log", "settings"),
)
POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "media-src 'self' blob:",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
}


@pytest.fixture(autouse=True, scope="module")
def _series(scene: Scene) -> None:
    scene.series("answers", 2, title="Answers")


@pytest.mark.parametrize("page", PAGES)
def test_fields_of_pages(client: httpx.Client, page: str) -> None:
    answer = client.get(f"/{page}")
    assert answer.status_code == 200
    assert set(answer.headers["content-security-policy"].split("; ")) == POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("page", PAGES)
def test_pages_hold_no_script_no_style_and_no_address_from_elsewhere(
    client: httpx.Client, page: str
) -> None:
    text = client.get(f"/{page}").text
    assert not re.search(r"<script(?![^>]* src=)|<style| style=| on[a-z]+=", text)
    addresses = [unescape(it) for it in re.findall(r' (?:href|src|action)="([^"]*)"', text)]
    assert len(addresses) > 3
    assert [it for it in addresses if it.startswith("/") or "://" in it] == []


@pytest.mark.parametrize("page", PAGES)
def test_no_page_shows_an_upstream_url(client: httpx.Client, scene: Scene, page: str) -> None:
    text = client.get(f"/{page}").text
    assert SECRET not in text
    # The settings name the resolver, which is the same server here.
    assert scene.site.url not in text.replace(f"{scene.site.url}/resolve", "")


def test_what_pages_load_may_be_kept_for_good(client: httpx.Client) -> None:
    text = client.get("/").text
    found = re.findall(r'"(static/[^"]+)"', text)
    assert {address.rpartition(".")[2] for address in found} == {"css", "js", "svg"}
    for address in found:
        answer = client.get(f"/{address}")
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["x-content-type-options"] == "nosniff"
    name = found[0].rpartition("/")[2]
    assert client.get(f"/static/older/{name}").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        pytest.param("/static/x/../page.py", 404, id="a file that is none"),
        pytest.param("/static/x/app.py", 404, id="a file of another kind"),
        pytest.param("/series?site=made.up&slug=none", 404, id="no such series"),
        pytest.param("/mapping?id=99999999", 404, id="no such link"),
        pytest.param("/mapping?id=x", 400, id="no number"),
        pytest.param("/mapping?id=" + "9" * 30, 400, id="too large a number"),
        pytest.param("/job?id=99999999", 404, id="no such job"),
        pytest.param("/library?state=odd", 400, id="no such state"),
        pytest.param("/library?page=-3", 200, id="before the first page"),
        pytest.param("/library?page=9999", 200, id="behind the last page"),
        pytest.param("/library?q=%25_%5C", 200, id="a search for what LIKE means otherwise"),
        pytest.param("/library?q=" + "_" * 60_000, 400, id="a search without end"),
        pytest.param("/nothing", 404, id="no such page"),
    ],
)
def test_odd_addresses(client: httpx.Client, path: str, status: int) -> None:
    assert client.get(path).status_code == status


def test_a_link_has_its_life_and_its_playback_url(client: httpx.Client, scene: Scene) -> None:
    [mapping_id] = scene.series("one-life", title="One Life")
    text = unescape(client.get("/mapping", params={"id": mapping_id}).text)
    shown = re.search(r'readonly value="([^"]+)"', text)
    file = next((scene.strmctl.folder / "library").rglob("One Life*.strm"))
    assert shown
    assert shown[1] == file.read_text(encoding="utf-8").strip()
    assert "Its URL was given" in text


def test_a_link_shows_what_other_catalogues_call_it(client: httpx.Client, scene: Scene) -> None:
    ids = {"imdb_id": "tt0388629", "tvdb_id": "81797", "year": 1999, "quality": "WEBDL-1080p"}
    [mapping_id] = scene.write([{"slug": "ids", "season": 1, "episode": 1, **ids}])
    text = unescape(client.get("/mapping", params={"id": mapping_id}).text)
    shown = dict(re.findall(r"<dt>([^<]+)</dt><dd>(?:<bdi>)?([^<]+)", text))
    assert (shown["IMDb"], shown["TheTVDB"], shown["Year"]) == ("tt0388629", "81797", "1999")
    assert shown["Quality"] == "WEBDL-1080p"
    assert "TMDB" not in shown


def test_the_library_is_searched_and_narrowed(client: httpx.Client, scene: Scene) -> None:
    scene.series("needle-in-hay", title="Nadel")
    scene.series("needle-alive", title="Pins", state="alive")

    def found(**query: str) -> set[str]:
        text = client.get("/library", params=query).text
        return set(re.findall(r'slug=([^&"]+)', text))

    assert found(q="needle") == {"needle-in-hay", "needle-alive"}
    assert found(q="NADEL") == {"needle-in-hay"}
    assert found(q="needle", state="alive") == {"needle-alive"}
    assert found(q="needle", site=SITE) == {"needle-in-hay", "needle-alive"}
    assert found(q="needle", site="other") == set()
    assert found(q="needle", provider="VOE") == set()
    assert "No matches" in client.get("/library?q=needl_").text


def test_a_long_series_opens_a_season_at_a_time(client: httpx.Client, scene: Scene) -> None:
    scene.series("long-running", 90, seasons=3)
    address = f"/series?site={SITE}&slug=long-running"

    def shown(query: str = "") -> set[str]:
        return {it[:3] for it in re.findall(r">(S\d\dE\d\d)<", client.get(address + query).text)}

    assert shown() == {"S01"}
    assert shown("&season=2") == {"S02"}
    assert len(re.findall(r"Open 90 links", client.get(address).text)) == 2
    assert "<html" not in client.get(address + "&part=1").text


def test_what_is_too_long_for_a_page_is_leafed_through(client: httpx.Client, scene: Scene) -> None:
    scene.series("thick", 260)
    text = client.get(f"/series?site={SITE}&slug=thick").text
    following = re.search(r'rel="next" href="([^"]+)"', text)
    assert following
    text = client.get("/" + unescape(following[1])).text
    assert re.findall(r">(S01E\d+)<", text) == [f"S01E{number}" for number in range(251, 261)]
    assert "Page 2 of 2" in text
    assert 'rel="prev"' in text
