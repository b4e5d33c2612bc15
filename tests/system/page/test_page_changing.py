"""A link is added, changed, muted and removed by forms; Undo takes each of them back."""

import re
import secrets
from collections.abc import Iterator
from html import unescape

import httpx
import pytest

from system.page.scene import SITE, Scene
from system.page.site import SECRET

FIELDS = ("title", "year", "language", "provider", "imdb_id", "tvdb_id", "tmdb_id")


BEFORE = "Before It"


@pytest.fixture(scope="module")
def unused(scene: Scene) -> Iterator[int]:
    """Links of series of their own, one for each test; one command line makes them."""
    rows = [
        {"slug": f"changed-{number}", "season": 1, "episode": 1, "title": BEFORE, "year": number}
        for number in range(1900, 1940)
    ]
    return iter(scene.write(rows))


@pytest.fixture
def mapping_id(unused: Iterator[int]) -> int:
    return next(unused)


def shown(client: httpx.Client, mapping_id: int) -> dict[str, object]:
    found: dict[str, object] = client.get(f"/api/v1/mappings/{mapping_id}").json()
    return found


def typed(text: str) -> dict[str, str]:
    """What the fields of the first form with a title hold."""
    return {
        name: unescape(value)
        for name, value in re.findall(r'<input id="field-\w+" name="(\w+)" value="([^"]*)"', text)
    }


def undo_last(client: httpx.Client, scene: Scene) -> None:
    form = re.search(r'action="undo".*?name="run" value="(\d+)"', client.get("/jobs").text)
    assert form
    location = client.post("/undo", data={"run": form[1]}).headers["location"]
    job = scene.wait_for_job(client, int(location.partition("=")[2]))
    assert job["state"] == "succeeded"


def test_title_and_year_change_row_file_and_name(
    client: httpx.Client, scene: Scene, mapping_id: int
) -> None:
    before = shown(client, mapping_id)
    fields = typed(client.get(f"/mapping?id={mapping_id}").text)
    assert tuple(fields) == FIELDS
    form = {**fields, "id": str(mapping_id), "title": " After  It ", "year": "2999"}
    answer = client.post("/change", data=form)
    assert answer.headers["location"] == f"mapping?id={mapping_id}&done=changed"
    assert "Changed." in client.get("/" + answer.headers["location"]).text
    after = shown(client, mapping_id)
    assert (after["title"], after["year"]) == ("After It", 2999)
    library = scene.strmctl.folder / "library"
    assert "After It (2999)" in str(after["strm_path"])
    assert (library / str(after["strm_path"])).is_file()
    assert not (library / str(before["strm_path"])).exists()
    undo_last(client, scene)
    assert shown(client, mapping_id)["strm_path"] == before["strm_path"]
    assert (library / str(before["strm_path"])).is_file()


def test_what_is_emptied_is_taken_away(client: httpx.Client, mapping_id: int) -> None:
    form = {"id": str(mapping_id), "provider": "VOE", "imdb_id": "tt0388629", "tvdb_id": "81797"}
    assert client.post("/change", data=form).status_code == 303
    assert typed(client.get(f"/mapping?id={mapping_id}").text)["imdb_id"] == "tt0388629"
    # Browsers send an empty field as `name=`.
    form = {"id": str(mapping_id), "provider": "", "imdb_id": "", "tvdb_id": ""}
    content = f"id={mapping_id}&provider=&imdb_id=&tvdb_id="
    assert client.post("/change", content=content).status_code == 303
    fields = typed(client.get(f"/mapping?id={mapping_id}").text)
    assert {name: fields[name] for name in form if name != "id"} == {
        "provider": "",
        "imdb_id": "",
        "tvdb_id": "",
    }


def test_the_same_again_changes_nothing(client: httpx.Client, mapping_id: int) -> None:
    fields = typed(client.get(f"/mapping?id={mapping_id}").text)
    runs = client.get("/jobs").text.count('action="undo"')
    answer = client.post("/change", data={**fields, "id": str(mapping_id)})
    assert answer.headers["location"].endswith("done=as+it+was")
    assert client.get("/jobs").text.count('action="undo"') == runs


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        pytest.param("year", "soon", "year is no number", id="no number"),
        pytest.param("year", "0", "year", id="no year"),
        pytest.param("year", "٢٠٢٤", "year is no number", id="digits of another script"),
        pytest.param("imdb_id", "0388629", "imdb_id", id="no id of IMDb"),
        pytest.param("tvdb_id", "-3", "tvdb_id", id="a negative id"),
        pytest.param("language", "", "language", id="no language"),
        pytest.param("title", "x" * 70_000, "too long", id="too long"),
        pytest.param("mute", "for a while", "mute", id="no duration"),
    ],
)
def test_what_is_refused_stays_in_the_form(
    client: httpx.Client, mapping_id: int, field: str, value: str, said: str
) -> None:
    content = httpx.QueryParams({"id": str(mapping_id), "title": "Typed <b>", field: value})
    answer = client.post("/change", content=str(content))
    assert answer.status_code == 400
    assert said in unescape(answer.text)
    assert shown(client, mapping_id)["title"] == BEFORE
    if said != "too long":
        assert typed(answer.text)["title"] == (value if field == "title" else "Typed <b>")


def test_muted_and_unmuted(client: httpx.Client, mapping_id: int) -> None:
    page = f"/mapping?id={mapping_id}"
    assert ">Unmute<" not in client.get(page).text
    for mute in ("30d", "forever"):
        location = client.post("/change", data={"id": str(mapping_id), "mute": mute}).headers[
            "location"
        ]
        assert location.endswith("done=muted")
        assert shown(client, mapping_id)["muted_until"]
        assert ">Unmute<" in client.get(page).text
    assert client.post("/change", data={"id": str(mapping_id), "mute": "off"}).status_code == 303
    assert "muted_until" not in shown(client, mapping_id)


def test_a_link_is_removed_when_it_is_confirmed(
    client: httpx.Client, scene: Scene, mapping_id: int
) -> None:
    path = scene.strmctl.folder / "library" / str(shown(client, mapping_id)["strm_path"])
    asked = client.get(f"/remove?id={mapping_id}")
    assert "Remove this link?" in asked.text
    assert path.is_file()
    answer = client.post("/remove", data={"id": str(mapping_id)})
    assert answer.headers["location"] == "jobs?done=removed"
    assert "Undo remove" in client.get("/jobs?done=removed").text
    assert not path.exists()
    assert client.get(f"/mapping?id={mapping_id}").status_code == 404
    assert client.post("/remove", data={"id": str(mapping_id)}).status_code == 404
    undo_last(client, scene)
    assert path.is_file()


def test_a_link_is_added_as_write_does(client: httpx.Client, scene: Scene) -> None:
    slug = f"added-{secrets.token_hex(4)}"
    url = f"{scene.site.url}/media/film.mp4?token={SECRET}-added"
    form = {"site": SITE, "slug": slug, "season": "2", "episode": "0", "language": "English"}
    answer = client.post("/add", data={**form, "title": "Added & Shown", "url": url})
    assert answer.status_code == 303
    assert answer.headers["location"].endswith("done=added")
    text = client.get("/" + answer.headers["location"]).text
    assert "Added &amp; Shown" in text
    assert "S02E00" in text
    assert SECRET not in text
    assert SECRET not in client.get("/jobs").text
    again = client.post("/add", data={**form, "title": "Added & Shown"})
    assert again.headers["location"].endswith("done=as+it+was")
    [file] = scene.strmctl.folder.rglob("Added & Shown S02E00.*")
    assert file.suffix == ".strm"
    client.post("/add", data={**form, "title": "Added & Shown", "url": url, "sidecars": "1"})
    assert file.with_suffix(".nfo").is_file()


@pytest.mark.parametrize(
    ("form", "said"),
    [
        pytest.param({}, "site", id="nothing"),
        pytest.param({"season": "1"}, "episode", id="half an episode"),
        pytest.param({"episode": "x"}, "episode is no number", id="no number"),
        pytest.param({"url": f"file:///etc/{SECRET}"}, "url", id="no URL of the web"),
        pytest.param({"url": f"ftp://a/{SECRET}"}, "url", id="another scheme"),
        pytest.param({"imdb_id": "x"}, "imdb_id", id="no id of IMDb"),
    ],
)
def test_what_cannot_be_added_stays_in_the_form(
    client: httpx.Client, form: dict[str, str], said: str
) -> None:
    complete = {"site": SITE, "slug": "not-added", "language": "English"} if form else {}
    answer = client.post("/add", data={**complete, **form, "title": "Kept"})
    assert answer.status_code == 400
    assert said in unescape(answer.text)
    assert typed(answer.text)["title"] == "Kept"
    assert SECRET not in answer.text


@pytest.mark.parametrize("path", ["/add", "/change", "/remove", "/undo"])
def test_another_site_changes_nothing(client: httpx.Client, mapping_id: int, path: str) -> None:
    form = {"id": str(mapping_id), "title": "Theirs", "run": "1", "mute": "forever"}
    answer = client.post(path, data=form, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert shown(client, mapping_id)["title"] == BEFORE


def test_words_of_an_address_are_not_shown(client: httpx.Client, mapping_id: int) -> None:
    text = client.get(f"/mapping?id={mapping_id}&done=Your+token+has+expired").text
    assert "expired" not in text.partition("<h2>Change</h2>")[0].partition("Facts")[0]


@pytest.mark.parametrize("run", ["", "0", "-1", "x", "999999"])
def test_no_run_is_taken_back_that_no_button_names(client: httpx.Client, run: str) -> None:
    answer = client.post("/undo", data={"run": run})
    # 999999 is a run that undo itself does not know: its job says so.
    assert answer.status_code == (303 if run == "999999" else 400)
