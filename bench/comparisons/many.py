"""Many titles at once in one process, and a second process beside the first."""

import itertools
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from bench.measuring import By, Comparison, Contender, Goal, Sample, Work
from bench.stage import library, players, processes
from bench.stage.origin import SMALL, Proxy, origin
from bench.stage.peers import Others
from bench.stage.upstream import Upstream, upstream

SUBJECTS = ("titles", "workers")
_FEW, _MANY = 450, 2_000
_SEGMENTS = 4000
_AT_ONCE = 16
_PAIR_SEGMENTS, _PAIR_AT_ONCE = 8000, 32


@contextmanager
def comparisons(size: float, others: Others) -> Iterator[list[Comparison]]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        server = stack.enter_context(upstream(0))
        few, many = (max(10, round(number * size)) for number in (_FEW, _MANY))
        sites = {"titles": f"{server.base}/titles/episode/{{slug}}.m3u8"}
        slugs = [f"title-{number}" for number in range(many)]
        proxy, named = stack.enter_context(
            library.serving(folder / "titles", sites, {"titles": slugs})
        )
        urls = [named["titles", slug] for slug in slugs]
        segments = max(many, round(_SEGMENTS * size))
        yield [
            _titles(proxy, server, urls, few, segments),
            _workers(stack, folder, max(200, round(_PAIR_SEGMENTS * size))),
        ]


def _titles(proxy: Proxy, server: Upstream, urls: list[str], few: int, segments: int) -> Comparison:
    """The same number of segments from few and from many titles, all of which are being played:
    each title is asked again only after all others, and for a segment that nobody has had."""
    unseen = itertools.count()
    with httpx.Client(trust_env=False, timeout=60) as client:
        listed = [_listed(client, url) for url in urls]

    def run(number: int) -> Sample:
        turn = next(unseen)
        warming = [every[turn] for every in listed[:number]]
        players.segments(warming, _AT_ONCE, number)
        turns = itertools.islice(unseen, -(-segments // number))
        asked = [every[turn] for turn in turns for every in listed[:number]]
        server.seen()
        sample, _ = processes.used(
            proxy.process_id, lambda: players.segments(asked, _AT_ONCE, segments)
        )
        return Sample(sample.seconds, sample.cpu, "", server.seen().requests / segments)

    some, every = f"{few:,} titles", f"{len(urls):,} titles"
    summary = "2,000 titles at once: CPU / upstream requests a segment, to 450 titles"
    goals = [
        Goal(every, 1.2, some, By.CPU, summary),
        Goal(every, 1.05, some, By.VALUE, summary),
    ]
    work = Work("titles", "segments in turns", goals, segments, "segments", "requests a segment")
    contenders = [Contender(some, lambda: run(few)), Contender(every, lambda: run(len(urls)))]
    return Comparison(work, contenders)


def _listed(client: httpx.Client, url: str) -> list[str]:
    """What stands at a playback URL are whole URLs."""
    return [line for line in client.get(url).text.splitlines() if line[0] != "#"]


def _workers(stack: ExitStack, folder: Path, number: int) -> Comparison:
    (folder / "origin").mkdir()
    source = stack.enter_context(origin(folder / "origin"))
    sites = {"plain": f"{source.url(tls=False)}/{{slug}}"}

    def contender(name: str, workers: int) -> Contender:
        served = library.serving(folder / name, sites, {"plain": [SMALL]}, workers=workers)
        proxy, named = stack.enter_context(served)
        urls = players.listed(named["plain", SMALL])

        def run() -> Sample:
            sample, _ = processes.used(
                proxy.process_id, lambda: players.segments(urls, _PAIR_AT_ONCE, number)
            )
            return sample

        return Contender(name, run)

    contenders = [contender("2 workers", 2), contender("1 worker", 1)]
    summary = "a second worker on two cores: seconds of both to those of one"
    goal = Goal("2 workers", None, "1 worker", summary=summary)
    title = f"64 KiB segments, {_PAIR_AT_ONCE} at once"
    return Comparison(Work("workers", title, [goal], number, "segments"), contenders)
