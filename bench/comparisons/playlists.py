"""A playlist of 10,000 segments as a player gets it: its size, and how long others wait for it."""

import gzip
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from bench.measuring import By, Comparison, Contender, Goal, Sample, Work
from bench.stage import library, players, processes
from bench.stage.library import Named
from bench.stage.origin import Proxy
from bench.stage.peers import Others
from bench.stage.upstream import LONG, playlist, upstream

SUBJECTS = ("stalls", "size")
_SITES = {"short": "shorturi.to", "long": "longuris.to", "signed": "signeduri.to"}
_KINDS = {
    "short": "short URIs",
    "long": "long URIs",
    "signed": "long URIs, each signed by itself",
}
_GOALS = {"short": (3.0, 1.0), "long": (1.0, 1.0), "signed": (1.0, 1.0)}
"""To the upstream's plain text, and of both in gzip."""
_SLUG = "attack-on-titan"
_CODINGS = ("identity", "gzip")
_LEVEL = 5
"""That of strmctl."""
_READ, _LEAST_ANSWERS = 6, 500
_READING, _IDLE = "strmctl", "with nothing to read"


@contextmanager
def comparisons(size: float, others: Others) -> Iterator[list[Comparison]]:
    with upstream(0) as server, TemporaryDirectory() as folder:
        sites = {
            site: f"{server.base}/titles/{kind}/{{slug}}.m3u8" for kind, site in _SITES.items()
        }
        slugs = {site: [_SLUG] for site in sites}
        slugs[_SITES["short"]] += [f"read-{number}" for number in range(100)]
        with library.serving(Path(folder) / "strmctl", sites, slugs) as (proxy, named):
            sizes = [_size(kind, named, coding) for kind in _SITES for coding in _CODINGS]
            yield [_stalls(proxy, named, max(1, round(_READ * min(1, size)))), *sizes]


def _stalls(proxy: Proxy, named: Named, number: int) -> Comparison:
    """The longest of many answers that take no work, while playlists of others are read: by what
    the server was busy with until then, since a clock counts what other processes take too."""
    unread = itertools.count()

    def run(playlists: int) -> Sample:
        urls = [named[_SITES["short"], f"read-{next(unread)}"] for _ in range(playlists)]
        sample, longest = processes.used(
            proxy.process_id, lambda: players.longest_answer(others, urls, _LEAST_ANSWERS, clock)
        )
        return Sample(sample.seconds, sample.cpu, "", 1e3 * longest)

    def clock() -> float:
        return processes.cpu(proxy.process_id)

    others = f"http://127.0.0.1:{proxy.port}/healthz"
    contenders = [Contender(_READING, lambda: run(number)), Contender(_IDLE, lambda: run(0))]
    summary = "10,000 segments are read: the most CPU before another is answered"
    goal = Goal(_READING, 20, by=By.VALUE, summary=summary)
    title = "CPU until another is answered, the most"
    return Comparison(Work("stalls", title, [goal], number, "playlists", "ms"), contenders)


def _size(kind: str, named: Named, coding: str) -> Comparison:
    """In bytes, of what is given at a playback URL: it holds absolute names."""

    def strmctl() -> Sample:
        with httpx.Client(trust_env=False, timeout=60) as client:
            fields = {"Accept-Encoding": coding}
            with client.stream("GET", named[_SITES[kind], _SLUG], headers=fields) as answer:
                answer.raise_for_status()
                return Sample(0, 0, value=sum(map(len, answer.iter_raw())) / 1000)

    def of_upstream() -> Sample:
        text = playlist(kind)
        if coding == "gzip":
            text = gzip.compress(text, _LEVEL)
        return Sample(0, 0, value=len(text) / 1000)

    plain, zipped = _GOALS[kind]
    at_most, form = (zipped, "in gzip") if coding == "gzip" else (plain, "plain text")
    summary = f"size of 10,000 segments, {_KINDS[kind]}, plain / in gzip: to the upstream's"
    goal = Goal("strmctl", at_most, "upstream", By.VALUE, summary)
    work = Work("size", f"{_KINDS[kind]}, {form}", [goal], LONG, "segments", "kB")
    return Comparison(work, [Contender("strmctl", strmctl), Contender("upstream", of_upstream)])
