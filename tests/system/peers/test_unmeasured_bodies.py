"""Rows 6 and 7 for bodies whose length nobody says: whole, and from one file, or cut off."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import cycle

import httpx
import pytest

from stage.film import FILM, MONDAY, OTHER, V1, V2, address_of_film, put_film
from stage.routes import always, cut, deaf, file, gzipped, in_turn, playlist, unmeasured
from stage.show import Show
from stage.upstream import Answer, Request, Route
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


@pytest.mark.parametrize("place", ["index.m3u8", "list.m3u8"])
@pytest.mark.parametrize("spoil", ["a length that is too large", "no last chunk", "NULs"])
def test_06_a_playlist_that_is_all_there_plays(
    spoil: str, place: str, show: Show, url: str, client: httpx.Client
) -> None:
    text = MASTER if place == "index.m3u8" else LIST
    show.routes["index.m3u8"] = playlist(MASTER)
    address = url if place == "index.m3u8" else follow(client, url)[0]
    whole = playlist(text + "\0" * 300 if spoil == "NULs" else text)
    if spoil == "no last chunk":
        show.routes[place] = breaking(whole, len(text))
    elif spoil != "NULs":
        much = {"Content-Length": str(len(text) + 9)}
        show.routes[place] = always(Answer(200, text.encode(), much, cut_after=len(text)))
    else:
        show.routes[place] = whole
    [listed] = follow(client, address)
    assert listed.endswith(".m3u8" if text == MASTER else "0.mp4")
    assert len(show.questions) == 1


@pytest.mark.parametrize("place", ["index.m3u8", "list.m3u8"])
@pytest.mark.parametrize(
    ("counts", "status"),
    [
        pytest.param([3], 200, id="the same"),
        pytest.param([5, 2, 3], 502, id="others"),
        pytest.param([3, 3, 2], 502, id="fewer at last"),
    ],
)
def test_06_only_what_ends_behind_the_same_line_each_time_is_all_there(
    counts: list[int], status: int, place: str, show: Show, url: str, client: httpx.Client
) -> None:
    show.routes["index.m3u8"] = playlist(MASTER)
    address = url if place == "index.m3u8" else follow(client, url)[0]
    segment = "#EXTINF:9,\nfilm.mp4\n"
    whole = playlist("#EXTM3U\n" + segment * 9)
    ends = cycle(len("#EXTM3U\n") + len(segment) * count for count in counts)
    show.routes[place] = lambda request: breaking(whole, next(ends))(request)
    assert client.get(address).status_code == status


def test_06_a_live_playlist_that_changes_while_it_is_read_is_read_anew(
    show: Show, url: str, client: httpx.Client
) -> None:
    longer = LIST.replace("#EXT-X-ENDLIST", "#EXTINF:9,\nnext.mp4")
    show.routes["index.m3u8"] = in_turn(
        cut(file(LIST.encode(), etag=V1), every=28), file(longer.encode(), etag=V2)
    )
    assert len(follow(client, url)) == 2


def echoing(content: bytes) -> Route:
    """Says the part that was asked for, wherever its file ends, and no length."""

    def route(request: Request) -> Answer:
        wanted = request.fields.get("range", "")
        if not wanted:
            return unmeasured(file(content))(request)
        first, last = (int(number) for number in wanted[6:].split("-"))
        answer = Answer(
            206, content[first : last + 1], {"Content-Range": f"bytes {first}-{last}/*"}
        )
        return unmeasured(always(answer))(request)

    return route


@pytest.mark.parametrize("place", ["file", "segment"])
def test_49_a_part_beyond_the_end_of_an_unmeasured_file_is_what_is_there(
    place: str, show: Show, url: str, client: httpx.Client
) -> None:
    put_film(show, echoing(FILM), place)
    address = address_of_film(client, url, place)
    response = client.get(address, headers={"Range": "bytes=900000-1999999"})
    assert (response.status_code, response.content) == (206, FILM[900_000:])
    assert "Content-Length" not in response.headers


@pytest.mark.parametrize("route", [echoing(FILM), unmeasured(BARE)], ids=["echoing", "deaf"])
def test_49_a_byte_range_beyond_the_end_of_an_unmeasured_file_is_what_is_there(
    route: Route, show: Show, url: str, client: httpx.Client
) -> None:
    put_film(show, route, "byte range", part="1200000@50000")
    response = client.get(address_of_film(client, url, "byte range"))
    assert (response.status_code, response.content) == (200, FILM[50_000:])


@pytest.mark.parametrize("wanted", ["bytes=0-", "bytes=200000-"])
@pytest.mark.parametrize("place", ["file", "segment"])
def test_49_a_part_that_ends_before_the_end_it_tells_goes_on(
    place: str, wanted: str, show: Show, url: str, client: httpx.Client
) -> None:
    """Scripts that are stopped end their bodies in good order; the end is their own word."""

    def route(request: Request) -> Answer:
        first = int(request.fields.get("range", "bytes=0-")[6:].partition("-")[0])
        told = {"Content-Range": f"bytes {first}-{len(FILM) - 1}/*", "ETag": V1}
        return unmeasured(always(Answer(206, FILM[first : first + 300_000], told)))(request)

    put_film(show, route, place)
    fields = {"Range": wanted} if wanted else {}
    response = client.get(address_of_film(client, url, place), headers=fields)
    assert response.content == FILM[200_000 if wanted.endswith("00-") else 0 :]


def test_49_a_byte_range_of_a_live_playlist_goes_on_where_it_ended_too_early(
    show: Show, url: str, client: httpx.Client
) -> None:
    """Its file still grows."""
    show.routes["index.m3u8"] = playlist(
        "#EXTM3U\n#EXTINF:9,\n#EXT-X-BYTERANGE:500000@50000\nfilm.mp4\n"
    )
    show.routes["film.mp4"] = in_turn(echoing(FILM[:200_000]), echoing(FILM))
    response = client.get(follow(client, url)[0])
    assert response.content == FILM[50_000:550_000]
    assert response.headers["Content-Length"] == "500000"


@pytest.mark.parametrize("place", ["file", "segment", "byte range"])
@pytest.mark.parametrize("wanted", ["", "bytes=0-", "bytes=100-199"])
def test_49_a_part_that_nobody_asked_for_and_that_does_not_say_which_is_all(
    wanted: str, place: str, show: Show, url: str, client: httpx.Client
) -> None:
    """As curl and ffmpeg take it."""
    put_film(show, always(Answer(206, FILM)), place, part="900000@50000")
    fields = {"Range": wanted} if wanted else {}
    response = client.get(address_of_film(client, url, place), headers=fields)
    content = FILM[50_000:950_000] if place == "byte range" else FILM
    is_part = response.status_code == 206 and wanted == "bytes=100-199"
    assert response.content == (content[100:200] if is_part else content)


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
