"""The price of a byte and of a request: `strmctl serve` beside nginx and the proxies of its field.

CPU seconds are those of the proxy's process alone, as the operating system counts them.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.measuring import By, Comparison, Goal, Sample, Work
from bench.stage import players, processes, proxies
from bench.stage.origin import FILM, FILM_BYTES, LARGE, SMALL, Proxy, origin
from bench.stage.other_proxies import Url
from bench.stage.peers import HLS_PROXY, MEDIAFLOW, Others
from bench.stage.proxies import PLAIN_NGINX, STRMCTL, TUNED, Begun

SUBJECTS = ("films", "requests", "waiting")
_BYTES, _SEGMENTS = 1_000_000_000, 2000
_WAITS, _BETWEEN = 400, 0.1
_FEWER = {
    "films": {MEDIAFLOW.name: 4, HLS_PROXY.name: 4},
    "requests": {MEDIAFLOW.name: 20},
    "waiting": {MEDIAFLOW.name: 20},
}
"""By subject, so small a share of the segments is played through those that would take minutes."""
_GOALS = {"plain": 1.2, "tls": 1.15}
"""For one film; over TLS nginx has more to do too."""
_BEHIND = {"plain": "plain upstream", "tls": "TLS upstream"}
_OTHERS = {
    PLAIN_NGINX: "nginx as it comes",
    MEDIAFLOW.name: MEDIAFLOW.name,
    HLS_PROXY.name: HLS_PROXY.name,
}


@contextmanager
def comparisons(size: float, others: Others) -> Iterator[list[Comparison]]:
    with (
        TemporaryDirectory() as folder,
        origin(Path(folder)) as source,
        proxies.begun(source, others) as every,
    ):
        amount = round(_BYTES * size)
        compared = [one for site in proxies.SITES for one in _bytes(every, amount, site)]
        number = max(200, round(_SEGMENTS * size))
        compared += [_requests(every, number, site) for site in proxies.SITES]
        if others is not Others.NONE:
            direct = [f"{source.url(tls=False)}/small/{index}.ts" for index in range(400)]
            waits = max(100, round(_WAITS * size))
            compared += [_waiting(every, direct, waits, site) for site in proxies.SITES]
        yield compared


def _bytes(every: Mapping[str, Begun], amount: int, site: str) -> Iterator[Comparison]:
    for number, at_most in ((1, _GOALS[site]), (32, 1.15)):
        enough = min(amount, FILM_BYTES * number * 9 // 10)
        title = f"{number} film{'s'[: number - 1]}, {_BEHIND[site]}"
        goals = _goals(f"film, {_BEHIND[site]}, 1 / 32 players", at_most)
        work = Work("films", title, goals, enough // 10**6, "MB")
        yield _compared(every, work, partial(_films, site, number, enough))
    for number in (1, 32):
        count = max(number, amount // (4 * 2**20))
        title = f"4 MB segments, {_BEHIND[site]}, {number} at once"
        goals = _goals(f"4 MB segments, {_BEHIND[site]}, 1 / 32 players", 1.5)
        work = Work("films", title, goals, count, "segments")
        yield _compared(every, work, partial(_segments, site, LARGE, number, count))


def _goals(summary: str, at_most: float) -> list[Goal]:
    """Beside tuned nginx, and ahead of everyone else."""
    goals = [Goal(STRMCTL, at_most, TUNED, By.CPU, f"{summary}: CPU to tuned nginx")]
    for name, said in _OTHERS.items():
        summary = f"films and 4 MB segments: CPU to {said}"
        goals.append(Goal(STRMCTL, 1.0, name, By.CPU, summary))
    return goals


def _requests(every: Mapping[str, Begun], number: int, site: str) -> Comparison:
    title = f"64 KiB segments, {_BEHIND[site]}, 16 at once"
    summary = "64 KiB segments, plain / TLS upstream: CPU to tuned nginx"
    goal = Goal(STRMCTL, 10, TUNED, By.CPU, summary)
    work = Work("requests", title, [goal], number, "segments")
    return _compared(every, work, partial(_segments, site, SMALL, 16, number))


def _waiting(every: Mapping[str, Begun], direct: list[str], number: int, site: str) -> Comparison:
    """What a player waits longer for a segment than if it asked the origin itself."""

    def run(name: str, proxy: Proxy, url: Url) -> Sample:
        urls = players.listed(url(site, SMALL))
        waits = number // _FEWER["waiting"].get(name, 1)
        least = players.median_wait(direct, 16, number // 4, _BETWEEN)
        sample, wait = processes.used(
            proxy.process_id, lambda: players.median_wait(urls, 16, waits, _BETWEEN)
        )
        note = f"{1e3 * least:.2f} ms directly"
        return Sample(sample.seconds, sample.cpu, note, 1e3 * (wait - least))

    summary = "64 KiB segments, plain / TLS upstream: later than from the origin, median"
    goal = Goal(STRMCTL, 0.5, by=By.VALUE, summary=summary)
    title = f"64 KiB segments, {_BEHIND[site]}, 16 players, 160 a second"
    work = Work("waiting", title, [goal], number, "segments", "ms")
    return Comparison(work, proxies.contenders(every, run))


def _compared(
    every: Mapping[str, Begun], work: Work, play: Callable[[int, Url], int]
) -> Comparison:
    def run(name: str, proxy: Proxy, url: Url) -> Sample:
        fewer = _FEWER[work.subject].get(name, 1) if work.unit == "segments" else 1
        sample = _played(proxy, lambda: play(fewer, url))
        return Sample(sample.seconds * fewer, sample.cpu * fewer, sample.note)

    return Comparison(work, proxies.contenders(every, run))


def _films(site: str, number: int, enough: int, fewer: int, url: Url) -> int:
    return players.films(url(site, FILM), number, enough // fewer)


def _segments(site: str, name: str, number: int, count: int, fewer: int, url: Url) -> int:
    return players.segments(players.listed(url(site, name)), number, max(1, count // fewer))


def _played(proxy: Proxy, play: Callable[[], int]) -> Sample:
    sample, total = processes.used(proxy.process_id, play)
    return Sample(sample.seconds, sample.cpu, f"{1e9 * sample.cpu / total:.2f} CPU s/GB")
