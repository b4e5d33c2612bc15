"""Who has a file or a segment already is answered 304, without its body (RFC 9110 section 13)."""

from collections.abc import AsyncIterator, Mapping

import httpx
import pytest

from stage.film import FILM, MONDAY, OTHER, TUESDAY, V1, V2, address_of_film, put_film
from stage.routes import always, file, playlist
from stage.show import Show
from stage.upstream import Answer
from stage.viewer import ask_raw, follow
from stage.waiting import until

PLACES = ["file", "segment"]
HAS_IT: Mapping[str, Mapping[str, str]] = {
    "its tag": {"If-None-Match": V1},
    "one of several": {"If-None-Match": f"{V2}, {V1}"},
    "its tag, compared weakly": {"If-None-Match": f"W/{V1}"},
    "any": {"If-None-Match": "*"},
    "its date": {"If-Modified-Since": MONDAY},
    "its tag and another date": {"If-None-Match": V1, "If-Modified-Since": TUESDAY},
    "its tag and a range": {"If-None-Match": V1, "Range": "bytes=5-9"},
}
HAS_ANOTHER: Mapping[str, Mapping[str, str]] = {
    "another tag": {"If-None-Match": V2},
    "its tag without quotes": {"If-None-Match": V1.strip('"')},
    "another tag and its date": {"If-None-Match": V2, "If-Modified-Since": MONDAY},
    # A copy from elsewhere may be older and yet another one: as nginx does, the date is no limit.
    "a later date": {"If-Modified-Since": TUESDAY},
    "no date": {"If-Modified-Since": "yesterday"},
}


@pytest.fixture(params=PLACES)
def address(request: pytest.FixtureRequest, show: Show, url: str, client: httpx.Client) -> str:
    """Of a film with a strong tag and a date."""
    put_film(show, file(FILM, etag=V1, last_modified=MONDAY), request.param)
    return address_of_film(client, url, request.param)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("fields", HAS_IT.values(), ids=HAS_IT)
def test_who_has_it_gets_no_body(fields: Mapping[str, str], method: str, address: str) -> None:
    lines = [f"{name}: {value}" for name, value in fields.items()]
    answer = ask_raw(address, method, *lines)
    assert answer.status == 304
    assert answer.body == b""
    # RFC 9110 section 15.4.5: what a cache needs, and no length of a body that is not there.
    assert answer.all_of("etag") == [V1]
    assert answer.all_of("last-modified") == [MONDAY]
    assert len(answer.all_of("cache-control")) == 1
    for name in ("content-length", "content-range", "content-type", "transfer-encoding"):
        assert answer.all_of(name) == []


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        pytest.param({"If-None-Match": V1}, 304, id="its tag"),
        pytest.param({"If-None-Match": "*"}, 304, id="any"),
        pytest.param({"If-Modified-Since": MONDAY}, 304, id="its date"),
        pytest.param({"If-None-Match": V2}, 416, id="another tag"),
        pytest.param({}, 416, id="nothing"),
    ],
)
def test_a_condition_comes_before_a_range_that_no_byte_satisfies(
    fields: Mapping[str, str], status: int, address: str, client: httpx.Client
) -> None:
    """RFC 9110 section 13.2.2, also where a 416 says no more than the length."""
    response = client.get(address, headers={"Range": "bytes=9999999-", **fields})
    assert response.status_code == status
    assert response.headers.get("ETag", V1) == V1
    told = response.headers.get("Content-Range")
    assert told == (f"bytes */{len(FILM)}" if status == 416 else None)


@pytest.mark.parametrize("fields", HAS_ANOTHER.values(), ids=HAS_ANOTHER)
def test_who_has_another_gets_all_of_it(
    fields: Mapping[str, str], address: str, client: httpx.Client
) -> None:
    response = client.get(address, headers=dict(fields))
    assert (response.status_code, response.content) == (200, FILM)


def test_a_tag_that_an_upstream_calls_weak(show: Show, url: str, client: httpx.Client) -> None:
    put_film(show, file(FILM, etag=f"W/{V1}"), "file")
    assert client.get(url, headers={"If-None-Match": f"W/{V1}"}).status_code == 304
    assert client.get(url, headers={"If-None-Match": V1}).status_code == 304


@pytest.mark.parametrize("date", ["0", "yesterday", "Mon, 16 Nov 2026 10:00:00"])
def test_what_is_no_date_says_nothing(
    date: str, show: Show, url: str, client: httpx.Client
) -> None:
    put_film(show, file(FILM, last_modified=date), "file")
    assert client.get(url, headers={"If-Modified-Since": date}).content == FILM


def test_what_has_no_tag_is_sent_whole(show: Show, url: str, client: httpx.Client) -> None:
    put_film(show, file(FILM), "file")
    for fields in ({"If-None-Match": V1}, {"If-None-Match": '""'}, {"If-Modified-Since": ""}):
        assert client.get(url, headers=fields).content == FILM


def test_a_film_that_has_changed_is_sent_whole(show: Show, url: str, client: httpx.Client) -> None:
    put_film(show, file(FILM, etag=V1), "file")
    assert client.get(url).headers["ETag"] == V1
    show.expire()
    put_film(show, file(OTHER, etag=V2), "file")
    response = client.get(url, headers={"If-None-Match": V1})
    assert (response.content, response.headers["ETag"]) == (OTHER, V2)


@pytest.mark.parametrize("place", PLACES)
def test_what_is_healed_is_what_it_was(
    place: str, show: Show, url: str, client: httpx.Client
) -> None:
    put_film(show, file(FILM, etag=V1), place)
    address = address_of_film(client, url, place)
    assert client.get(address).headers["ETag"] == V1
    show.expire()
    assert client.get(address, headers={"If-None-Match": V1}).status_code == 304
    assert len(show.questions) == 2


def test_the_upstreams_body_ends_at_once(show: Show, url: str, client: httpx.Client) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield bytes(65536)

    put_film(show, always(Answer(200, endless, {"ETag": V1, "Content-Type": "video/mp4"})), "file")
    assert client.get(url, headers={"If-None-Match": V1}).status_code == 304
    until(lambda: not any(e.is_open for e in show.exchanges("film.mp4")), "it has ended")


def test_a_first_segment_at_hand_is_not_asked_for_again(
    show: Show, url: str, client: httpx.Client
) -> None:
    show.routes["index.m3u8"] = playlist("#EXTM3U\n#EXTINF:9,\nfilm.mp4\n#EXT-X-ENDLIST\n")
    show.routes["film.mp4"] = file(FILM[:9000], etag=V1)
    address = follow(client, url)[0]
    assert client.get(address).content == FILM[:9000]
    beyond = {"Range": "bytes=9000-"}
    assert client.get(address, headers={"If-None-Match": V1}).status_code == 304
    assert client.get(address, headers={"If-None-Match": V1, **beyond}).status_code == 304
    assert client.get(address, headers=beyond).status_code == 416
    assert len(show.asked("film.mp4")) == 1


def test_a_part_of_a_file_has_no_tag_to_ask_for(show: Show, url: str, client: httpx.Client) -> None:
    put_film(show, file(FILM, etag=V1), "byte range")
    address = address_of_film(client, url, "byte range")
    fields = {"Range": "bytes=900000-", "If-None-Match": V1}
    before = len(show.asked("film.mp4"))
    assert client.get(address, headers=fields).status_code == 416
    assert len(show.asked("film.mp4")) == before


def test_a_weak_tag_stands_for_no_part(show: Show, url: str, client: httpx.Client) -> None:
    put_film(show, file(FILM, etag=f"W/{V1}"), "file")
    response = client.get(url, headers={"Range": "bytes=5-9", "If-Range": f"W/{V1}"})
    assert (response.status_code, response.content) == (200, FILM)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("condition", "status"), [(V1, 206), (MONDAY, 206), (V2, 200), (f"W/{V1}", 200)]
)
def test_a_part_of_what_the_player_has(
    condition: str, status: int, place: str, show: Show, url: str, client: httpx.Client
) -> None:
    put_film(show, file(FILM, etag=V1, last_modified=MONDAY), place)
    address = address_of_film(client, url, place)
    fields = {"Range": "bytes=5-9", "If-Range": condition}
    response = client.get(address, headers=fields)
    assert response.status_code == status
    assert response.content == (FILM[5:10] if status == 206 else FILM)
