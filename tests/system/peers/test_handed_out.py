"""What an upstream hands out on the way belongs to the resolution: cookies and redirects."""

import itertools

import httpx
import pytest

from stage.routes import FORBIDDEN, always, file, playlist
from stage.show import Show
from stage.upstream import Answer, Request, Route
from stage.viewer import at_once, follow

SEGMENT = b"G" + bytes(187)
MASTER = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nlow.m3u8\n"
MEDIA = (
    '#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-KEY:METHOD=AES-128,URI="k.key"\n'
    "#EXTINF:4,\na.ts\n#EXTINF:4,\nb.ts\n#EXT-X-ENDLIST\n"
)
FILES: dict[str, Route] = {
    "low.m3u8": playlist(MEDIA),
    "k.key": file(bytes(16)),
    "a.ts": file(SEGMENT),
    "b.ts": file(SEGMENT),
}


def setting(cookie: str, route: Route) -> Route:
    def answer(request: Request) -> Answer:
        given = route(request)
        return Answer(given.status, given.body, {**given.fields, "Set-Cookie": cookie})

    return answer


def wanting(cookie: str, route: Route, otherwise: Answer = FORBIDDEN) -> Route:
    def answer(request: Request) -> Answer:
        has_it = cookie in request.fields.get("cookie", "").split("; ")
        return route(request) if has_it else otherwise

    return answer


def plays(client: httpx.Client, url: str) -> None:
    [low] = follow(client, url)
    answers = [client.get(address) for address in follow(client, low)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert not any("set-cookie" in answer.headers for answer in answers)


@pytest.mark.parametrize("cookie", ["s=1; Path=/", "s=1", "s=1; HttpOnly; Max-Age=60; Path=/"])
def test_47_a_cookie_of_the_playlist_is_wanted_afterwards(
    client: httpx.Client, show: Show, url: str, cookie: str
) -> None:
    show.routes = {name: wanting("s=1", route) for name, route in FILES.items()}
    show.routes["index.m3u8"] = setting(cookie, playlist(MASTER))
    plays(client, url)
    assert len(show.questions) == 1


def test_47_a_cookie_of_a_redirect_to_itself_is_wanted_there(
    client: httpx.Client, show: Show, url: str
) -> None:
    def gate(request: Request) -> Answer:
        again = {"Location": "index.m3u8", "Set-Cookie": "s=1; Path=/"}
        return wanting("s=1", playlist(MASTER), Answer(302, b"", again))(request)

    show.routes = {**FILES, "index.m3u8": gate}
    plays(client, url)
    assert len(show.asked("index.m3u8")) == 2


def test_47_a_cookie_of_a_file_s_redirect(client: httpx.Client, show: Show, url: str) -> None:
    away = Answer(302, b"", {"Location": "real.mp4", "Set-Cookie": "s=1"})
    show.routes |= {
        "index.m3u8": always(away),
        "real.mp4": wanting("s=1", file(b"\0\0\0\x18ftypmp42" + bytes(5000))),
    }
    assert client.get(url).status_code == 200
    assert client.get(url, headers={"Range": "bytes=100-"}).status_code == 206
    assert len(show.questions) == 1


def test_47_a_cookie_is_kept_beside_the_mapping_s_own(
    client: httpx.Client, show: Show, url: str
) -> None:
    show.headers = {"Cookie": "mine=7"}
    show.routes = {name: wanting("s=1", wanting("mine=7", r)) for name, r in FILES.items()}
    show.routes["index.m3u8"] = setting("s=1; Path=/", playlist(MASTER))
    plays(client, url)


def test_47_cookies_end_with_the_resolution_and_are_never_the_player_s(
    client: httpx.Client, show: Show, url: str
) -> None:
    show.routes = {**FILES, "index.m3u8": setting("s=1; Path=/", playlist(MASTER))}
    [low] = follow(client, url)
    show.expire()
    client.get(follow(client, low)[1], headers={"Cookie": "s=player"})
    asked = [(r.path, r.fields.get("cookie", "")) for r in show.asked() if "token2" in r.path]
    assert asked[0][1] == "", "a new resolution begins without cookies"
    assert not any("player" in cookie for _, cookie in asked)


def chain(steps: int) -> dict[str, Route]:
    routes: dict[str, Route] = {}
    names = ["index.m3u8", *(f"step{n}" for n in range(1, steps)), "end.m3u8"]
    for name, following in itertools.pairwise(names):
        routes[name] = always(Answer(302, b"", {"Location": following}))
    return routes


@pytest.mark.parametrize("steps", [6, 10])
def test_50_ten_redirects_are_followed(
    client: httpx.Client, show: Show, url: str, steps: int
) -> None:
    show.routes = {**FILES, **chain(steps), "end.m3u8": playlist(MASTER)}
    plays(client, url)


@pytest.mark.parametrize(
    ("routes", "requests"),
    [
        pytest.param({"index.m3u8": "index.m3u8"}, 1, id="to itself"),
        pytest.param({"index.m3u8": "a", "a": "b", "b": "a"}, 3, id="a circle of two"),
        pytest.param(
            {"index.m3u8": "1"} | {f"{n}": f"{n + 1}" for n in range(1, 40)}, 11, id="on and on"
        ),
    ],
)
def test_50_a_circle_costs_one_pass_for_each_resolution(
    client: httpx.Client, show: Show, url: str, routes: dict[str, str], requests: int
) -> None:
    show.routes = {
        name: always(Answer(302, b"", {"Location": target})) for name, target in routes.items()
    }
    assert [answer.status_code for answer in at_once([url] * 4)] == [502] * 4
    assert len(show.asked()) <= requests * len(show.questions)
    assert len(show.questions) <= 2
