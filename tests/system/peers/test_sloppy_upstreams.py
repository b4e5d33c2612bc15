"""Upstreams that tell less than they should, or something else: no byte is taken for another."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import httpx
import pytest

from stage.film import FILM, OTHER, V1, V2, address_of_film, put_film
from stage.routes import always, deaf, file, gzipped, playlist
from stage.show import Show
from stage.upstream import Answer, Request, Route
from stage.viewer import follow


def put_nameless_playlist(show: Show) -> None:
    """At an address and with a media type that tell nothing; its segment has a token."""
    show.entry = "stream"
    show.routes["stream"] = lambda request: file(
        f"#EXTM3U\n#EXTINF:4,\n{show.url('a.ts')}\n#EXT-X-ENDLIST\n".encode(),
        media_type="text/plain",
    )(request)


@pytest.mark.parametrize("wanted", ["bytes=0-0", "bytes=0-1", "bytes=0-5", "bytes=0-6"])
def test_a_few_first_bytes_do_not_make_a_file_of_a_playlist(
    wanted: str, show: Show, url: str, client: httpx.Client
) -> None:
    put_nameless_playlist(show)
    for value in (wanted, "lines=1-2", "bytes=10-"):
        response = client.get(url, headers={"Range": value})
        assert response.status_code == 200
        assert response.text.endswith("\n#EXT-X-ENDLIST\n")
        assert show.upstream.address not in response.text
        assert "token" not in response.text


def test_what_was_a_file_may_become_a_playlist(show: Show, url: str, client: httpx.Client) -> None:
    put_film(show, file(FILM, etag=V1), "file")
    assert client.get(url, headers={"Range": "bytes=500000-500009"}).status_code == 206
    put_nameless_playlist(show)
    show.routes["film.mp4"] = show.routes["stream"]
    response = client.get(url, headers={"Range": "bytes=20-"})
    assert response.status_code == 200
    assert response.text.startswith("#EXTM3U")
    assert "token" not in response.text


@pytest.mark.parametrize(
    ("content", "wanted", "requests"),
    [
        pytest.param(FILM, "bytes=0-1", 1, id="a film"),
        pytest.param(b"#E", "bytes=0-1", 1, id="no more bytes"),
        pytest.param(b"#E" + FILM, "bytes=0-1", 3, id="the first bytes of a playlist"),
        pytest.param(b"\n" * 600, "bytes=0-511", 1, id="no playlist begins within 512 bytes"),
    ],
)
def test_a_file_is_sent_as_it_is(
    content: bytes, wanted: str, requests: int, show: Show, url: str, client: httpx.Client
) -> None:
    put_film(show, file(content), "file")
    response = client.get(url, headers={"Range": wanted})
    assert response.status_code == 206
    assert response.content == content[: int(wanted.partition("-")[2]) + 1]
    assert len(show.asked()) == requests


def test_parts_of_another_file_at_the_same_address(
    show: Show, url: str, client: httpx.Client
) -> None:
    put_film(show, file(FILM, etag=V1), "file")
    parts = {"Range": "bytes=500000-500009"}
    assert client.get(url, headers=parts).content == FILM[500_000:500_010]
    show.routes["film.mp4"] = file(OTHER, etag=V2)
    assert client.get(url, headers=parts).content == OTHER[500_000:500_010]


@pytest.mark.parametrize("coding", ["aws-chunked", "none", "binary", "UTF-8", "Identity"])
def test_a_coding_that_is_none_leaves_ranges_alone(
    coding: str, show: Show, url: str, client: httpx.Client
) -> None:
    whole = file(FILM, etag=V1)

    def route(request: Request) -> Answer:
        answer = whole(request)
        return replace(answer, fields={**answer.fields, "Content-Encoding": coding})

    put_film(show, route, "file")
    response = client.get(url, headers={"Range": "bytes=300000-399999"})
    assert response.status_code == 206
    assert response.headers["Content-Range"] == f"bytes 300000-399999/{len(FILM)}"
    assert response.content == FILM[300_000:400_000]
    assert client.get(url).headers["Content-Length"] == str(len(FILM))


@pytest.mark.parametrize("status", [201, 202, 203, 226])
@pytest.mark.parametrize("place", ["file", "segment"])
def test_48_what_succeeds_in_another_way_is_judged_by_its_content(
    place: str, status: int, show: Show, url: str, client: httpx.Client
) -> None:
    """203 is what a proxy has changed; the probe goes by the content too."""
    put_film(show, always(Answer(status, FILM)), place)
    response = client.get(address_of_film(client, url, place))
    assert (response.status_code, response.content) == (200, FILM)


@pytest.mark.parametrize(
    "answer", [Answer(202, b"please wait"), Answer(204), Answer(205)], ids=["202", "204", "205"]
)
def test_48_what_succeeds_without_media_is_an_error(
    answer: Answer, show: Show, url: str, client: httpx.Client
) -> None:
    put_film(show, always(answer), "file")
    assert client.get(url).status_code == 502


def test_57_a_uri_in_latin_1_is_asked_for_byte_by_byte(
    show: Show, url: str, client: httpx.Client
) -> None:
    text = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nf\xfcr.ts\n#EXT-X-ENDLIST\n"
    show.routes["index.m3u8"] = playlist(text.encode("latin-1"))
    show.routes["f%FCr.ts"] = file(PACKETS)
    [segment] = follow(client, url)
    assert client.get(segment).content == PACKETS


PNG = b"\x89PNG\r\n\x1a\n" + bytes(100) + b"IEND\xaeB`\x82"
PACKETS = b"".join(b"G" + bytes([n]) * 187 for n in range(50))


def chunked(route: Route) -> Route:
    """Tells no length of what it sends."""

    def spoiled(request: Request) -> Answer:
        answer = route(request)
        content = answer.body
        assert isinstance(content, bytes)

        async def body() -> AsyncIterator[bytes]:
            yield content[:50]
            yield content[50:]

        return replace(answer, body=body)

    return spoiled


@pytest.mark.parametrize("spoil", [chunked, gzipped])
def test_an_image_before_a_segment_of_untold_length_is_cut_off(
    spoil: Callable[[Route], Route], show: Show, url: str, client: httpx.Client
) -> None:
    hidden = file(PNG + PACKETS, media_type="image/png")
    put_film(show, deaf(spoil(hidden), "range"), "segment")
    address = address_of_film(client, url, "segment")
    for fields in ({}, {"Range": "bytes=0-"}, {"Range": "bytes=188-375"}):
        response = client.get(address, headers=fields)
        assert response.status_code == 200
        assert response.content == PACKETS
        assert "Content-Length" not in response.headers


INNER = b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nlist.m3u8?token=1\n"


@pytest.mark.parametrize("place", ["segment", "byte range"])
@pytest.mark.parametrize("begins", [b"", b"\xef\xbb\xbf", b"\r\n"], ids=["", "BOM", "blank line"])
def test_a_playlist_in_place_of_a_segment_is_never_sent(
    begins: bytes, place: str, show: Show, url: str, client: httpx.Client
) -> None:
    put_film(show, file(begins + INNER, media_type="video/mp2t"), place, part="50@0")
    response = client.get(address_of_film(client, url, place))
    assert response.status_code == 502
    assert "token" not in response.text


def test_a_playlist_in_place_of_a_segment_is_resolved_again(
    show: Show, url: str, client: httpx.Client
) -> None:
    put_film(show, file(FILM, etag=V1), "segment")
    address = address_of_film(client, url, "segment")
    show.expire(Answer(200, INNER, {"Content-Type": "video/mp2t"}))
    assert client.get(address).content == FILM
    assert len(show.questions) == 2


LISTED = """\
#EXTM3U
#EXT-X-TARGETDURATION:4
#EXT-X-KEY:METHOD=AES-128,URI="a.key"
#EXTINF:4.0,
a.ts
#EXT-X-ENDLIST
"""
KEY = b"\x93\xc1\x7f\xe0z5Q\x81\x02\xd4\xee\x19\xfa\x8c\x9b"
PAGE = b"<p>This link has expired.</p>"


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        pytest.param("a.key", b"<" + KEY, "text/html", id="a key like a page"),
        pytest.param("a.key", b"{" + KEY, "text/html", id="a key like JSON"),
        pytest.param("a.key", b"<!0123456789abc>", "text/html", id="a key of letters"),
        pytest.param("a.ts", b"{" + FILM[1:], "application/json", id="segment like JSON"),
        pytest.param("a.ts", b"[" + FILM[1:], "application/json", id="segment like a JSON array"),
        pytest.param("a.ts", b"<" + FILM[1:], "text/html", id="segment like a page"),
        pytest.param("a.vtt", b"", "text/vtt", id="no subtitles here"),
    ],
)
def test_what_only_seems_to_be_a_message_is_sent(
    name: str, content: bytes, media_type: str, show: Show, url: str, client: httpx.Client
) -> None:
    show.routes["index.m3u8"] = playlist(LISTED.replace("a.ts", name))
    show.routes[name] = file(content, media_type=media_type)
    key, segment = follow(client, url)
    response = client.get(key if name == "a.key" else segment)
    assert (response.status_code, response.content) == (200, content)
    assert response.headers["Content-Length"] == str(len(content))
    assert len(show.questions) == 1


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        pytest.param("a.key", PAGE, "text/html", id="a page for a key"),
        pytest.param("a.ts", PAGE, "text/html", id="a page"),
        pytest.param("a.ts", b'{"error": "\xc3\xa9"}', "application/json", id="JSON"),
        pytest.param("a.ts", b"", "video/mp2t", id="no segment"),
        pytest.param("a.key", b"", "application/octet-stream", id="no key"),
    ],
)
def test_messages_in_place_of_what_is_listed_are_not_sent(
    name: str, content: bytes, media_type: str, show: Show, url: str, client: httpx.Client
) -> None:
    show.routes["index.m3u8"] = playlist(LISTED)
    show.routes[name] = file(content, media_type=media_type)
    key, segment = follow(client, url)
    assert client.get(key if name == "a.key" else segment).status_code == 502
