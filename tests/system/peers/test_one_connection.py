"""Rows 53 and 66: a provider that allows one connection, and a name that only others know yet."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpx
import pytest

from stage.presentation import content
from stage.proxy import Proxy, running_proxy
from stage.routes import deaf, file, playlist, unmeasured
from stage.show import Resolver, Show
from stage.upstream import Answer, Request, Route
from stage.viewer import follow
from strmctl.settings.model import Settings

FILM = b"".join(content(f"film {number}", 1_000_000) for number in range(60))
"""More than the kernel keeps for a connection that nobody reads."""


def one_at_a_time(show: Show, route: Route, refusal: Answer) -> Route:
    """Refuses while another body of the show is still being sent."""

    def guarded(request: Request) -> Answer:
        *others, _ = [each for each in show.exchanges(request.path) if each.is_open]
        return refusal if others else route(request)

    return guarded


@contextmanager
def left_open(url: str, part: str = "bytes=0-") -> Iterator[socket.socket]:
    """A connection that has read the head of its answer, and reads no more."""
    parts = urlsplit(url)
    with socket.create_connection((str(parts.hostname), int(parts.port or 80)), 30) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        target = f"{parts.path}?{parts.query}"
        connection.sendall(
            f"GET {target} HTTP/1.1\r\nHost: {parts.netloc}\r\nRange: {part}\r\n"
            "Connection: close\r\n\r\n".encode()
        )
        assert connection.recv(200).startswith(b"HTTP/1.1 206")
        yield connection


@pytest.fixture
def film(show: Show) -> Show:
    show.entry = "film.mkv"
    return show


@pytest.mark.parametrize("status", [403, 423, 429, 503])
def test_53_an_older_stream_of_the_same_player_gives_way(
    status: int, film: Show, url: str, client: httpx.Client
) -> None:
    refusal = Answer(status, b"one connection only", {"Content-Type": "text/plain"})
    film.routes["film.mkv"] = one_at_a_time(film, file(FILM, etag='"film"'), refusal)
    with left_open(url):
        for first in (20_000_000, 59_000_000):
            answer = client.get(url, headers={"Range": f"bytes={first}-"})
            assert (answer.status_code, answer.content) == (206, FILM[first:])
    assert len(film.questions) == 1


def test_53_what_has_given_way_goes_on_where_it_was(
    film: Show, url: str, client: httpx.Client
) -> None:
    refusal = Answer(403, b"one connection only", {"Content-Type": "text/plain"})
    film.routes["film.mkv"] = one_at_a_time(film, file(FILM, etag='"film"'), refusal)
    with client.stream("GET", url) as older:
        pieces = older.iter_bytes()
        received = next(pieces)
        assert client.get(url, headers={"Range": "bytes=-1000"}).content == FILM[-1000:]
        assert received + b"".join(pieces) == FILM


@pytest.mark.parametrize("ignored", [(), ("range",)], ids=["ranges", "no ranges"])
def test_53_what_has_no_length_gives_way_too(
    ignored: tuple[str, ...], film: Show, url: str, client: httpx.Client
) -> None:
    refusal = Answer(403, b"one connection only", {"Content-Type": "text/plain"})
    whole = unmeasured(deaf(file(FILM, etag='"film"'), *ignored))
    film.routes["film.mkv"] = one_at_a_time(film, whole, refusal)
    with client.stream("GET", url) as older:
        pieces = older.iter_bytes()
        received = next(pieces)
        with client.stream("GET", url, headers={"Range": "bytes=0-999"}) as newer:
            assert next(newer.iter_bytes(1000)) == FILM[:1000]
        assert received + b"".join(pieces) == FILM


def test_53_another_identity_does_not_give_way(
    film: Show, url: str, proxy: Proxy, resolver: Resolver, client: httpx.Client
) -> None:
    film.routes["film.mkv"] = file(FILM, etag='"film"')
    other = resolver.new_show()
    other.entry = "film.mkv"
    other.routes["film.mkv"] = lambda request: Answer(403, b"no", {"Content-Type": "text/plain"})
    with left_open(url):
        assert client.get(proxy.playback_url(other.slug)).status_code == 403
        assert [each.is_open for each in film.exchanges("film.mkv")] == [True]


def window(first: int) -> str:
    lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:2", f"#EXT-X-MEDIA-SEQUENCE:{first}"]
    for number in range(first, first + 3):
        lines += ["#EXTINF:2.000,", f"s{number}.ts"]
    return "\n".join([*lines, ""])


@pytest.mark.parametrize("late", [0, 2], ids=["at once", "the edge is late"])
def test_66_the_newest_live_segment_asked_of_another_process(
    late: int, show: Show, settings: Settings, client: httpx.Client
) -> None:
    """One has just read the playlist, the other reads it as soon as the next segment is there."""
    files = {f"s{number}.ts": b"G" + content(f"s{number}", 2000) for number in range(9)}
    show.routes |= {name: file(data) for name, data in files.items()}
    show.routes["index.m3u8"] = playlist(window(0))
    with running_proxy(settings) as one:
        url = one.playback_url(show.slug)
        [*_, newest] = follow(client, url)
        assert newest.endswith("/2.ts")
        asked = len(show.asked("index.m3u8"))

        def index(request: Request) -> Answer:
            is_late = len(show.asked("index.m3u8")) <= asked + late
            return playlist(window(0 if is_late else 1))(request)

        show.routes["index.m3u8"] = index
        answer = client.get(newest.replace("/2.ts", "/3.ts"))
        assert (answer.status_code, answer.content) == (200, files["s3.ts"])


def test_66_what_is_far_beyond_is_not_waited_for(
    show: Show, url: str, client: httpx.Client
) -> None:
    show.routes["index.m3u8"] = playlist(window(0))
    [*_, newest] = follow(client, url)
    answers: list[int] = []
    far = threading.Thread(
        target=lambda: answers.append(client.get(newest.replace("/2.ts", "/99.ts")).status_code)
    )
    far.start()
    far.join(2.5)
    assert answers == [404]
    assert client.get(newest.replace("/2.ts", "/4.ts")).status_code == 404
