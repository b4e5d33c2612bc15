"""`serve --maintain` alone with a library for minutes, in which every link ends several times.

Thirty links end after a minute, twenty do not, one is taken away; the way out breaks down in the
middle, while somebody watches films all the time.
"""

import json
import random
import sqlite3
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest

from stage.egress_proxies import tinyproxy
from stage.strmctl import Strmctl, new_strmctl
from stage.waiting import free_port, until
from system.maintain.world import World, running_world

LIFE = 60.0
STALE_AFTER = 20.0
PATIENCE = 60.0
SETTINGS = {
    "STRMCTL_MAINTAIN_REFRESH_EVERY": "5s",
    "STRMCTL_MAINTAIN_REFRESH_EXPIRING": "36s",
    "STRMCTL_MAINTAIN_PROBE_EVERY": "4s",
    "STRMCTL_PROBE_STALE_AFTER": f"{STALE_AFTER}s",
    "STRMCTL_PROBE_WINDOW": "1s",
}
EXPIRING = [f"expiring-{number}" for number in range(30)]
LASTING = [f"lasting-{number}" for number in range(20)]
TAKEN_AWAY = "taken-away"


@dataclass
class Watch:
    """What the database holds, looked at again and again from beside the server."""

    database: Path
    ends: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    least_left: float = LIFE

    def look(self) -> None:
        for slug, end, left in self.rows(
            "SELECT slug, expires_at, (julianday(expires_at) - julianday('now')) * 86400"
            " FROM strm_mapping WHERE expires_at IS NOT NULL"
        ):
            self.ends[slug].add(end)
            self.least_left = min(self.least_left, left)

    def states(self) -> list[tuple[str, str, int]]:
        return self.rows("SELECT slug, state, fail_count FROM strm_mapping ORDER BY slug")

    def all_alive(self) -> bool:
        return {state for _, state, _ in self.states()} == {"alive"}

    def all_renewed(self, times: int) -> Callable[[], bool]:
        """Whether every link that ends was renewed so many times from now on."""
        before = {slug: len(self.ends[slug]) for slug in EXPIRING}
        return lambda: all(len(self.ends[slug]) >= before[slug] + times for slug in EXPIRING)

    def last_job(self) -> int:
        [(number,)] = self.rows("SELECT max(id) FROM job")
        return int(number)

    def jobs(self, after: int = 0) -> list[tuple[str, str, int]]:
        """Those of the server that are over: the first argument, the cause and the exit code."""
        return self.rows(
            "SELECT command || ' ' || coalesce(json_extract(arguments, '$[0]'), ''), cause,"
            " exit_code FROM job WHERE finished_at IS NOT NULL AND cause <> 'cron'"
            f" AND id > {after} ORDER BY id"
        )

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.database, timeout=30)) as connection:
            return connection.execute(query).fetchall()


@contextmanager
def again_and_again(act: Callable[[], None], every: float) -> Iterator[None]:
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(every):
            act()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(30)


@pytest.fixture
def world() -> Iterator[World]:
    with running_world(LIFE) as world:
        yield world


def a_library(folder: Path, world: World, environ: Mapping[str, str]) -> Strmctl:
    """All links resolved, none looked at yet."""
    strmctl = new_strmctl(folder / "strmctl", world.resolver_url)
    episode = {"site": "made.up", "season": 1, "episode": 1, "language": "de"}
    slugs = [*EXPIRING, *LASTING, TAKEN_AWAY]
    lines = [json.dumps({**episode, "slug": slug}) for slug in slugs]
    (strmctl.folder / "episodes.ndjson").write_text("\n".join(lines))
    for command in ("write --from episodes.ndjson", "refresh --all"):
        ended = strmctl.run(*command.split(), environ=environ)
        assert ended.returncode == 0, ended.stderr
    world.reasons.clear()
    return strmctl


def playback_urls(strmctl: Strmctl, environ: Mapping[str, str]) -> dict[str, str]:
    lines = strmctl.run("list", "--json", environ=environ).stdout.splitlines()
    documents = [json.loads(line) for line in lines]
    return {each["slug"]: each["playback_url"] for each in documents if each["type"] == "mapping"}


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_days_of_a_library(is_long: bool, world: World, tmp_path: Path) -> None:
    renewals = 10 if is_long else 2  # before the outage and after it, half a minute each
    port = free_port()
    with ExitStack() as stack:
        way_out = stack.enter_context(ExitStack())
        proxy = way_out.enter_context(tinyproxy(tmp_path, port=port))
        environ = {**SETTINGS, "STRMCTL_UPSTREAM_EGRESS": proxy.url}
        strmctl = a_library(tmp_path, world, environ)
        urls = playback_urls(strmctl, environ)
        watch = Watch(strmctl.folder / "strmctl.db")
        server = stack.enter_context(strmctl.serving("--maintain", environ=environ))
        player = stack.enter_context(httpx.Client(trust_env=False, verify=False, timeout=30))
        others = stack.enter_context(ExitStack())
        others.enter_context(again_and_again(watch.look, 0.2))
        played: Counter[int] = Counter()

        def play() -> None:
            played[player.get(urls[random.choice(EXPIRING)]).status_code] += 1

        others.enter_context(again_and_again(play, 0.3))
        until(watch.all_alive, "all are seen to be alive", PATIENCE)

        world.gone.add(TAKEN_AWAY)
        until(lambda: not watch.all_alive(), "what was taken away is missed", PATIENCE)
        until(watch.all_alive, "it is found again", PATIENCE)
        assert (TAKEN_AWAY, "refresh") in world.reasons

        patience = renewals * LIFE
        until(watch.all_renewed(renewals), "every link is renewed for minutes", patience)
        assert watch.all_alive()

        way_out.close()
        before, ran = watch.states(), watch.last_job()
        until(lambda: _both_failed(watch.jobs(after=ran)), "both runs see no way out", PATIENCE)
        assert watch.states() == before
        outage_ended = time.time()
        stack.enter_context(tinyproxy(tmp_path, port=port))
        until(watch.all_renewed(renewals), "every link is renewed for minutes again", patience)
        assert watch.all_alive()
        others.close()
        jobs = watch.jobs()
        assert server.stop() == 0

    assert watch.ends.keys() == set(EXPIRING)
    assert watch.least_left > 0, "a link has ended"
    assert [asked for asked in world.asked if asked.late is not None and asked.late > 0] == []
    assert {reason for _, reason in world.reasons} == {"refresh"}, "no viewer had to wait for it"
    assert played[200] > 40 * renewals
    assert set(played) <= {200, 502}
    assert {cause for _, cause, _ in jobs} == {"maintain"}
    commands = {command for command, _, _ in jobs}
    assert commands == {
        "add --watched",
        "refresh --expiring",
        "refresh --dead",
        "probe --stale",
        "prune-events --older-than",
    }
    assert {code for _, _, code in jobs} <= {0, 10, 13}
    for slug in LASTING:
        times = [asked.at for asked in world.of(slug)]
        waits = [later - earlier for earlier, later in pairwise(times)]
        assert len(waits) >= 3, "it is probed"
        assert min(waits) > STALE_AFTER - 1, "not before it is due"
        assert times[-1] > outage_ended, "also after the outage"
    assert {asked.client for asked in world.asked} == {proxy.source}
    assert "Traceback" not in server.log.read_text()


def _both_failed(jobs: Sequence[tuple[str, str, int]]) -> bool:
    failed = {command for command, _, code in jobs if code == 13}
    return {"probe --stale", "refresh --expiring"} <= failed
