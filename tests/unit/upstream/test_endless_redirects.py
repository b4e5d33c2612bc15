"""What leads in a circle is asked for once; a step ahead by a cookie is none (PEERS row 50)."""

import itertools

import pytest

from stage.loopback import Reply, Request, client, reply, serving
from strmctl.errors import UpstreamError
from strmctl.upstream.cookies import Cookies
from strmctl.upstream.redirects import MAX_REDIRECTS, REMEMBERED, Redirects


@pytest.mark.parametrize(
    ("way", "requests"),
    [
        pytest.param({"/0": "/0"}, 1, id="to itself"),
        pytest.param({"/0": "/1", "/1": "/0"}, 2, id="to and fro"),
        pytest.param({"/0": "/1", "/1": "/2", "/2": "/1"}, 3, id="a circle further on"),
        pytest.param({f"/{n}": f"/{n + 1}" for n in range(99)}, MAX_REDIRECTS + 1, id="on and on"),
    ],
)
async def test_50_redirects_in_a_circle_cost_one_pass(way: dict[str, str], requests: int) -> None:
    async with serving(lambda request: reply(302, Location=way[request.target])) as server:
        async with client() as upstream:
            for _ in range(3):  # As often as a player asks, or healing.
                with pytest.raises(UpstreamError) as caught:
                    await upstream.get(server.url("/0"), {})
                assert (caught.value.http_status, caught.value.status) == (502, 302)
    assert len(server.requests) == requests


async def test_another_url_is_asked_for_all_the_same() -> None:
    async with serving(lambda request: reply(302, Location=request.target)) as server:
        async with client() as upstream:
            for path in ("/?token=1", "/?token=2"):
                with pytest.raises(UpstreamError):
                    await upstream.get(server.url(path), {})
    assert [request.target for request in server.requests] == ["/?token=1", "/?token=2"]


async def test_a_cookie_that_is_wanted_by_the_same_url() -> None:
    def answer(request: Request) -> Reply:
        if "seen=1" in request.fields.get("cookie", ""):
            return reply(body=b"film")
        return reply(302, Location=request.target, Set_Cookie="seen=1; Path=/")

    async with serving(answer) as server, client() as upstream:
        response = await upstream.get(server.url("/film.mp4"), {"Cookie": "mine=2"})
        assert await response.read(10) == b"film"
    assert [request.fields["cookie"] for request in server.requests] == ["mine=2", "mine=2; seen=1"]


async def test_cookies_that_change_for_ever() -> None:
    numbers = itertools.count()

    def answer(request: Request) -> Reply:
        return reply(302, Location=request.target, Set_Cookie=f"n={next(numbers)}")

    async with serving(answer) as server, client() as upstream:
        with pytest.raises(UpstreamError, match="more than 10 times"):
            await upstream.get(server.url(), {}, cookies=Cookies())
    assert len(server.requests) == MAX_REDIRECTS + 1


def test_it_is_forgotten_soon() -> None:
    now = [0.0]
    redirects = Redirects(monotonic=lambda: now[0])
    trail = redirects.trail("http://a.example/")
    trail.step("http://a.example/", "", None)
    with pytest.raises(UpstreamError, match="circle"):
        trail.step("http://a.example/", "", 302)
    with pytest.raises(UpstreamError, match="circle"):
        redirects.trail("http://a.example/")
    now[0] += REMEMBERED
    redirects.trail("http://a.example/")
