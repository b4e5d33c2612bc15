"""Who is let in: whoever has the token, or where there is none, whoever sits at this machine."""

import re
import time
from collections.abc import Iterator

import httpx
import pytest

from stage.strmctl import new_strmctl
from system.page.scene import Scene
from system.page.site import Site

TOKEN = "a-long-random-text"
PREFIX = "/tv/strmctl"
PAGES = ("/", "/library", "/jobs", "/mapping?id=1", "/rows?id=1")


@pytest.fixture(scope="module")
def guarded(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """With a token, below a path, behind a front that speaks https."""
    strmctl = new_strmctl(tmp_path_factory.mktemp("guarded") / "strmctl", f"{site.url}/resolve")
    environ = {
        "STRMCTL_SERVE_ADMIN_TOKEN": TOKEN,
        "STRMCTL_PROXY_PUBLIC_BASE_URL": f"https://strm.example{PREFIX}",
    }
    with strmctl.serving(environ=environ):
        yield Scene(strmctl, site, f"http://127.0.0.1:{strmctl.port}{PREFIX}")


@pytest.fixture
def visitor(guarded: Scene) -> Iterator[httpx.Client]:
    with guarded.client() as client:
        yield client


def signed_in(visitor: httpx.Client) -> dict[str, str]:
    answer = visitor.post("/login", data={"token": TOKEN})
    assert answer.status_code == 303
    assert answer.headers["location"] == "./"
    value = answer.headers["set-cookie"].partition(";")[0]
    return {"Cookie": value}


@pytest.mark.parametrize("page", PAGES)
def test_a_visitor_is_led_to_the_form(visitor: httpx.Client, page: str) -> None:
    answer = visitor.get(page)
    assert (answer.status_code, answer.headers["location"]) == (303, "login")
    assert "content-security-policy" in answer.headers


@pytest.mark.parametrize("page", PAGES[:3])
def test_the_token_opens_all_pages_below_their_path(visitor: httpx.Client, page: str) -> None:
    answer = visitor.get(page, headers=signed_in(visitor))
    assert answer.status_code == 200
    assert re.findall(r' (?:href|src|action)="/', answer.text) == []


@pytest.mark.parametrize("page", PAGES[:2])
def test_an_empty_library_says_what_to_do(visitor: httpx.Client, page: str) -> None:
    text = visitor.get(page, headers=signed_in(visitor)).text
    assert "The library is empty" in text
    assert "strmctl write --site" in text


def test_the_cookie_is_for_this_page_alone(visitor: httpx.Client) -> None:
    cookie = visitor.post("/login", data={"token": TOKEN}).headers["set-cookie"]
    value, *attributes = cookie.split("; ")
    assert value.startswith("strmctl_session=")
    assert TOKEN not in value
    # Without a path it is for the folder of the form, as the browser sees it.
    assert {it.lower() for it in attributes} == {"httponly", "secure", "samesite=strict"}


@pytest.mark.parametrize("prefix", [PREFIX, ""], ids=["below the path", "without it"])
def test_past_the_front_the_token_opens_the_pages_too(guarded: Scene, prefix: str) -> None:
    host = guarded.base.removesuffix(PREFIX)
    with httpx.Client(
        base_url=host, trust_env=False, verify=False, follow_redirects=True, timeout=60
    ) as browser:
        form = {"token": TOKEN}
        answer = browser.post(f"{prefix}/login", data=form, headers={"Origin": host})
        assert (answer.status_code, answer.url.path) == (200, f"{prefix}/")
        assert "Sign out" in answer.text
        assert browser.get(f"{prefix}/library").url.path == f"{prefix}/library"


@pytest.mark.parametrize(
    "token", [pytest.param("guess", id="a guess"), pytest.param("", id="nothing")]
)
def test_a_wrong_token_is_refused_and_slowly(visitor: httpx.Client, token: str) -> None:
    began = time.monotonic()
    answer = visitor.post("/login", data={"token": token})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    assert "That is not the token" in answer.text
    assert time.monotonic() - began > 0.4


def test_signing_out_takes_the_cookie_away(visitor: httpx.Client) -> None:
    fields = signed_in(visitor)
    answer = visitor.post("/logout", headers=fields)
    assert answer.headers["location"] == "login"
    assert 'strmctl_session=""' in answer.headers["set-cookie"]
    assert "Max-Age=0" in answer.headers["set-cookie"]


@pytest.mark.parametrize("path", ["/begin", "/cancel"])
def test_a_visitor_begins_nothing(visitor: httpx.Client, path: str) -> None:
    answer = visitor.post(path, data={"do": "refresh", "id": "1"})
    assert answer.status_code == 401
    assert (
        visitor.get("/api/v1/jobs", headers={"Authorization": f"Bearer {TOKEN}"}).json()["items"]
        == []
    )


def test_without_a_token_others_are_told_what_to_do(client: httpx.Client) -> None:
    answer = client.get("/", headers={"Host": "nas.example"})
    assert answer.status_code == 403
    assert "admin_token = " in answer.text
    assert "content-security-policy" in answer.headers


def test_without_a_token_the_form_says_so(client: httpx.Client) -> None:
    assert "no <code>serve.admin_token</code> is set" in client.get("/login").text
    assert client.post("/login", data={"token": ""}).status_code == 403
