"""Rows 39, 40 and 43: an outage, a provider that allows one request, a large library."""

import asyncio
import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from stage.egress_proxies import PROXIES
from stage.probed_hosts import Host, hosts
from stage.probed_library import START, Library, configuration, library_in, settings_in
from strmctl.domain.mapping import LinkState
from strmctl.domain.selection import Selection
from strmctl.storage.tables.probe_records import ProbeQueue

_MANY = """
WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 100000)
INSERT INTO strm_mapping (strm_path, site, slug, season, episode, language, resolved_url)
SELECT n || '.strm', 'site.example', 'show', n / 1000, n % 1000, 'German Dub',
    'http://cdn.example/' || n
FROM number
"""
_STRMCTL = (sys.executable, "-m", "strmctl")


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    made = library_in(tmp_path)
    with made.database:
        yield made


@pytest.mark.parametrize("kind", PROXIES)
async def test_39_an_egress_that_stops_in_mid_run_leaves_the_library_alone(
    kind: str, tmp_path: Path
) -> None:
    with ExitStack() as running:
        proxy = running.enter_context(PROXIES[kind](tmp_path))
        library = library_in(tmp_path, settings_in(tmp_path, egress=proxy.url))
        (tmp_path / "strmctl.toml").write_text(configuration(library.settings))
        async with hosts(Host(delay=0.01), Host(delay=0.01)) as two:
            with library.database:
                library.add(host.url(f"alive/{number}") for number in range(2500) for host in two)
                before = library.mappings()
                run = await asyncio.create_subprocess_exec(
                    *_STRMCTL,
                    "probe",
                    cwd=tmp_path,
                    env=os.environ | {"STRMCTL_PROBE_PER_HOST": "16"},
                    stdout=asyncio.subprocess.PIPE,
                    stderr=asyncio.subprocess.PIPE,
                )
                async with asyncio.timeout(60):
                    while not _saved(library):
                        assert run.returncode is None
                        await asyncio.sleep(0.05)
                running.close()
                out, err = await run.communicate()
                assert run.returncode == 13, err
                assert out == b""
                [line] = err.decode().splitlines()
                assert line.startswith("strmctl: the egress ")
                assert library.mappings() == before
                assert library.events() == []


@pytest.mark.slow
async def test_39_a_vpn_without_a_proxy_that_drops_leaves_the_library_alone(
    tmp_path: Path,
) -> None:
    library = library_in(tmp_path)
    (tmp_path / "strmctl.toml").write_text(configuration(library.settings))
    async with hosts(Host(delay=0.01), Host(delay=0.01), Host(delay=0.01)) as three:
        with library.database:
            library.add(host.url(f"alive/{number}") for number in range(1500) for host in three)
            before = library.mappings()
            run = await asyncio.create_subprocess_exec(
                *_STRMCTL,
                "probe",
                cwd=tmp_path,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
            async with asyncio.timeout(60):
                while not _saved(library):
                    assert run.returncode is None
                    await asyncio.sleep(0.05)
            for host in three:
                host.is_down = True
            out, err = await run.communicate()
            assert (run.returncode, out) == (13, b"")
            assert len(err.decode().splitlines()) == 1
            assert library.mappings() == before


async def test_40_a_host_that_allows_one_request_at_a_time(library: Library) -> None:
    async with hosts(Host(at_once=1, delay=0.005)) as (host,):
        library.add(host.url(f"alive/{number}") for number in range(120))
        await library.probe()
    assert Counter(library.states()) == {LinkState.ALIVE: 120}
    assert host.refusals <= 8


async def test_40_a_host_that_wants_to_be_left_alone(library: Library) -> None:
    async with hosts(Host(refuses_all={"Retry-After": "3600"})) as (host,):
        library.add(host.url(f"alive/{number}") for number in range(500))
        await library.probe()
        assert host.refusals <= 16
        assert Counter(library.states()) == {LinkState.THROTTLED: 500}
        library.later(minutes=30)
        await library.probe()
        assert host.refusals <= 16, "it said an hour"


def test_43_what_is_due_is_two_queries_and_a_thousand_rows_are_another(library: Library) -> None:
    with library.database.transaction() as connection:
        connection.execute(_MANY)
    statements: list[str] = []
    library.database.db.conn.set_trace_callback(statements.append)
    queue = ProbeQueue(library.database, Selection(stale_before=START), START)
    assert len(queue) == 100_000
    assert len(statements) == 2
    assert sum(1 for _ in queue) == 100_000
    assert len(statements) == 2 + 100


def _saved(library: Library) -> int:
    [row] = library.database.query(
        "SELECT count(*) AS number FROM strm_mapping WHERE last_probed_at IS NOT NULL"
    )
    return int(row["number"])
