"""`strmctl serve` with ten live channels, and what its titles resolve to."""

import itertools
import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from stage.broadcast import Broadcast, Station
from stage.strmctl import Strmctl, new_strmctl
from stage.upstream import Answer, Request, Upstream, running_upstream
from system.load.viewers import TOKEN_SECONDS, Channel

Channels = Callable[[int], list[Broadcast]]
_numbers = itertools.count(1)


class Resolver:
    """Answers any number at once: `answers` by slug, 404 for others."""

    def __init__(self, upstream: Upstream) -> None:
        self.url = f"{upstream.url}/resolve"
        self.answers: dict[str, Callable[[], Mapping[str, Any]]] = {}
        upstream.sites["resolve"] = self

    def __call__(self, request: Request) -> Answer:
        answer = self.answers.get(json.loads(request.body)["slug"])
        return Answer(200, json.dumps(answer()).encode()) if answer else Answer(404)


@pytest.fixture(scope="session")
def resolver() -> Iterator[Resolver]:
    with running_upstream() as upstream:
        yield Resolver(upstream)


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with running_upstream() as upstream:
        yield upstream


@pytest.fixture
def own_strmctl(resolver: Resolver, tmp_path: Path) -> Strmctl:
    return new_strmctl(tmp_path / "strmctl", resolver.url)


@pytest.fixture(scope="session")
def channels(resolver: Resolver) -> Iterator[Channels]:
    """Broadcasts of so many new channels, whose tokens live for 45 seconds."""
    with running_upstream() as upstream:
        station = Station(upstream)

        def begin(count: int) -> list[Broadcast]:
            made = []
            for _ in range(count):
                channel = Channel(f"channel {next(_numbers)}")
                broadcast = Broadcast(channel, upstream, token_seconds=TOKEN_SECONDS)
                station.add(broadcast)
                resolver.answers[broadcast.slug] = broadcast.resolve
                made.append(broadcast)
            return made

        yield begin


def titles(resolver: Resolver, urls: Sequence[str]) -> list[str]:
    """Slugs that resolve to these URLs."""
    slugs = [f"title-{next(_numbers)}" for _ in urls]
    for slug, url in zip(slugs, urls, strict=True):
        resolver.answers[slug] = partial(dict, url=url, expires_at=None)
    return slugs


def register(strmctl: Strmctl, slugs: Sequence[str]) -> None:
    """A mapping and a `.strm` for each."""
    fields = {"site": "made.up", "language": "de", "season": 1, "episode": 2}
    lines = [json.dumps({**fields, "slug": slug}) for slug in slugs]
    batch = strmctl.folder / "batch.ndjson"
    batch.write_text("\n".join(lines))
    run = strmctl.run("write", "--from", str(batch), "--quiet")
    assert run.returncode == 0, run.stderr


@contextmanager
def held_by_a_writer(strmctl: Strmctl) -> Iterator[None]:
    """Another program holds the write lock of the database."""
    with closing(sqlite3.connect(strmctl.folder / "strmctl.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def silent_names(folder: Path, name_server: str) -> Sequence[str]:
    """A command that runs another one where this name server is the only one."""
    conf = folder / "resolv.conf"
    conf.write_text(f"nameserver {name_server}\n")
    apart = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    return [*apart, "sh", "-c", f'mount --bind {conf} /etc/resolv.conf && exec "$@"', "sh"]
