"""The page as people use it, in a real browser: with a mouse, with keys, by whatever they see."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from system.page.browser import (
    Complaints,
    opened,
    press_until,
    running_browser,
    small_targets,
    violations,
)
from system.page.scene import SITE, Scene

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

LIGHT: dict[str, Any] = {"color_scheme": "light", "viewport": {"width": 1200, "height": 900}}
DARK: dict[str, Any] = {**LIGHT, "color_scheme": "dark"}
PHONE: dict[str, Any] = {"color_scheme": "light", "viewport": {"width": 360, "height": 740}}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as browser:
        yield browser


@pytest.fixture
def window(browser: Browser, scene: Scene) -> Iterator[Page]:
    """A test fails by what the browser complains of, and by whom it asks but the server."""
    complaints: Complaints
    with opened(browser, scene.base, **LIGHT) as (page, complaints):
        yield page
    assert complaints.said == []
    assert complaints.asked == {scene.base}


def row(window: Page, mapping_id: int) -> Locator:
    return window.locator(f'tr[data-id="{mapping_id}"]')


def panel(window: Page) -> Locator:
    return window.locator("#underway .panel")


def test_a_dead_episode_is_found_refreshed_and_alive(window: Page, scene: Scene) -> None:
    ids = scene.series("found-dead", 3, state="alive", title="Found Dead")
    scene.set_state(ids[1:2], "dead")
    window.goto("/")
    window.get_by_role("link", name="dead").first.click()
    window.get_by_label("Search", exact=True).fill("found dead")
    window.get_by_role("button", name="Search").click()
    window.get_by_role("heading", name="Found Dead").click()
    dead = row(window, ids[1])
    expect(dead.locator("[data-part=state]")).to_have_text("dead")
    expect(row(window, ids[0])).to_have_count(0)
    dead.get_by_role("button", name="Refresh").click()
    expect(dead.locator("[data-part=state]")).to_have_text("alive")
    expect(dead.locator("[data-part=resolved]")).to_contain_text("just now")
    expect(dead.locator("[data-part=provider]")).to_have_text("VOE")
    expect(panel(window)).to_contain_text("succeeded: 1 refreshed")
    assert scene.state(ids[1]) == "alive"


def test_a_series_of_200_is_refreshed_with_progress(window: Page, scene: Scene) -> None:
    ids = scene.series("two-hundred", 200)
    window.goto(f"/series?site={SITE}&slug=two-hundred")
    expect(window.locator("[data-part=state] .is-dead, .state.is-dead").first).to_be_visible()
    scene.site.free = 100
    scene.site.open.clear()
    try:
        window.get_by_role("button", name="Refresh 200 links").click()
        window.wait_for_function(
            "() => { const bar = document.querySelector('#underway progress');"
            " return bar && bar.max === 200 && bar.value > 0 && bar.value < 200; }"
        )
        expect(panel(window).get_by_role("progressbar")).to_be_visible()
        window.wait_for_function(
            "() => document.querySelectorAll('td[data-part=state] span.is-alive').length > 0"
        )
    finally:
        scene.site.open.set()
    alive = window.locator("td[data-part=state] .is-alive:not(.icon)")
    expect(panel(window)).to_contain_text("succeeded: 200 refreshed", timeout=60_000)
    expect(alive).to_have_count(200)
    for tally in window.locator("[data-tally]").all():
        expect(tally).to_contain_text("200 alive")
    assert {scene.state(it) for it in ids} == {"alive"}


def test_a_refresh_is_found_again_after_a_reload_and_cancelled(
    window: Page, scene: Scene, client: httpx.Client
) -> None:
    scene.series("held", 40)
    window.goto(f"/series?site={SITE}&slug=held")
    scene.site.open.clear()
    try:
        window.get_by_role("button", name="Refresh 40 links").click()
        expect(panel(window)).to_contain_text("running")
        window.reload()
        expect(panel(window)).to_contain_text("--series=held")
        expect(panel(window)).to_contain_text("running, 0 of 40")
        panel(window).get_by_role("button", name="Cancel").click()
        expect(panel(window)).to_contain_text(re.compile("(?<!being )cancelled"))
    finally:
        scene.site.open.set()
    panel(window).get_by_role("button", name="Close").click()
    expect(panel(window)).to_have_count(0)
    newest = client.get("/api/v1/jobs").json()["items"][0]
    assert newest["state"] == "cancelled"


def test_the_box_brings_sidecars(window: Page, scene: Scene, client: httpx.Client) -> None:
    [mapping_id] = scene.series("boxed")
    window.goto(f"/mapping?id={mapping_id}")
    window.get_by_label("subtitles too").check()
    window.get_by_role("button", name="Refresh").first.click()
    expect(panel(window)).to_contain_text("succeeded")
    job = client.get("/api/v1/jobs").json()["items"][0]
    assert "--sidecars" in job["arguments"]
    window.get_by_role("button", name="Probe").first.click()
    expect(panel(window)).to_have_count(2)
    expect(window.locator("[data-job]").last).to_contain_text("succeeded")
    job = client.get("/api/v1/jobs").json()["items"][0]
    assert (job["command"], "--sidecars" in job["arguments"]) == ("probe", False)


@pytest.mark.parametrize("width", [360, 320])
def test_the_menu_is_one_line_on_a_phone(window: Page, width: int) -> None:
    window.set_viewport_size({"width": width, "height": 740})
    window.goto("/")
    tops = "[...document.querySelectorAll('.top nav a')].map(it => it.getBoundingClientRect().top)"
    assert len(set(window.evaluate(tops))) == 1
    assert window.evaluate("document.documentElement.scrollWidth") <= width


def test_many_jobs_leave_the_page_usable(window: Page, scene: Scene, client: httpx.Client) -> None:
    slugs = [f"many-{number}" for number in range(8)]
    ids = [scene.series(slug, 25) for slug in slugs]
    scene.site.open.clear()
    try:
        for slug in slugs:
            answer = client.post("/api/v1/refresh", json={"site": SITE, "series": slug})
            assert answer.status_code == 202
        window.goto("/jobs")
        panels = window.locator(".panel[data-job]:not([data-job=''])")
        expect(panels).to_have_count(len(slugs))
        status = window.evaluate("() => fetch('healthz').then((answer) => answer.status)")
        assert status == 200
    finally:
        scene.site.open.set()
    expect(panels.filter(has_text="succeeded")).to_have_count(len(slugs), timeout=90_000)
    assert {scene.state(it) for each in ids for it in each} == {"alive"}


def test_keys_are_enough(window: Page, scene: Scene) -> None:
    [mapping_id] = scene.series("by-keys", title="By Keys")
    window.goto("/library?q=by-keys")

    press_until(window, "Skip to the content")
    window.keyboard.press("Enter")
    press_until(window, "By Keys")
    window.keyboard.press("Enter")
    expect(row(window, mapping_id)).to_be_visible()
    press_until(window, "S01E01")
    press_until(window, "Refresh")
    outline = window.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    window.keyboard.press("Enter")
    expect(row(window, mapping_id).locator("[data-part=state]")).to_have_text("alive")
    focused = window.evaluate("document.activeElement.textContent")
    assert "Refresh" in focused, "the focus stays where it was"


def test_what_happens_is_told_to_who_does_not_see_it(window: Page, scene: Scene) -> None:
    [mapping_id] = scene.series("told")
    window.goto(f"/mapping?id={mapping_id}")
    window.get_by_role("button", name="Refresh").click()
    expect(window.get_by_role("status")).to_contain_text("succeeded: 1 refreshed")
    expect(window.locator("[data-watch] [data-part=state]")).to_have_text("alive")


def test_the_theme_can_be_switched_and_stays(window: Page, scene: Scene) -> None:
    def is_dark() -> bool:
        color = window.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(map(int, color.strip("rgb()").split(","))) < 200

    window.goto("/library")
    assert not is_dark()
    window.get_by_role("button", name="Dark").click()
    assert is_dark()
    window.goto("/jobs")
    assert is_dark()


def test_a_refusal_is_shown(window: Page, scene: Scene) -> None:
    scene.series("refused", 300, state="alive")
    window.goto(f"/series?site={SITE}&slug=refused")
    window.get_by_role("button", name="Refresh 300 links").click()
    expect(panel(window)).to_contain_text("safety.max_change")


@pytest.mark.parametrize("width", [360, 1200])
def test_hostile_names_run_nothing(window: Page, scene: Scene, width: int) -> None:
    name = f"<img src=x onerror=alert(1)>\u202e\"'{width}"
    [mapping_id] = scene.series(name, title=name * 150)
    scene.set_provider(mapping_id, name * 150)
    window.on("dialog", lambda dialog: pytest.fail(dialog.message))
    window.set_viewport_size({"width": width, "height": 800})
    for address in (f"/mapping?id={mapping_id}", "/library?q=onerror", "/"):
        window.goto(address)
        assert window.evaluate("document.documentElement.scrollWidth") <= width
    window.goto(f"/library?q={width}")
    window.locator("summary").first.click()
    expect(row(window, mapping_id)).to_be_visible()
    assert window.evaluate("document.documentElement.scrollWidth") <= width
    row(window, mapping_id).get_by_role("button", name="Refresh").click()
    expect(panel(window)).to_contain_text("succeeded")


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(LIGHT, id="light"),
        pytest.param(DARK, id="dark"),
        pytest.param(PHONE, id="phone"),
    ],
)
def test_axe_finds_nothing_serious(browser: Browser, scene: Scene, options: Any) -> None:
    ids = scene.series("for-all", 3, seasons=2, title="For All")
    for number, state in enumerate(("alive", "suspect", "blocked", "throttled", "unknown")):
        scene.set_state(ids[number : number + 1], state)
    with scene.client() as client:
        form = {"do": "probe", "id": str(ids[0])}
        job = client.post("/begin", data=form).headers["location"]
        scene.wait_for_job(client, int(job.partition("=")[2]))
    series = f"series?site={SITE}&slug=for-all"
    pages: tuple[str, ...] = (
        "",
        "library",
        series,
        f"mapping?id={ids[0]}",
        "jobs",
        job,
        "login",
        "job?id=0",
    )
    pages += ("add", f"remove?id={ids[0]}", "streams", "log", "settings", "library?sort=worst")
    with opened(browser, scene.base, bypass_csp=True, **options) as (page, _):
        for address in pages:
            page.goto(f"/{address}")
            if address == "library":
                page.locator("summary").first.click()
                page.wait_for_selector(".opened table")
            assert violations(page) == [], address
            assert small_targets(page) == [], address
            width = page.evaluate("document.documentElement.scrollWidth")
            assert width <= options["viewport"]["width"], f"{address} scrolls sideways"
