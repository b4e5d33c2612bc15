"""One egress of several is down: only of what leaves by it nothing is concluded."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from stage.probed_hosts import Host, hosts
from stage.probed_library import Library, library_in, settings_in
from stage.scripted_egress import Says, login_page, proxy, relaying, says, socks
from stage.waiting import free_port
from strmctl.domain.mapping import LinkState
from strmctl.errors import EgressError
from strmctl.settings.model import ResolverSettings, Settings

_OTHER = "other.example"


def settings(folder: Path, egress: str, *, canaries: tuple[str, ...] = ()) -> Settings:
    """Links of `other.example` leave by this egress, all others directly."""
    other = ResolverSettings(
        name="other",
        type="template",
        sites=(_OTHER,),
        egress=egress,
        options={"url": "http://127.0.0.1:1/{slug}"},
    )
    made = settings_in(folder, resolvers=(other,))
    return replace(made, probe=replace(made.probe, canaries=canaries))


def add(library: Library, host: Host, number: int, links: list[str]) -> None:
    library.add(host.url(f"alive/{each}") for each in range(number))
    library.add([host.url("missing/1"), host.url("gone/1")])
    library.add(links, site=_OTHER)


def of(library: Library, site: str) -> set[LinkState]:
    return {row.state for row in library.mappings() if (row.identity.site == _OTHER) == bool(site)}


@pytest.mark.parametrize("number", [3, 300])
@pytest.mark.parametrize(
    ("speaks", "scheme"),
    [
        pytest.param(None, "http", id="nobody listens"),
        pytest.param(says(503), "http", id="503 to everything"),
        pytest.param(says(407), "http", id="another password"),
        pytest.param(socks(1), "socks5", id="SOCKS fails"),
        pytest.param(login_page, "http", id="a captive portal"),
    ],
)
async def test_95_what_leaves_by_the_others_is_recorded(
    tmp_path: Path, speaks: Says | None, scheme: str, number: int
) -> None:
    async with hosts(Host()) as [host], proxy(speaks or says(503), scheme) as egress:
        closed = f"http://127.0.0.1:{free_port()}"
        library = library_in(tmp_path, settings(tmp_path, egress if speaks else closed))
        with library.database:
            add(library, host, number, [f"http://film{n % 3}.test{n % 2}/{n}" for n in range(60)])
            with pytest.raises(EgressError, match="by another egress was probed"):
                await library.probe()
            assert of(library, _OTHER) == {LinkState.UNKNOWN}
            assert of(library, "") == {LinkState.ALIVE, LinkState.SUSPECT}
            assert len(library.events()) == number + 2
            assert library.broken == []
            # The next run, with the egress up again, has these links to ask alone.
            rows = [row for row in library.mappings() if row.identity.site == _OTHER]
            assert all(row.last_probed_at is None for row in rows)


async def test_95_a_canary_that_fails_at_the_start_is_of_one_egress(tmp_path: Path) -> None:
    """The settings' own: what leaves by the resolver's is probed, and its canary answers there."""
    async with hosts(Host(is_down=True), Host()) as (canary, host):
        async with relaying(host) as egress:
            library = library_in(
                tmp_path, settings(tmp_path, egress, canaries=(canary.url("alive/1"),))
            )
            with library.database:
                library.add(host.url(f"alive/{each}") for each in range(5))
                library.add([host.url("alive/a"), host.url("alive/b")], site=_OTHER)
                with pytest.raises(EgressError, match="canary 1"):
                    await library.probe()
                assert of(library, "") == {LinkState.UNKNOWN}
                assert of(library, _OTHER) == {LinkState.ALIVE}


async def test_95_all_of_them_are_down(tmp_path: Path) -> None:
    async with hosts(Host(is_down=True), Host(is_down=True)) as (one, two):
        library = library_in(tmp_path, settings(tmp_path, f"http://127.0.0.1:{free_port()}"))
        with library.database:
            library.add(host.url(f"alive/{each}") for each in range(3) for host in (one, two))
            library.add(["http://film.test/1"], site=_OTHER)
            with pytest.raises(EgressError):
                await library.probe()
            assert set(library.states()) == {LinkState.UNKNOWN}
            assert library.events() == []
