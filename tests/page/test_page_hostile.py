"""Names that were made to do harm are text, wherever they stand, and break no line."""

import re
from html import escape
from html.parser import HTMLParser

import httpx
import pytest

from page.scene import SITE, Scene

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


@pytest.mark.parametrize("name", NAMES)
def test_hostile_names_are_text(client: httpx.Client, scene: Scene, name: str) -> None:
    title = name * (5000 // len(name)) if len(name) < 100 else name
    [mapping_id] = scene.series(name, title=title)
    pages = {
        "library": {"q": name[:50]},
        "series": {"site": SITE, "slug": name},
        "mapping": {"id": str(mapping_id)},
        "rows": {"id": str(mapping_id)},
    }
    plain = _Elements(client.get("/library?q=surely-not-there").text)
    for path, query in pages.items():
        answer = client.get(f"/{path}", params=query)
        assert answer.status_code == 200
        found = _Elements(answer.text)
        assert not {"img", "iframe"} & found.tags
        assert not {it for it in found.attributes if it.startswith("on") or it == "style"}
        assert "<script>alert" not in answer.text
        assert "49" not in re.findall(r"<bdi[^>]*>(\d+)</bdi>", answer.text)
    shown = client.get("/series", params=pages["series"]).text
    assert (
        f'<bdi class="name">{escape(title.strip())}</bdi>'.replace("&#x27;", "&#39;").replace(
            "&quot;", "&#34;"
        )
        in shown
    )
    assert plain.tags


@pytest.mark.parametrize("name", NAMES)
def test_what_is_searched_for_is_text(client: httpx.Client, name: str) -> None:
    answer = client.get("/library", params={"q": name, "site": name, "provider": name})
    assert answer.status_code == 200
    assert not {"img"} & _Elements(answer.text).tags


def test_an_error_tells_hostile_names_as_text(client: httpx.Client) -> None:
    answer = client.get("/series", params={"site": "<script>x", "slug": "<b>y"})
    assert answer.status_code == 404
    assert "&lt;script&gt;x/&lt;b&gt;y" in answer.text
