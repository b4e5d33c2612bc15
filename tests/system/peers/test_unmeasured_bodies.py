"""Rows 6 and 7 for bodies whose length nobody says: whole, and from one file, or cut off."""

from collections.abc import Mapping
from dataclasses import replace

import httpx
import pytest

from stage.film import FILM, MONDAY, OTHER, V1, V2, address_of_film, put_film
from stage.routes import cut, deaf, file, gzipped, in_turn, playlist, unmeasured
from stage.show import Show
from stage.upstream import Route
from stage.viewer import ask_raw, follow


def breaking(route: Route, after: int) -> Route:
    """Never says that the body is over: the connection is closed in the middle, or behind it."""
    return lambda request: replace(unmeasured(route)(request), cut_after=after)


def ending(route: Route, *, after: int | None = None) -> Route:
    """Its bodies end where the connection does: in good order, or by an error after so many."""
    return lambda request: replace(
        route(request), is_until_the_end=True, cut_after=after, is_reset=after is not None
    )


WHOLE = file(FILM, etag=V1)
BARE = deaf(file(FILM), "range")
UNMEASURED: Mapping[str, tuple[Route, ...]] = {
    "a tag": (breaking(WHOLE, 300_000), unmeasured(WHOLE)),
    "a tag, twice": (breaking(WHOLE, 300_000), breaking(WHOLE, 70_000), WHOLE),
    "a tag, ignores Range": (breaking(WHOLE, 300_000), unmeasured(deaf(WHOLE, "range"))),
    "a date": (
        breaking(file(FILM, last_modified=MONDAY), 300_000),
        file(FILM, last_modified=MONDAY),
    ),
    "behind the last byte": (breaking(WHOLE, len(FILM)), unmeasured(WHOLE)),
    "a tag, compressed": (cut(gzipped(WHOLE), every=300_000), gzipped(WHOLE)),
    "nothing": (breaking(BARE, 300_000), unmeasured(BARE)),
    "nothing, twice": (breaking(BARE, 300_000), breaking(BARE, 500_000), unmeasured(BARE)),
    "nothing, cut off before where it was": (
        breaking(BARE, 300_000),
        breaking(BARE, 100_000),
        unmeasured(BARE),
    ),
    "nothing, a length later on": (breaking(BARE, 300_000), BARE),
    "nothing, behind the last byte": (breaking(BARE, len(FILM)), unmeasured(BARE)),
    "the end of the connection": (ending(BARE),),
    "a reset": (ending(BARE, after=300_000), ending(BARE)),
    "a reset, a tag": (ending(WHOLE, after=300_000), ending(WHOLE)),
    "a reset, then chunks": (ending(BARE, after=300_000), unmeasured(BARE)),
}


@pytest.mark.parametrize("place", ["file", "segment"])
@pytest.mark.parametrize("routes", UNMEASURED.values(), ids=UNMEASURED)
def test_06_a_body_of_an_unknown_length_arrives_whole(
    routes: tuple[Route, ...], place: str, show: Show, url: str, client: httpx.Client
) -> None:
    put_film(show, in_turn(*routes), place)
    response = client.get(address_of_film(client, url, place))
    assert "Content-Length" not in response.headers
    assert response.content == FILM
    assert len(show.asked("film.mp4")) <= len(routes) + 1
    assert len(show.questions) == 1


LATER = FILM[:200_000] + OTHER[200_000:]
"""Begins like the film."""


@pytest.mark.parametrize("place", ["file", "segment"])
@pytest.mark.parametrize(
    "routes",
    [
        pytest.param((WHOLE, file(OTHER, etag=V2)), id="another tag"),
        pytest.param((WHOLE, deaf(file(OTHER, etag=V2), "if-range")), id="a part of another"),
        pytest.param((WHOLE, deaf(file(OTHER), "if-range")), id="a part of who knows what"),
        pytest.param((WHOLE, deaf(file(OTHER, last_modified=MONDAY), "if-range")), id="a date"),
        pytest.param((BARE, deaf(file(OTHER), "range")), id="other bytes"),
        pytest.param((BARE, deaf(file(LATER), "range")), id="other bytes later on"),
        pytest.param((BARE, deaf(file(FILM[:250_000]), "range")), id="not as many"),
    ],
)
def test_07_nothing_is_spliced_into_a_body_of_an_unknown_length(
    routes: tuple[Route, Route], place: str, show: Show, url: str, client: httpx.Client
) -> None:
    before, after = routes
    put_film(show, in_turn(breaking(before, 300_000), unmeasured(after)), place)
    answer = ask_raw(address_of_film(client, url, place))
    assert unchunked(answer.body) == (FILM[:300_000], False)


@pytest.mark.parametrize("place", ["file", "segment"])
def test_07_a_reset_is_the_end_of_no_body(
    place: str, show: Show, url: str, client: httpx.Client
) -> None:
    put_film(show, ending(BARE, after=300_000), place)
    content, is_over = unchunked(ask_raw(address_of_film(client, url, place)).body)
    assert FILM.startswith(content)
    assert not is_over


LIST = "#EXTM3U\n#EXTINF:9,\nfilm.mp4\n#EXT-X-ENDLIST\n"
MASTER = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nlist.m3u8\n"


@pytest.mark.parametrize("place", ["index.m3u8", "list.m3u8"])
@pytest.mark.parametrize(("cuts", "status", "most"), [(2, 200, 3), (99, 502, 6)])
def test_06_a_playlist_of_an_unknown_length_is_read_again_a_few_times(
    cuts: int, status: int, most: int, place: str, show: Show, url: str, client: httpx.Client
) -> None:
    show.routes["index.m3u8"] = playlist(MASTER)
    address = url if place == "index.m3u8" else follow(client, url)[0]
    show.routes[place] = in_turn(*[breaking(playlist(LIST), 30)] * cuts, playlist(LIST))
    before = len(show.asked(place))
    assert client.get(address).status_code == status
    assert len(show.asked(place)) - before <= most


def unchunked(body: bytes) -> tuple[bytes, bool]:
    """The content (RFC 9112 section 7.1), and whether it has been said to be over."""
    content = b""
    while body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size, 16)
        if length == 0:
            return content, True
        content, body = content + rest[:length], rest[length + 2 :]
    return content, False
