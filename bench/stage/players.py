"""Players that read as fast as they can: they cost far less than whoever is measured with them."""

import heapq
import itertools
import selectors
import socket
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import httpx

from bench.measuring import NotMeasuredError

_BUFFER = memoryview(bytearray(2**20))
_PATIENCE = 30.0
_TURN = 0.05
_HEAD = 4096
"""Bytes; the head of an answer is read in one piece."""


@dataclass(slots=True)
class _Player:
    """`left` bytes of the answer are to come; None before its head."""

    connection: socket.socket
    left: int | None = None

    def ask(self, url: str) -> None:
        parts = urlsplit(url)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        self.left = None
        self.connection.sendall(f"GET {target} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())

    def ask_without_wait(self, url: str) -> None:
        self.ask(url)
        self.connection.setblocking(False)

    def take(self, at_most: int) -> int:
        """What has come of so many bytes, where it was asked for without a wait."""
        try:
            return self.read(min(at_most, len(_BUFFER)))
        except BlockingIOError:
            return 0

    def read(self, at_most: int = len(_BUFFER)) -> int:
        """The bytes of a body that came."""
        received = self.connection.recv_into(_BUFFER, at_most)
        if not received:
            raise NotMeasuredError("an answer was cut off")
        if self.left is None:
            head, _, _ = bytes(_BUFFER[:received]).partition(b"\r\n\r\n")
            status, _, fields = head.lower().partition(b"\r\n")
            if b" 200 " not in status:
                raise NotMeasuredError(f"answered {status.decode()}")
            self.left = int(fields.partition(b"content-length:")[2].split(b"\r")[0])
            received -= len(head) + 4
        self.left -= received
        return received


def films(url: str, players: int, enough: int) -> int:
    """So many connections together read `enough` bytes of a film, then they leave."""
    total = 0
    with selectors.DefaultSelector() as waiting:
        for player in _players(url, players, waiting):
            player.ask(url)
        while total < enough:
            for key in _ready(waiting):
                total += key.data.read()
        _leave(waiting)
    return total


def slowly(
    url: str, players: int, rate: int, seconds: float, look: Callable[[], None] = lambda: None
) -> int:
    """So many connections take at most `rate` bytes a second each of a film, then they leave; the
    bytes that they took. `look` is called some twenty times a second."""
    total, taken = 0, dict.fromkeys(range(players), 0)
    with selectors.DefaultSelector() as waiting:
        every = _players(url, players, waiting)
        for player in every:
            player.ask_without_wait(url)
        begun = time.perf_counter()
        while (passed := time.perf_counter() - begun) < seconds:
            for index, player in enumerate(every):
                due = round(passed * rate) - taken[index]
                if due > _HEAD and (came := player.take(due)):
                    taken[index] += came
                    total += came
            look()
            rest = passed + _TURN - (time.perf_counter() - begun)
            time.sleep(max(0.0, rest))  # noqa: TID251 - it is their slowness.
        _leave(waiting)
    return total


def segments(urls: Sequence[str], players: int, number: int) -> int:
    """`number` segments in all, one after the other on each kept connection; their bytes."""
    total, asked, every = 0, 0, itertools.cycle(urls)
    with selectors.DefaultSelector() as waiting:
        for player in _players(urls[0], players, waiting):
            player.ask(next(every))
            asked += 1
        done = 0
        while done < number:
            for key in _ready(waiting):
                player = key.data
                total += player.read()
                if player.left == 0:
                    done += 1
                    if asked < number:
                        player.ask(next(every))
                        asked += 1
        _leave(waiting)
    return total


def median_wait(urls: Sequence[str], players: int, number: int, between: float) -> float:
    """Seconds from a player's request to the last byte of its segment; each player asks every
    `between` seconds, one after the other, so that nobody waits for others' segments."""
    every = itertools.cycle(urls)
    waits: list[float] = []
    with selectors.DefaultSelector() as waiting:
        begun = time.perf_counter()
        idle = [
            (begun + between * index / players, index, player)
            for index, player in enumerate(_players(urls[0], players, waiting))
        ]
        asked: dict[int, tuple[float, int]] = {}
        while len(waits) < number:
            now = time.perf_counter()
            while idle and idle[0][0] <= now:
                _, index, player = heapq.heappop(idle)
                asked[id(player)] = (now, index)
                player.ask(next(every))
            limit = _PATIENCE if asked else max(0.0, idle[0][0] - now)
            if idle:
                limit = min(limit, max(0.0, idle[0][0] - now))
            for key, _ in waiting.select(limit):
                key.data.read()
                if key.data.left == 0:
                    at, index = asked.pop(id(key.data))
                    waits.append(time.perf_counter() - at)
                    heapq.heappush(idle, (at + between, index, key.data))
        _leave(waiting)
    return statistics.median(waits)


def longest_answer(
    url: str, beside: Sequence[str], at_least: int, clock: Callable[[], float]
) -> float:
    """By `clock`; `url` is asked for again and again, at least so many times, until all of `beside`
    have come one after another on a connection of their own."""
    longest, asked, pending = 0.0, 0, iter(beside)
    with selectors.DefaultSelector() as waiting:
        one, other = _players(url, 2, waiting)
        is_reading = _ask_next(other, pending)
        while is_reading or asked < at_least:
            begun = clock()
            one.ask(url)
            while one.left != 0:
                one.read()
            longest = max(longest, clock() - begun)
            asked += 1
            while is_reading and other.take(len(_BUFFER)):
                pass
            if is_reading and other.left == 0:
                is_reading = _ask_next(other, pending)
        _leave(waiting)
    return longest


def _ask_next(player: _Player, urls: Iterator[str]) -> bool:
    url = next(urls, None)
    if url:
        player.ask_without_wait(url)
    return url is not None


def listed(url: str) -> list[str]:
    text = httpx.get(url, timeout=_PATIENCE).text
    return [urljoin(url, line) for line in text.splitlines() if line and line[0] != "#"]


def _players(url: str, number: int, waiting: selectors.BaseSelector) -> list[_Player]:
    parts = urlsplit(url)
    every = []
    for _ in range(number):
        connection = socket.create_connection((parts.hostname, parts.port), _PATIENCE)
        every.append(_Player(connection))
        waiting.register(connection, selectors.EVENT_READ, every[-1])
    return every


def _ready(waiting: selectors.BaseSelector) -> list[selectors.SelectorKey]:
    """Raises NotMeasuredError where nobody has sent anything for long."""
    ready = waiting.select(_PATIENCE)
    if not ready:
        raise NotMeasuredError(f"sent nothing for {_PATIENCE:g} s")
    return [key for key, _ in ready]


def _leave(waiting: selectors.BaseSelector) -> None:
    for key in list(waiting.get_map().values()):
        key.data.connection.close()
