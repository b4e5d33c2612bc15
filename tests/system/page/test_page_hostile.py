"""Names that were made to do harm are text, wherever they stand, and break no line."""

from html.parser import HTMLParser

import httpx
import pytest
from markupsafe import escape

from system.page.scene import SITE, Scene

NAMES = [
    pytest.param("<script>alert(1)</script>", id="a script"),
    pytest.param("\"'><img src=x onerror=alert(1)>", id="quotes"),
    pytest.param("{{ 7 * 7 }}{% raise %}", id="a template"),
    pytest.param("\u202egnp.exe\u2066\u200f", id="marks that turn text around"),
    pytest.param("x" * 400 + "\U0001f600" * 100, id="very long"),
    pytest.param("../../etc/passwd?a=b&c=d#e%00", id="an address"),
]


class _Elements(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


def title_of(name: str) -> str:
    """Of 5,000 characters."""
    return name * (5000 // len(name))


@pytest.fixture(scope="module")
def ids(scene: Scene) -> dict[str, int]:
    """The links of series that have these names."""
    names = [str(param.values[0]) for param in NAMES]
    rows = [{"slug": it, "season": 1, "episode": 1, "title": title_of(it)} for it in names]
    return dict(zip(names, scene.write(rows), strict=True))


@pytest.mark.parametrize("path", ["library", "series", "mapping", "rows"])
@pytest.mark.parametrize("name", NAMES)
def test_hostile_names_are_text(
    client: httpx.Client, ids: dict[str, int], name: str, path: str
) -> None:
    query = {
        "library": {"q": name[:50]},
        "series": {"site": SITE, "slug": name},
    }.get(path, {"id": str(ids[name])})
    text = client.get(f"/{path}", params=query).text
    found = _Elements(text)
    assert found.tags
    assert not {"img", "iframe"} & found.tags
    assert not {it for it in found.attributes if it.startswith("on") or it == "style"}
    if path != "rows":
        assert f'<bdi class="name">{escape(title_of(name).strip())}</bdi>' in text


@pytest.mark.parametrize("name", NAMES)
def test_what_is_searched_for_is_text(client: httpx.Client, name: str) -> None:
    answer = client.get("/library", params={"q": name, "site": name, "provider": name})
    assert answer.status_code == 200
    assert not {"img"} & _Elements(answer.text).tags


def test_an_error_tells_hostile_names_as_text(client: httpx.Client) -> None:
    answer = client.get("/series", params={"site": "<script>x", "slug": "<b>y"})
    assert answer.status_code == 404
    assert "&lt;script&gt;x/&lt;b&gt;y" in answer.text
