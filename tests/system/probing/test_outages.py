"""While the egress is down nothing is concluded, whatever this run has seen and saved before."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from stage.probed_hosts import Host, hosts
from stage.probed_library import EVERYTHING, START, Library, library_in, settings_in
from strmctl.domain.mapping import LinkState, Resolution
from strmctl.errors import EgressError, SettingsError
from strmctl.settings.model import ProbeSettings
from strmctl.storage.tables.mappings import Mappings, StoredResolution

ALIVE, SUSPECT, UNKNOWN = LinkState.ALIVE, LinkState.SUSPECT, LinkState.UNKNOWN


def with_canaries(folder: Path, *urls: str) -> Library:
    probe = ProbeSettings(timeout=timedelta(seconds=30), canaries=urls)
    return library_in(folder, settings_in(folder, probe=probe))


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    made = library_in(tmp_path)
    with made.database:
        yield made


def untouched(library: Library) -> bool:
    rows = library.mappings()
    return all(row.state is UNKNOWN and row.last_probed_at is None for row in rows) and (
        library.events() == []
    )


async def test_most_hosts_from_the_beginning(library: Library) -> None:
    async with hosts(Host(), Host(is_down=True), Host(is_down=True)) as three:
        library.add(host.url(f"alive/{number}") for host in three for number in range(10))
        with pytest.raises(EgressError, match="2 of 3 hosts failed at once"):
            await library.probe()
    assert untouched(library)


async def test_a_link_that_is_not_asked_vouches_for_nobody(library: Library) -> None:
    async with hosts(Host(is_down=True), Host(is_down=True)) as two:
        library.add(host.url("alive/1") for host in two)
        library.add(f"http://10.0.0.{number}/film.mp4" for number in range(1, 4))
        with pytest.raises(EgressError, match="2 of 2 hosts failed at once"):
            await library.probe()
    assert untouched(library)


async def test_all_hosts_in_the_middle(library: Library) -> None:
    async with hosts(Host(delay=0.01), Host(delay=0.01), Host(delay=0.01)) as three:
        library.add(host.url(f"alive/{number}") for number in range(400) for host in three)

        def drop(_path: str) -> None:
            if sum(host.requests.total() for host in three) > 600:
                for host in three:
                    host.is_down = True

        three[0].before = drop
        with pytest.raises(EgressError, match="hosts failed at once"):
            await library.probe()
        assert library.probed, "some were saved before"
    assert untouched(library)


async def test_a_single_host_is_believed(library: Library) -> None:
    async with hosts(Host(is_down=True)) as (host,):
        library.add(host.url(f"alive/{number}") for number in range(3))
        await library.probe()
    assert Counter(library.states()) == {SUSPECT: 3}


async def test_one_host_of_two_is_believed_while_the_other_answers(library: Library) -> None:
    async with hosts(Host(), Host(is_down=True)) as two:
        library.add(host.url(f"alive/{number}") for host in two for number in range(3))
        await library.probe()
    assert Counter(library.states()) == {ALIVE: 3, SUSPECT: 3}


async def test_canaries_that_answer_make_failing_hosts_believed(tmp_path: Path) -> None:
    async with hosts(Host(), Host(is_down=True), Host(is_down=True)) as (canary, *down):
        library = with_canaries(tmp_path, canary.url("alive/canary"))
        with library.database:
            library.add(host.url("alive/1") for host in down)
            await library.probe()
            assert Counter(library.states()) == {SUSPECT: 2}
    assert canary.requests["alive/canary"] >= 2, "before the run and before it is believed"


@pytest.mark.parametrize("kind", ["reset", "broken", "geo", "missing"])
async def test_a_canary_that_fails_at_the_start(kind: str, tmp_path: Path) -> None:
    async with hosts(Host(), Host()) as (canary, host):
        library = with_canaries(tmp_path, canary.url("alive/1"), canary.url(f"{kind}/2"))
        with library.database:
            library.add([host.url("alive/1")])
            with pytest.raises(EgressError, match=r"canary 2 of probe\.canaries") as told:
                await library.probe()
            assert untouched(library)
    assert host.requests == {}
    assert canary.address not in str(told.value)


async def test_a_canary_that_fails_in_the_middle(tmp_path: Path) -> None:
    async with hosts(Host(), Host(delay=0.01)) as (canary, host):
        library = with_canaries(tmp_path, canary.url("alive/1"))

        def drop(_path: str) -> None:
            canary.is_down = host.is_down = host.requests.total() > 300

        host.before = drop
        with library.database:
            library.add(host.url(f"alive/{number}") for number in range(600))
            with pytest.raises(EgressError, match="canary 1"):
                await library.probe()
            assert library.probed, "some were saved before"
            assert untouched(library)


async def test_a_canary_that_the_guard_refuses_is_a_wrong_setting(tmp_path: Path) -> None:
    library = with_canaries(tmp_path, "http://10.0.0.1/")
    with library.database:
        library.add(["http://127.0.2.1:1/alive/1"])
        with pytest.raises(SettingsError, match=r"probe\.canaries"):
            await library.probe()
        assert untouched(library)


async def test_what_others_have_changed_is_not_taken_back(tmp_path: Path) -> None:
    async with hosts(Host(), Host(delay=0.01)) as (canary, host):
        library = with_canaries(tmp_path, canary.url("alive/1"))
        with library.database:
            library.add(host.url(f"alive/{number}") for number in range(600))
            await library.probe(replace(EVERYTHING, ids=(2,)))
            [second] = [mapping for mapping in library.mappings() if mapping.id == 2]
            library.later(hours=7)

            def drop(_path: str) -> None:
                if host.requests.total() == 300:
                    identity = library.mappings()[0].identity
                    renewed = Resolution("http://127.0.2.9/new", resolved_at=START)
                    Mappings(library.database).store_resolutions(
                        [StoredResolution(identity, renewed)]
                    )
                    with library.database.transaction() as connection:
                        connection.execute("UPDATE strm_mapping SET state = 'dead' WHERE id = 3")
                    canary.is_down = host.is_down = True

            host.before = drop
            with pytest.raises(EgressError):
                await library.probe()
            rows = library.mappings()
            assert {1, 3} <= set(library.probed), "they were saved before they were changed"
            assert rows[0].resolution is not None
            assert rows[0].resolution.url == "http://127.0.2.9/new"
            assert rows[1] == second
            assert rows[2].state is LinkState.DEAD
            assert all(row.last_probed_at is None for row in rows[3:])
