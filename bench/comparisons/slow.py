"""Players that take a film slowly, and players that leave: memory, and bytes read for nobody."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.measuring import By, Comparison, Contender, Goal, Sample, Work
from bench.stage import players, processes, proxies
from bench.stage.endless import Endless, endless
from bench.stage.origin import FILM, Origin, Proxy, origin
from bench.stage.other_proxies import Url
from bench.stage.peers import Others
from bench.stage.proxies import PLAIN_NGINX, STRMCTL, TUNED

SUBJECTS = ("memory", "leaving")
_PLAYERS, _RATE, _WATCHED = 200, 200_000, 8.0
"""Bytes a second for each; seconds."""
_WARMING = 50_000_000
_LEAVERS, _LEAVE_AFTER, _CLOSED_AFTER, _LOOKED_AT = 8, 1.0, 1.0, 2.0
_GOALS = {"plain": 50, "tls": 130}


@contextmanager
def comparisons(size: float, others: Others) -> Iterator[list[Comparison]]:
    with TemporaryDirectory() as folder, TemporaryDirectory() as other:
        with origin(Path(folder)) as source, endless(Path(other)) as film:
            number = max(4, round(_PLAYERS * min(1, size)))
            seconds = max(0.5, _WATCHED * min(1, size))
            memory = [_memory(source, others, site, number, seconds) for site in proxies.SITES]
            yield [*memory, _leaving(film, others)]


def _memory(source: Origin, others: Others, site: str, number: int, seconds: float) -> Comparison:
    """How much a server that was begun anew grows beyond what one film has taken."""

    def run(proxy: Proxy, url: Url) -> Sample:
        film = url(site, FILM)
        players.films(film, 1, _WARMING)
        before = highest = processes.memory(proxy.process_id)

        def look() -> None:
            nonlocal highest
            highest = max(highest, processes.memory(proxy.process_id))

        sample, taken = processes.used(
            proxy.process_id, lambda: players.slowly(film, number, _RATE, seconds, look)
        )
        note = f"{taken / 1e6 / sample.seconds:.0f} MB/s"
        return Sample(sample.seconds, sample.cpu, note, highest - before)

    summary = "200 slow players, plain / TLS upstream: growth of memory"
    goal = Goal(STRMCTL, _GOALS[site], by=By.VALUE, summary=summary)
    title = f"players of {_RATE // 1000} kB/s, {'TLS' if site == 'tls' else 'plain'} upstream"
    work = Work("memory", title, [goal], number, "players", "MB")
    return Comparison(work, _each_begun(source, others, run))


def _leaving(film: Endless, others: Others) -> Comparison:
    def run(proxy: Proxy, url: Url) -> Sample:
        def leave() -> int:
            players.slowly(url("tls", FILM), _LEAVERS, 10**9, _LEAVE_AFTER)
            time.sleep(_CLOSED_AFTER)  # noqa: TID251 - nothing is to happen meanwhile.
            before = film.sent()
            time.sleep(_LOOKED_AT)  # noqa: TID251
            return film.sent() - before

        sample, read = processes.used(proxy.process_id, leave)
        return Sample(sample.seconds, sample.cpu, "", read / 1e6)

    summary = "bytes read from a TLS upstream, from a second after its players have left"
    goal = Goal(STRMCTL, 0, by=By.VALUE, summary=summary)
    title = f"read in {_LOOKED_AT:g} s, from 1 s after all have left"
    work = Work("leaving", title, [goal], _LEAVERS, "players", "MB")
    return Comparison(work, _each_begun(film.origin, others, run))


def _each_begun(
    source: Origin, others: Others, run: Callable[[Proxy, Url], Sample]
) -> list[Contender]:
    """A server of its own for each round."""

    def contender(name: str) -> Contender:
        def measured() -> Sample:
            with proxies.begin(name, source, others) as (proxy, url):
                return run(proxy, url)

        return Contender(name, measured)

    return [contender(name) for name in (STRMCTL, TUNED, PLAIN_NGINX)]
