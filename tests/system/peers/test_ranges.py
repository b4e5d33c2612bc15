"""Rows 16, 17 and 34: parts of files, by byte ranges and by Range, are exactly those parts."""

from collections.abc import Mapping
from dataclasses import replace

import httpx
import pytest

from stage.film import FILM, MONDAY, OTHER, TUESDAY, V1, V2, address_of_film, put_film
from stage.routes import always, deaf, file, playlist
from stage.show import Show
from stage.upstream import Answer, Request
from stage.viewer import follow

RANGED = """\
#EXTM3U
#EXT-X-VERSION:6
#EXT-X-TARGETDURATION:4
#EXT-X-MAP:URI="all.mp4",BYTERANGE="720@0"
#EXT-X-BYTERANGE:5000@720
#EXTINF:4.0,
all.mp4
#EXT-X-BYTERANGE:7001
#EXTINF:4.0,
all.mp4
#EXT-X-BYTERANGE:3@999997
#EXTINF:4.0,
all.mp4
#EXT-X-ENDLIST
"""
PARTS = [(0, 720), (720, 5720), (5720, 12721), (999_997, 1_000_000)]


@pytest.mark.parametrize("ignored", [(), ("range",)], ids=["ranges", "no ranges"])
def test_16_each_byte_range_is_a_file_of_its_own(
    ignored: tuple[str, ...], show: Show, url: str, client: httpx.Client
) -> None:
    show.routes["index.m3u8"] = playlist(RANGED)
    show.routes["all.mp4"] = deaf(file(FILM, etag=V1), *ignored)
    assert "BYTERANGE" not in client.get(url).text
    addresses = follow(client, url)
    assert len(set(addresses)) == len(PARTS)
    for address, (first, end) in zip(addresses, PARTS, strict=True):
        response = client.get(address)
        assert response.status_code == 200
        assert response.headers["Content-Length"] == str(end - first)
        assert response.content == FILM[first:end]
        part = client.get(address, headers={"Range": "bytes=1-2"})
        assert part.status_code == 206
        assert part.headers["Content-Range"] == f"bytes 1-2/{end - first}"
        assert part.content == FILM[first + 1 : first + 3]
        beyond = client.get(address, headers={"Range": f"bytes={end - first}-"})
        assert beyond.status_code == 416
        assert beyond.headers["Content-Range"] == f"bytes */{end - first}"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("ignored", [(), ("range",)], ids=["ranges", "no ranges"])
def test_16_a_byte_range_beyond_the_end_is_what_is_there(
    ignored: tuple[str, ...], method: str, show: Show, url: str, client: httpx.Client
) -> None:
    put_film(show, deaf(file(FILM, etag=V1), *ignored), "part", part="7001@999000")
    [address] = follow(client, url)
    response = client.request(method, address)
    assert (response.status_code, response.headers["Content-Length"]) == (200, "1000")
    assert response.content == (FILM[999_000:] if method == "GET" else b"")
    for value in ("bytes=990-", "bytes=-10", "bytes=990-5000"):
        part = client.get(address, headers={"Range": value})
        assert (part.content, part.headers["Content-Range"]) == (FILM[-10:], "bytes 990-999/1000")
    for value in ("bytes=1000-", "bytes=5000-", "bytes=7001-"):
        beyond = client.get(address, headers={"Range": value})
        assert beyond.status_code == 416
    assert len(show.questions) == 1
    show.expire()
    assert client.get(address).content == FILM[999_000:]
    assert len(show.questions) == 2


@pytest.mark.parametrize("ignored", [(), ("range",)], ids=["ranges", "no ranges"])
@pytest.mark.parametrize("part", ["7001@999000", "7001@1000000", "1@2000000"])
def test_16_what_is_not_there_yet_is_not_announced(
    part: str, ignored: tuple[str, ...], show: Show, url: str, client: httpx.Client
) -> None:
    lines = f"#EXTM3U\n#EXTINF:9,\n#EXT-X-BYTERANGE:{part}\nfilm.mp4\n"
    show.routes |= {"index.m3u8": playlist(lines), "film.mp4": deaf(file(FILM), *ignored)}
    [address] = follow(client, url)
    assert client.get(address).status_code == 502


def test_16_a_file_that_is_shorter_each_time_is_given_up(
    show: Show, url: str, client: httpx.Client
) -> None:
    lengths = iter(range(7999, 0, -1))

    def shrinking(request: Request) -> Answer:
        return deaf(file(FILM[: next(lengths)]))(request)

    put_film(show, shrinking, "part", part="9000@0")
    [address] = follow(client, url)
    assert client.get(address).status_code == 502
    # Two requests for each resolution.
    assert len(show.asked("film.mp4")) == 2 * len(show.questions) == 4


RANGES: Mapping[str, tuple[int, slice]] = {
    "bytes=0-": (206, slice(0, None)),
    "bytes=100-299": (206, slice(100, 300)),
    "bytes=-500": (206, slice(-500, None)),
    "bytes=999999-": (206, slice(999_999, None)),
    "bytes=5-99999999": (206, slice(5, None)),
    "bytes=0-9,20-29": (200, slice(None)),
    "bytes=9-5": (200, slice(None)),
    "lines=1-2": (200, slice(None)),
    "bytes=x": (200, slice(None)),
}


@pytest.mark.parametrize("place", ["file", "segment"])
@pytest.mark.parametrize(("value", "expected"), RANGES.items(), ids=RANGES)
def test_17_ranges_of_a_file(
    value: str,
    expected: tuple[int, slice],
    place: str,
    show: Show,
    url: str,
    client: httpx.Client,
) -> None:
    put_film(show, file(FILM, etag=V1), place)
    status, part = expected
    first, end, _ = part.indices(len(FILM))
    address = address_of_film(client, url, place)
    response = client.get(address, headers={"Range": value})
    assert response.status_code == status
    assert response.content == FILM[part]
    assert response.headers["Content-Length"] == str(end - first)
    assert response.headers["Accept-Ranges"] == "bytes"
    told = f"bytes {first}-{end - 1}/{len(FILM)}" if status == 206 else None
    assert response.headers.get("Content-Range") == told
    head = client.head(address, headers={"Range": value})
    assert (head.status_code, head.headers["Content-Length"]) == (status, str(end - first))


@pytest.mark.parametrize("place", ["file", "segment"])
@pytest.mark.parametrize("value", ["bytes=1000000-", "bytes=-0"])
def test_17_ranges_that_no_byte_satisfies(
    value: str, place: str, show: Show, url: str, client: httpx.Client
) -> None:
    put_film(show, file(FILM, etag=V1), place)
    response = client.get(address_of_film(client, url, place), headers={"Range": value})
    assert response.status_code == 416
    assert response.headers["Content-Range"] == f"bytes */{len(FILM)}"
    assert len(show.questions) == 1


@pytest.mark.parametrize("place", ["file", "segment"])
def test_17_an_upstream_without_ranges_is_told_as_one(
    place: str, show: Show, url: str, client: httpx.Client
) -> None:
    put_film(show, always(Answer(200, FILM, {"Content-Type": "video/mp4"})), place)
    response = client.get(address_of_film(client, url, place), headers={"Range": "bytes=1000-1999"})
    assert response.status_code == 200
    assert response.content == FILM
    assert "Content-Range" not in response.headers


@pytest.mark.parametrize("place", ["file", "segment"])
@pytest.mark.parametrize("part", ["bytes=0-", "bytes=0-299999"], ids=["all", "the beginning"])
@pytest.mark.parametrize("value", [None, "bytes=0-1,5-6", "bytes=9-5"])
def test_17_who_asks_for_all_gets_no_part(
    place: str, part: str, value: str | None, show: Show, url: str, client: httpx.Client
) -> None:
    film = file(FILM, etag=V1)

    def always_a_part(request: Request) -> Answer:
        return film(replace(request, fields={"range": part, **request.fields}))

    put_film(show, always_a_part, place)
    fields = {"Range": value} if value else {}
    response = client.get(address_of_film(client, url, place), headers=fields)
    assert (response.status_code, response.content) == (200, FILM)
    assert response.headers["Content-Length"] == str(len(FILM))
    assert "Content-Range" not in response.headers


@pytest.mark.parametrize("place", ["file", "segment"])
def test_17_a_part_of_an_unknown_length_that_nobody_asked_for(
    place: str, show: Show, url: str, client: httpx.Client
) -> None:
    fields = {"Content-Range": f"bytes 0-{len(FILM) - 1}/*"}
    put_film(show, always(Answer(206, FILM, fields)), place)
    response = client.get(address_of_film(client, url, place))
    assert (response.status_code, response.content) == (200, FILM)


@pytest.mark.parametrize("ignored", [(), ("if-range",)], ids=["honoured", "ignored"])
@pytest.mark.parametrize("dead", [False, True], ids=["same resolution", "after healing"])
@pytest.mark.parametrize("place", ["file", "segment"])
def test_34_if_range_of_a_file_that_has_changed(
    place: str,
    dead: bool,
    ignored: tuple[str, ...],
    show: Show,
    url: str,
    client: httpx.Client,
) -> None:
    put_film(show, file(FILM, etag=V1, last_modified=MONDAY), place)
    address = address_of_film(client, url, place)
    first = client.get(address, headers={"Range": "bytes=0-99"})
    assert first.headers["ETag"] == V1
    same = client.get(address, headers={"Range": "bytes=100-199", "If-Range": V1})
    assert (same.status_code, same.content) == (206, FILM[100:200])
    if dead:
        show.expire()
    changed = file(OTHER, etag=V2, last_modified=TUESDAY)
    show.routes["film.mp4"] = deaf(changed, *ignored)
    for validator in (V1, MONDAY):
        response = client.get(address, headers={"Range": "bytes=100-199", "If-Range": validator})
        assert (response.status_code, response.headers["ETag"]) == (200, V2)
        assert response.content == OTHER
    fresh = client.get(address, headers={"Range": "bytes=100-199"})
    assert (fresh.status_code, fresh.headers["ETag"]) == (206, V2)
    assert fresh.content == OTHER[100:200]


@pytest.mark.parametrize("hidden", [False, True], ids=["a byte range", "behind an image"])
def test_34_if_range_of_what_has_no_validator(
    hidden: bool, show: Show, url: str, client: httpx.Client
) -> None:
    packets = (b"G" + bytes(187)) * 5000
    image = b"\x89PNG\r\n\x1a\n" + bytes(100) + b"IEND\xaeB`\x82"
    route = file(image + packets if hidden else FILM, etag=V1)
    put_film(show, route, "segment" if hidden else "byte range")
    address = address_of_film(client, url, "segment")
    for validator in (V1, V2, MONDAY):
        fields = {"Range": "bytes=188-375", "If-Range": validator}
        response = client.get(address, headers=fields)
        assert response.status_code == 200
        assert response.content == (packets if hidden else FILM[50_000:950_000])
