"""Row 17: whatever part an upstream answers, a player gets the one that it asked for, or all."""

from dataclasses import replace

import httpx
import pytest

from stage.film import FILM, V1, address_of_film, aligned, put_film
from stage.routes import cut, file
from stage.show import Show
from stage.upstream import Answer, Request, Route
from strmctl.domain.http.ranges import select_range


def telling(content_range: str) -> Route:
    """The film from a server whose parts say that they are this one; "" for nothing at all."""

    def route(request: Request) -> Answer:
        answer = file(FILM, etag=V1)(request)
        if answer.status != 206:
            return answer
        fields = {**answer.fields, "Content-Range": content_range}
        return replace(answer, fields={name: told for name, told in fields.items() if told})

    return route


@pytest.mark.parametrize("place", ["file", "segment"])
@pytest.mark.parametrize(
    "content_range",
    [
        pytest.param("", id="no field"),
        pytest.param("700000-999999/1000000", id="no unit"),
        pytest.param("bytes 700000-999999", id="no length"),
        pytest.param("bytes 700000-1000000/1000000", id="off by one"),
    ],
)
def test_a_part_that_does_not_tell_which_is_not_used(
    content_range: str, place: str, show: Show, url: str, client: httpx.Client
) -> None:
    put_film(show, telling(content_range), place)
    address = address_of_film(client, url, place)
    for value in ("bytes=700000-", "lines=1-2", "bytes=-1000"):
        response = client.get(address, headers={"Range": value})
        if response.status_code == 206:
            assert response.headers["Content-Range"] == f"bytes 999000-999999/{len(FILM)}"
            assert response.content == FILM[-1000:]
        else:
            assert response.status_code == 200
            assert response.content == FILM
    assert client.head(address).headers["Content-Length"] == str(len(FILM))


@pytest.mark.parametrize("place", ["file", "segment"])
@pytest.mark.parametrize("value", ["bytes=0-", "bytes=200000-599999", "bytes=-300000", "bytes=7-9"])
@pytest.mark.parametrize(
    "route",
    [
        pytest.param(aligned(1, 150_000), id="less than was asked for"),
        pytest.param(aligned(1, len(FILM)), id="all that follows"),
        pytest.param(aligned(4096, 150_000), id="whole blocks"),
        pytest.param(aligned(len(FILM), len(FILM)), id="one block"),
        pytest.param(cut(aligned(4096, 150_000), every=10_000), id="whole blocks, cut off"),
    ],
)
def test_17_the_part_that_was_asked_for_is_sent(
    route: Route, value: str, place: str, show: Show, url: str, client: httpx.Client
) -> None:
    put_film(show, route, place)
    response = client.get(address_of_film(client, url, place), headers={"Range": value})
    part = select_range(value, len(FILM))
    assert part is not None
    assert response.status_code == 206
    assert response.headers["Content-Range"] == part.field()
    assert response.headers["Content-Length"] == str(part.length)
    assert response.content == FILM[part.first : part.last + 1]
    assert len(show.questions) == 1


@pytest.mark.parametrize("place", ["file", "segment", "byte range"])
def test_17_a_part_that_is_sent_with_200_is_a_part(
    place: str, show: Show, url: str, client: httpx.Client
) -> None:
    """Its bytes were given for the whole, and kept as the whole."""

    def route(request: Request) -> Answer:
        return replace(file(FILM, etag=V1)(request), status=200)

    put_film(show, route, place)
    there = FILM[50_000:950_000] if place == "byte range" else FILM
    address = address_of_film(client, url, place)
    for value in ("bytes=5000-9999", "bytes=-300", "bytes=0-99", "bytes=0-"):
        part = select_range(value, len(there))
        assert part is not None
        response = client.get(address, headers={"Range": value})
        is_all = value == "bytes=0-" and place != "byte range"
        assert response.status_code == (200 if is_all else 206)
        assert response.content == there[part.first : part.last + 1]
    assert client.get(address).content == there


@pytest.mark.parametrize("value", [None, "bytes=0-", "bytes=7-9", "bytes=-300000"])
def test_16_a_byte_range_of_an_upstream_that_sends_whole_blocks(
    value: str | None, show: Show, url: str, client: httpx.Client
) -> None:
    put_film(show, aligned(4096, 150_000), "byte range")
    fields = {"Range": value} if value else {}
    response = client.get(address_of_film(client, url, "byte range"), headers=fields)
    part = select_range(value, 900_000)
    assert response.status_code == (206 if part else 200)
    there = FILM[50_000:950_000]
    assert response.content == (there[part.first : part.last + 1] if part else there)


@pytest.mark.parametrize("place", ["file", "segment"])
@pytest.mark.parametrize("value", ["bytes=0-", "bytes=100-199"])
def test_17_a_server_that_answers_several_parts_is_asked_for_all(
    value: str, place: str, show: Show, url: str, client: httpx.Client
) -> None:
    several = b"--a\r\nContent-Range: bytes 0-9/99\r\n\r\n0123456789\r\n--a--\r\n"
    fields = {"Content-Type": "multipart/byteranges; boundary=a"}

    def route(request: Request) -> Answer:
        return Answer(206, several, fields) if "range" in request.fields else Answer(200, FILM)

    put_film(show, route, place)
    response = client.get(address_of_film(client, url, place), headers={"Range": value})
    assert (response.status_code, response.content) == (200, FILM)
    assert len(show.questions) == 1


@pytest.mark.parametrize("place", ["file", "segment"])
@pytest.mark.parametrize("value", ["bytes=0-", "bytes=0-99"])
@pytest.mark.parametrize("status", [400, 416, 501])
def test_17_a_server_that_refuses_ranges_is_asked_for_all(
    status: int, value: str, place: str, show: Show, url: str, client: httpx.Client
) -> None:
    def route(request: Request) -> Answer:
        return Answer(status) if "range" in request.fields else Answer(200, FILM)

    put_film(show, route, place)
    response = client.get(address_of_film(client, url, place), headers={"Range": value})
    assert (response.status_code, response.content) == (200, FILM)
    assert len(show.questions) == 1
