"""A link plays on its page, also where its token dies while it does, by any address of the page."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from stage.episode import Episode, Stage
from stage.media import FILM, FORMS, FRAMES, SECONDS, Media
from stage.nginx import running_nginx
from stage.playback_fixtures import media, resolver
from stage.resolver import Resolver
from stage.strmctl import new_strmctl
from strmctl.server.page import assets
from system.page.browser import opened, press_until, running_browser
from system.standing.fronts import ADMIN_TOKEN, BELOW_STRM, free_address, running

__all__ = ["media", "resolver"]

NODE_MODULES = Path(__file__).parents[2] / "node_modules"
_PLAYED = """() => {
    const video = document.querySelector("video"), { played } = video;
    let seconds = 0;
    for (let i = 0; i < played.length; i++) seconds += played.end(i) - played.start(i);
    return [video.getVideoPlaybackQuality().totalVideoFrames, seconds];
}"""


@pytest.fixture(scope="module")
def stage(
    media: Media, resolver: Resolver, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("playing")
    strmctl = new_strmctl(folder / "strmctl", resolver.url)
    with running_nginx(folder / "nginx", media.root) as nginx, strmctl.serving():
        yield Stage(media, nginx, resolver, strmctl)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_browser() as browser:
        yield browser


def page_of(episode: Episode, stage: Stage) -> str:
    listed = httpx.get(f"{stage.strmctl.base_url}/api/v1/mappings", params={"q": episode.slug})
    [found] = listed.json()["items"]
    return f"/mapping?id={found['id']}"


def played(page: Page) -> tuple[int, float]:
    """Frames and seconds, once it has ended."""
    page.wait_for_function("() => document.querySelector('video').ended", timeout=120_000)
    frames, seconds = page.evaluate(_PLAYED)
    return frames, seconds


def press_play(page: Page) -> None:
    page.evaluate("() => { document.querySelector('video').muted = true; }")
    button = page.get_by_role("button", name="Play here")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator("video")).to_be_visible()


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_an_episode_plays_while_its_token_dies(browser: Browser, stage: Stage) -> None:
    """Opened by another name than the base URL's, as behind a front."""
    episode = stage.episode(FORMS["ts"], "--resolve")
    base = stage.strmctl.base_url.replace("127.0.0.1", "localhost")
    segments: list[str] = []

    def pass_on(route: Route) -> None:
        segments.append(route.request.url)
        if len(segments) == 3:
            episode.expire()
        route.continue_()

    with opened(browser, base) as (page, complaints):
        page.route(lambda url: ".ts" in url, pass_on)
        page.goto(page_of(episode, stage))
        assert len(episode.questions()) == 1
        press_play(page)
        frames, seconds = played(page)
    assert len(segments) >= 6
    assert len(episode.questions()) == 2
    # A browser that has too little of the CPU goes back by a few frames, and counts them again.
    assert frames >= FRAMES - 2
    assert seconds == pytest.approx(SECONDS, abs=0.5)
    assert complaints.said == []
    assert complaints.asked <= {base, f"blob:{base}", "blob://"}


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_below_the_path_of_a_front_it_plays_by_keys_alone(
    browser: Browser, media: Media, resolver: Resolver, tmp_path: Path
) -> None:
    public = free_address()
    base = f"http://{public}{BELOW_STRM.prefix}"
    strmctl = new_strmctl(tmp_path / "strmctl", resolver.url)
    environ = {
        "STRMCTL_PROXY_PUBLIC_BASE_URL": base,
        "STRMCTL_SERVE_TRUSTED_PROXIES": "127.0.0.1",
        "STRMCTL_SERVE_ADMIN_TOKEN": ADMIN_TOKEN,
    }
    with (
        running_nginx(tmp_path / "nginx", media.root) as nginx,
        strmctl.serving(environ=environ),
        running(BELOW_STRM, public, f"127.0.0.1:{strmctl.port}", tmp_path / "front"),
        opened(browser, base) as (page, complaints),
    ):
        stage = Stage(media, nginx, resolver, strmctl)
        episode = stage.episode(FORMS["ts"], "--resolve", environ=environ)
        assert episode.playback_url.startswith(f"{base}/strm/stream")
        page.goto(f"{base}/library")
        page.get_by_label("Admin token").focus()
        page.keyboard.type(ADMIN_TOKEN)
        page.keyboard.press("Enter")
        expect(page).to_have_url(f"{base}/")
        # The library has this one alone.
        page.goto(f"{base}/mapping?id=1")
        press_until(page, "Play here")
        page.evaluate("() => { document.querySelector('video').muted = true; }")
        page.keyboard.press("Enter")
        expect(page.locator("video")).to_be_visible()
        page.evaluate("() => { document.querySelector('video').playbackRate = 4; }")
        _, seconds = played(page)
    assert seconds == pytest.approx(SECONDS, abs=0.5)
    assert complaints.said == []
    assert complaints.asked <= {f"http://{public}", f"blob:http://{public}", "blob://"}


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.parametrize("form", [pytest.param(FILM, id="a file"), pytest.param(FORMS["groups"])])
def test_other_forms_play(browser: Browser, stage: Stage, form: str) -> None:
    """Sound of its own is what the light build of hls.js cannot play."""
    episode = stage.episode(form, "--resolve")
    with opened(browser, stage.strmctl.base_url) as (page, complaints):
        page.goto(page_of(episode, stage))
        press_play(page)
        page.evaluate("() => { document.querySelector('video').playbackRate = 4; }")
        _, seconds = played(page)
    assert seconds == pytest.approx(SECONDS, abs=0.5)
    assert complaints.said == []


@pytest.mark.slow
def test_what_does_not_play_says_why(browser: Browser, stage: Stage) -> None:
    episode = stage.episode(FORMS["ts"], "--resolve")
    stage.resolver.answers[episode.slug] = dict
    episode.nginx.end(episode.upstream_urls[-1])
    with opened(browser, stage.strmctl.base_url) as (page, _):
        page.goto(page_of(episode, stage))
        press_play(page)
        expect(page.get_by_text("It does not play:")).to_be_visible(timeout=60_000)


def test_without_script_the_element_has_the_address(stage: Stage) -> None:
    episode = stage.episode(FORMS["ts"], "--resolve")
    text = httpx.get(stage.strmctl.base_url + page_of(episode, stage)).text
    path = episode.playback_url.removeprefix(f"{stage.strmctl.base_url}/")
    assert f'<video controls playsinline preload="none" src="{path.replace("&", "&amp;")}"' in text


def test_hls_js_is_that_of_npm_with_its_licence() -> None:
    static = Path(assets.__file__).parent / "static"
    package = NODE_MODULES / "hls.js"
    assert (static / "hls.min.mjs").read_bytes() == (package / "dist/hls.min.mjs").read_bytes()
    assert (static / "hls.LICENSE").read_bytes() == (package / "LICENSE").read_bytes()
    version = (package / "package.json").read_text().partition('"version": "')[2].partition('"')[0]
    assert f"hls.js {version}" in (assets.__doc__ or "")
