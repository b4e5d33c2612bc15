"""Rows 60 to 64, other members: an upstream that takes its time ends by a deadline, alone."""

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta

import httpx
import pytest

from stage import presentation
from stage.proxy import ALLOWED, Proxy, running_proxy, settings_for
from stage.show import Resolver
from stage.viewer import follow
from strmctl.settings.model import UpstreamSettings

_PAUSE = 0.2
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\n"
_TLS_RECORD = b"\x16\x03\x03\x40\x00"
QUICK = UpstreamSettings(
    allow=ALLOWED,
    connect_timeout=timedelta(seconds=1),
    first_byte_timeout=timedelta(seconds=1),
)

Behaviour = Callable[[socket.socket, threading.Event], None]


def says_nothing(connection: socket.socket, over: threading.Event) -> None:
    over.wait()


def drips(first: bytes, more: bytes) -> Behaviour:
    """Bytes without end, one after the other. The client speaks first, also in TLS: whoever
    does not wait for that is told apart at once."""

    def behave(connection: socket.socket, over: threading.Event) -> None:
        connection.recv(1)
        connection.sendall(first)
        while not over.wait(_PAUSE):
            connection.sendall(more)

    return behave


def sends(data: bytes) -> Behaviour:
    """At once, and then nothing more."""

    def behave(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(data)
        over.wait()

    return behave


@contextmanager
def raw_upstream(behave: Behaviour) -> Iterator[str]:
    """Its address; every connection behaves so until the end of the block."""
    over = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    threads: list[threading.Thread] = []

    def converse(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            behave(connection, over)

    def accept() -> None:
        with suppress(OSError):
            while True:
                threads.append(threading.Thread(target=converse, args=listener.accept()[:1]))
                threads[-1].start()

    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        over.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for thread in (accepting, *threads):
            thread.join()


@pytest.fixture(scope="module")
def hasty(resolver: Resolver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    folder = tmp_path_factory.mktemp("hasty")
    with running_proxy(settings_for(folder, resolver.url, upstream=QUICK)) as proxy:
        yield proxy


@pytest.mark.parametrize(
    ("behave", "scheme", "status"),
    [
        pytest.param(says_nothing, "http", 504, id="silence"),
        pytest.param(says_nothing, "https", 504, id="no TLS handshake"),
        pytest.param(
            drips(_TLS_RECORD, b"\0"),
            "https",
            504,
            id="a TLS handshake that drips",
            marks=pytest.mark.slow,
        ),
        pytest.param(sends(b"HTTP/1.1 400 No\r\n\r\n"), "https", 502, id="no TLS at all"),
        pytest.param(drips(_HEAD + b"X-A: ", b"x"), "http", 504, id="a field that drips"),
        pytest.param(
            drips(_HEAD, b"X-A: b\r\n"),
            "http",
            504,
            id="fields without end",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            drips(b"", b"HTTP/1.1 102 Wait\r\n\r\n"), "http", 504, id="interim answers that drip"
        ),
        pytest.param(drips(_HEAD + b"\r\n", b""), "http", 504, id="a body that never comes"),
        pytest.param(sends(_HEAD + b"X-A: " + b"x" * 65536), "http", 502, id="a head of 64 KiB"),
        pytest.param(
            sends(_HEAD + b"X-A: b\r\n" * 20_000 + b"\r\n"), "http", 502, id="20,000 fields"
        ),
        pytest.param(sends(b"\0" * 65536), "http", 502, id="64 KiB of nothing"),
    ],
)
def test_64_an_upstream_that_takes_its_time_ends_by_a_deadline(
    behave: Behaviour,
    scheme: str,
    status: int,
    hasty: Proxy,
    resolver: Resolver,
    client: httpx.Client,
) -> None:
    bad, good = resolver.new_show(), resolver.new_show()
    data = presentation.flat(good, ["a.ts"])
    with raw_upstream(behave) as address, ThreadPoolExecutor(8) as pool:
        bad.elsewhere = f"{scheme}://{address}/film.mp4"
        url = hasty.playback_url(bad.slug)
        waiting = [pool.submit(httpx.get, url, trust_env=False, timeout=60) for _ in range(8)]
        [segment] = follow(client, hasty.playback_url(good.slug))
        assert client.get(segment).content == data["a.ts"]
        answers = [future.result() for future in waiting]
    assert {answer.status_code for answer in answers} == {status}, answers[0].text
    assert len(bad.questions) <= 2


def test_50_redirects_between_hosts_of_which_one_is_silent_end_by_a_deadline(
    hasty: Proxy, resolver: Resolver
) -> None:
    show = resolver.new_show()
    with raw_upstream(says_nothing) as silent:
        there = f"Location: http://{silent}/film.mp4\r\nContent-Length: 0\r\n\r\n"
        with raw_upstream(sends(f"HTTP/1.1 302 Found\r\n{there}".encode())) as address:
            show.elsewhere = f"http://{address}/film.mp4"
            answer = httpx.get(
                hasty.playback_url(show.slug), trust_env=False, verify=False, timeout=60
            )
    assert answer.status_code == 504
    assert len(show.questions) <= 2
