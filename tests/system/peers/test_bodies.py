"""Rows 6 to 8, 23 and 25: bodies arrive whole, at once and from one file, or not at all."""

import gzip
import socket
import zlib
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import timedelta
from urllib.parse import urlsplit

import httpx
import pytest
from msgspec.structs import replace

from stage import presentation
from stage.film import FILM, MONDAY, OTHER, TUESDAY, V1, V2, address_of_film, put_film
from stage.proxy import running_proxy
from stage.routes import Gate, always, cut, deaf, endless, file, gzipped, in_turn
from stage.show import Show
from stage.upstream import Answer, Request, Route
from stage.viewer import ask_raw, follow
from stage.waiting import until
from strmctl.settings.model import Settings

Pack = Callable[[bytes], bytes]

END_WITHIN = 5
"""Seconds; it takes less than one of them where there is nothing else to do."""

CUTS: Mapping[str, Callable[[Route], Route]] = {
    "once": lambda whole: in_turn(cut(whole, every=300_000), whole),
    "twice": lambda whole: in_turn(*[cut(whole, every=300_000)] * 2, whole),
    "every 100 kB": lambda whole: cut(whole, every=100_000),
    "after the first byte": lambda whole: in_turn(cut(whole, every=1), whole),
}


@pytest.mark.parametrize("drops", CUTS.values(), ids=CUTS)
@pytest.mark.parametrize("place", ["file", "segment", "byte range"])
def test_06_dropped_bodies_arrive_whole(
    place: str, drops: Callable[[Route], Route], show: Show, url: str, client: httpx.Client
) -> None:
    put_film(show, drops(file(FILM, etag=V1)), place)
    expected = FILM[50_000:950_000] if place == "byte range" else FILM
    response = client.get(address_of_film(client, url, place))
    assert response.content == expected
    assert response.headers["Content-Length"] == str(len(expected))
    assert len(show.questions) == 1


@pytest.mark.parametrize("place", ["file", "segment"])
def test_06_what_is_dropped_after_a_few_bytes_may_begin_with_anything(
    place: str, show: Show, url: str, client: httpx.Client
) -> None:
    content = bytes(8) + b"<{[ \n\xef\xbb\xbf#EXT" * 30
    put_film(show, cut(file(content, etag=V1), every=7), place)
    assert client.get(address_of_film(client, url, place)).content == content


def test_06_a_dropped_range_arrives_whole(show: Show, url: str, client: httpx.Client) -> None:
    put_film(show, cut(file(FILM, etag=V1), every=100_000), "file")
    response = client.get(url, headers={"Range": "bytes=123456-789012"})
    assert response.status_code == 206
    assert response.content == FILM[123_456:789_013]


def test_06_a_dropped_playlist_arrives_whole(show: Show, url: str, client: httpx.Client) -> None:
    data = presentation.flat(show, [f"{n}.ts" for n in range(1000)])
    whole = show.routes["index.m3u8"](Request("GET", "/")).body
    assert isinstance(whole, bytes)
    show.routes["index.m3u8"] = cut(file(whole), every=3000)
    assert len(follow(client, url)) == len(data)


def test_06_the_rest_is_asked_for_with_range_and_if_range(
    show: Show, url: str, client: httpx.Client
) -> None:
    put_film(show, in_turn(cut(file(FILM, etag=V1), every=300_000), file(FILM, etag=V1)), "file")
    assert client.get(url).content == FILM
    rest = show.asked()[-1].fields
    assert rest["range"] == "bytes=300000-999999"
    assert rest["if-range"] == V1


def test_06_a_body_that_stalls_goes_on(
    show: Show, settings: Settings, client: httpx.Client
) -> None:
    impatient = replace(settings.upstream, read_timeout=timedelta(seconds=1))
    fields = {"ETag": V1, "Content-Type": "video/mp4"}
    put_film(show, in_turn(Gate(FILM, 300_000, fields), file(FILM, etag=V1)), "file")
    with running_proxy(replace(settings, upstream=impatient)) as proxy:
        assert client.get(proxy.playback_url(show.slug)).content == FILM


SAME_FILE: Mapping[str, tuple[Route, Route]] = {
    "ignores Range, same ETag": (file(FILM, etag=V1), deaf(file(FILM, etag=V1), "range")),
    "ignores Range, only a length": (file(FILM), deaf(file(FILM), "range")),
    "ignores Range, same date": (
        file(FILM, last_modified=MONDAY),
        deaf(file(FILM, last_modified=MONDAY), "range"),
    ),
    "ignores If-Range": (file(FILM, etag=V1), deaf(file(FILM, etag=V1), "if-range")),
}
CHANGED: Mapping[str, tuple[Route, Route]] = {
    "another ETag": (file(FILM, etag=V1), file(OTHER, etag=V2)),
    "another ETag, ignores If-Range": (
        file(FILM, etag=V1),
        deaf(file(OTHER, etag=V2), "if-range"),
    ),
    "another ETag, ignores Range": (file(FILM, etag=V1), deaf(file(OTHER, etag=V2), "range")),
    "another length": (file(FILM), file(OTHER[:-1])),
    "another length, ignores Range": (file(FILM), deaf(file(OTHER + b"x"), "range")),
    "another date": (
        file(FILM, last_modified=MONDAY),
        deaf(file(OTHER, last_modified=TUESDAY), "if-range"),
    ),
    "another range than asked for": (
        file(FILM, etag=V1),
        always(Answer(206, FILM[5:], {"Content-Range": f"bytes 5-999999/{len(FILM)}"})),
    ),
}


@pytest.mark.parametrize("place", ["file", "segment", "byte range"])
@pytest.mark.parametrize("routes", SAME_FILE.values(), ids=SAME_FILE)
def test_07_after_a_drop_the_same_file_is_skipped_forward(
    routes: tuple[Route, Route], place: str, show: Show, url: str, client: httpx.Client
) -> None:
    before, after = routes
    put_film(show, in_turn(cut(before, every=300_000), after), place)
    expected = FILM[50_000:950_000] if place == "byte range" else FILM
    assert client.get(address_of_film(client, url, place)).content == expected


@pytest.mark.parametrize("place", ["file", "segment", "byte range"])
@pytest.mark.parametrize("routes", CHANGED.values(), ids=CHANGED)
def test_07_after_a_drop_another_file_is_never_spliced_in(
    routes: tuple[Route, Route], place: str, show: Show, url: str, client: httpx.Client
) -> None:
    before, after = routes
    put_film(show, in_turn(cut(before, every=300_000), after), place)
    offset = 50_000 if place == "byte range" else 0
    answer = ask_raw(address_of_film(client, url, place))
    assert answer.body == FILM[offset : offset + 300_000]
    assert answer.all_of("Content-Length") != ["300000"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("accepts", ["identity", "gzip, br", "*"])
def test_08_compressed_though_not_asked(
    accepts: str, method: str, show: Show, url: str, client: httpx.Client
) -> None:
    presentation.put(show)
    plain = presentation.addresses(client, url)
    for name, route in show.routes.items():
        show.routes[name] = gzipped(route)
    show.expire()
    for name, data in presentation.FILES.items():
        if name in plain:
            response = client.request(method, plain[name], headers={"Accept-Encoding": accepts})
            assert response.status_code == 200
            if method == "GET":
                assert response.content == data
            length = response.headers.get("Content-Length")
            assert length in (None, str(len(data))) or "Content-Encoding" in response.headers
    assert follow(client, url)
    assert all(request.fields["accept-encoding"] == "identity" for request in show.asked())


def unwrapped(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def whole_or_none(client: httpx.Client, url: str, part: str) -> bytes | None:
    """What came of it; None for an error, which may show only in the middle of the body."""
    try:
        answer = client.get(url, headers={"Range": part} if part else {})
    except httpx.RemoteProtocolError:
        return None
    assert answer.status_code in (200, 206, 502)
    return None if answer.status_code == 502 else answer.content


CODINGS = pytest.mark.parametrize(
    ("coding", "pack", "is_right"),
    [
        pytest.param("x-gzip", gzip.compress, True, id="x-gzip"),
        pytest.param(
            "gzip, gzip", lambda data: gzip.compress(gzip.compress(data)), True, id="gzip twice"
        ),
        pytest.param("identity, gzip", gzip.compress, True, id="identity and gzip"),
        pytest.param("deflate", zlib.compress, True, id="deflate"),
        pytest.param("deflate", unwrapped, True, id="deflate, unwrapped"),
        pytest.param("br", lambda data: b"\x0b\x02\x80" + data + b"\x03", False, id="Brotli"),
        pytest.param("zstd", lambda data: b"\x28\xb5\x2f\xfd" + data, False, id="Zstandard"),
        pytest.param("compress", lambda data: b"\x1f\x9d" + data, False, id="compress"),
        pytest.param("gzip", lambda data: data, False, id="gzip that is none"),
        pytest.param(
            "gzip",
            lambda data: gzip.compress(data)[:-12],
            False,
            id="half of a gzip",
            marks=pytest.mark.slow,  # It is tried again for 8 s.
        ),
        pytest.param("", gzip.compress, False, id="gzip that no field names"),
    ],
)


@CODINGS
def test_08_each_coding_is_taken_off_or_an_error(
    coding: str, pack: Pack, is_right: bool, show: Show, url: str, client: httpx.Client
) -> None:
    presentation.put(show)
    plain = presentation.addresses(client, url)
    routes = dict(show.routes)
    for name in plain:
        client.get(plain[name])  # What was read with its playlist is given once.
    for name in ("video.key", "init.mp4", "video0.m4s"):
        show.routes = {**routes, name: gzipped(routes[name], coding, pack)}
        answers = [whole_or_none(client, plain[name], wanted) for wanted in ("", "bytes=0-9")]
        right = presentation.FILES[name]
        whole, refused = ([right, right], [right, right[:10]]), [None, None]
        # Its name says the bytes of a key: what came before takes a damaged one's place.
        is_known = name != "video0.m4s" and answers == whole[1]
        assert answers in whole if is_right else is_known or answers == refused


@CODINGS
def test_08_a_playlist_in_each_coding_is_read_or_an_error(
    coding: str, pack: Pack, is_right: bool, show: Show, url: str, client: httpx.Client
) -> None:
    presentation.flat(show, ["a.ts"])
    show.routes["index.m3u8"] = gzipped(show.routes["index.m3u8"], coding, pack)
    answer = client.get(url)
    assert answer.status_code == (200 if is_right else 502)
    assert ("0.ts" in answer.text) is is_right


def test_08_a_compressed_part_is_never_told_as_a_part_of_the_whole(
    show: Show, url: str, client: httpx.Client
) -> None:
    put_film(show, gzipped(file(FILM)), "file")
    response = client.get(url, headers={"Range": "bytes=0-99999"})
    if response.status_code == 206:
        assert response.content == FILM[:100_000]
    elif response.status_code == 200:
        assert response.content == FILM
    else:
        assert response.status_code == 502


@pytest.mark.parametrize("place", ["file", "segment"])
def test_23_the_first_bytes_do_not_wait_for_the_next(
    place: str, show: Show, url: str, client: httpx.Client
) -> None:
    gate = Gate(FILM, head=20)
    put_film(show, gate, place)
    with client.stream("GET", address_of_film(client, url, place)) as response:
        pieces = response.iter_raw()
        received = next(pieces)
        assert received == FILM[:20]
        gate.open()
        assert received + b"".join(pieces) == FILM


@pytest.mark.parametrize("place", ["file", "segment", "byte range"])
def test_25_players_that_leave_end_their_downloads(
    place: str, show: Show, url: str, client: httpx.Client
) -> None:
    length = {"Content-Length": str(10**12), "Content-Type": "video/mp4"}
    put_film(show, endless(bytes(100_000), fields=length), place, part="900000000@50000")
    address = address_of_film(client, url, place)
    bodies = []
    with ExitStack() as players:
        for _ in range(5):
            player = players.enter_context(httpx.Client(trust_env=False, verify=False, timeout=30))
            body = players.enter_context(player.stream("GET", address)).iter_raw()
            assert next(body)
            bodies.append(body)
        assert count_open(show) == 5
    until(lambda: count_open(show) == 0, "all downloads end", END_WITHIN)


def test_25_a_player_that_leaves_before_the_answer_ends_its_request(show: Show, url: str) -> None:
    put_film(show, always(Answer(is_silent=True)), "file")
    parts = urlsplit(url)
    with socket.create_connection((str(parts.hostname), int(parts.port or 0)), 30) as player:
        player.sendall(f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        until(lambda: count_open(show) == 1, "the upstream is asked")
    until(lambda: count_open(show) == 0, "the request ends", END_WITHIN)


def count_open(show: Show) -> int:
    return sum(exchange.is_open for exchange in show.exchanges())
