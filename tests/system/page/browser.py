"""Debian's Chromium on the page; what it complains of and whom it asks is kept."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, expect, sync_playwright

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
_CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")


expect.set_options(timeout=30_000)  # Its own 5 s are few for a job on a machine that is busy.


@dataclass(slots=True)
class Complaints:
    """`said` by the console and by scripts that failed; `asked` are the origins of requests."""

    said: list[str] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)

    def listen(self, page: Page) -> None:
        page.on("console", lambda it: self.said.append(f"{it.type}: {it.text}"))
        page.on("pageerror", lambda it: self.said.append(str(it)))
        page.on("request", lambda it: self.asked.add(_origin(it.url)))


@contextmanager
def running_browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=_CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, base: str, **options: Any) -> Iterator[tuple[Page, Complaints]]:
    """A new window, with a profile of its own."""
    context = browser.new_context(base_url=base, **options)
    page, complaints = context.new_page(), Complaints()
    page.set_default_timeout(30_000)
    complaints.listen(page)
    try:
        yield page, complaints
    finally:
        context.close()


def press_until(page: Page, found: str, key: str = "Tab") -> None:
    """Until what has the focus holds this text."""
    for _ in range(60):
        page.keyboard.press(key)
        if found in page.evaluate("document.activeElement.textContent.trim()"):
            return
    raise AssertionError(f"{found} has no place among the tabs")


def violations(page: Page) -> list[str]:
    """What axe-core calls serious or critical; the window must bypass the page's policy."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run()")
    return [
        f"{it['id']}: {json.dumps([node['target'] for node in it['nodes']])} {it['help']}"
        for it in found["violations"]
        if it["impact"] in ("serious", "critical")
    ]


def small_targets(page: Page) -> list[str]:
    """Buttons and fields that a thumb would miss: under 44 px (WCAG 2.2, 2.5.5)."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll("button, .button, select, input:not([type=hidden])")]
            .filter((it) => it.checkVisibility() && it.getBoundingClientRect().height)
            .filter((it) => { const box = it.getBoundingClientRect();
                              return box.height < 43.5 || box.width < 43.5; })
            .map((it) => `${it.outerHTML.slice(0, 80)} ${it.getBoundingClientRect().height}`)"""
    )
    return found


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
