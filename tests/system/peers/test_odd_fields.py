"""Rows 49, 51 and 59: fields that say less than they could, or what no field may hold."""

from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from stage.film import FILM, OTHER, V1, V2, address_of_film, put_film
from stage.routes import always, cut, file, in_turn
from stage.show import Show
from stage.upstream import Answer, Request, Route
from stage.waiting import until


def chunked(route: Route) -> Route:
    """Sends no Content-Length."""

    def spoiled(request: Request) -> Answer:
        answer = route(request)
        content = answer.body
        assert isinstance(content, bytes)

        async def body() -> AsyncIterator[bytes]:
            yield content

        return replace(answer, body=body)

    return spoiled


def telling(route: Route, **fields: str) -> Route:
    def spoiled(request: Request) -> Answer:
        answer = route(request)
        return replace(
            answer,
            fields={**answer.fields, **{name.replace("_", "-"): v for name, v in fields.items()}},
        )

    return spoiled


def of_unknown_total(route: Route) -> Route:
    """Its parts say where they are, not of how much (RFC 9110 section 14.4)."""

    def spoiled(request: Request) -> Answer:
        answer = route(request)
        part = answer.fields.get("Content-Range", "")
        if answer.status != 206:
            return answer
        return replace(
            answer, fields={**answer.fields, "Content-Range": f"{part.partition('/')[0]}/*"}
        )

    return spoiled


@pytest.mark.parametrize("place", ["file", "segment"])
@pytest.mark.parametrize(
    ("wanted", "first", "end"),
    [("bytes=0-", 0, 1_000_000), ("bytes=10-19", 10, 20), ("bytes=-7", 999_993, 1_000_000)],
)
def test_49_a_chunked_part_has_a_length(
    wanted: str, first: int, end: int, place: str, show: Show, url: str, client: httpx.Client
) -> None:
    put_film(show, chunked(file(FILM)), place)
    address = address_of_film(client, url, place)
    response = client.get(address, headers={"Range": wanted})
    assert response.status_code == 206
    assert response.headers["Content-Length"] == str(end - first)
    assert response.headers["Content-Range"] == f"bytes {first}-{end - 1}/{len(FILM)}"
    assert "Transfer-Encoding" not in response.headers
    assert response.content == FILM[first:end]
    head = client.head(address, headers={"Range": wanted})
    assert head.headers["Content-Length"] == str(end - first)


@pytest.mark.parametrize("validators", [{}, {"etag": V1}], ids=["none", "ETag"])
@pytest.mark.parametrize("place", ["file", "segment", "byte range"])
def test_51_a_body_goes_on_where_no_total_is_told(
    validators: dict[str, str], place: str, show: Show, url: str, client: httpx.Client
) -> None:
    put_film(show, of_unknown_total(cut(file(FILM, **validators), every=300_000)), place)
    address = address_of_film(client, url, place)
    expected = FILM[50_000:950_000] if place == "byte range" else FILM
    for _ in range(2):  # The second play begins with what is remembered of the first.
        response = client.get(address)
        assert response.status_code == 200
        assert response.content == expected
    assert len(show.questions) == 1


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(file(OTHER, etag=V2), id="other validator"),
        pytest.param(file(OTHER[:900_000]), id="shorter, nothing confirms it"),
        pytest.param(chunked(always(Answer(200, OTHER))), id="all of an unknown length"),
    ],
)
def test_51_another_file_is_never_spliced_in(
    other: Route, show: Show, url: str, client: httpx.Client
) -> None:
    route = in_turn(cut(file(FILM, etag=V1), every=300_000), of_unknown_total(other))
    put_film(show, route, "file")
    with pytest.raises(httpx.RemoteProtocolError):
        client.get(url)


ODD = {
    "latin-1": '"v\xe9"',
    "UTF-8": '"\u4e2d\u6587"'.encode().decode("latin-1"),
    "not UTF-8": '"\xff\xfe"',
    "a control": '"a\x01b"',
    "DEL": '"a\x7fb"',
}


@pytest.mark.parametrize("place", ["file", "segment", "byte range"])
@pytest.mark.parametrize("name", ["ETag", "Last_Modified", "Content_Type", "X_Any"])
@pytest.mark.parametrize("value", ODD.values(), ids=ODD)
def test_59_a_field_that_no_player_reads_is_dropped(
    value: str, name: str, place: str, show: Show, url: str, client: httpx.Client
) -> None:
    put_film(show, telling(cut(file(FILM), every=400_000), **{name: value}), place)
    address = address_of_film(client, url, place)
    expected = FILM[50_000:950_000] if place == "byte range" else FILM
    response = client.get(address)
    assert response.status_code == 200
    assert response.content == expected
    assert value not in response.headers.values()
    assert all(text.isascii() for text in response.headers.values())
    until(lambda: not any(each.is_open for each in show.exchanges()), "no socket is left open")


@pytest.mark.parametrize("value", ["bytes */\xe9", "bytes */1\x01", "\xff", "lines */7", ""])
def test_59_416_with_a_range_that_cannot_be_read(
    value: str, show: Show, url: str, client: httpx.Client
) -> None:
    refusal = always(Answer(416, b"", {"Content-Range": value}))
    whole = file(FILM)
    put_film(
        show, lambda r: refusal(r) if "9999999" in r.fields.get("range", "") else whole(r), "file"
    )
    response = client.get(url, headers={"Range": "bytes=9999999-"})
    assert response.status_code == 416
    assert "Content-Range" not in response.headers
