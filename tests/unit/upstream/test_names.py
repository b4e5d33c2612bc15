"""A name that nobody answers for keeps no other one waiting (PEERS row 60)."""

import asyncio
import errno
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import pytest

from stage.loopback import ALLOWED, reply, serving
from stage.name_server import NameServer, name_server
from strmctl.errors import UpstreamError
from strmctl.settings.model import UpstreamSettings
from strmctl.upstream.client import UpstreamClient
from strmctl.upstream.guard import Guard
from strmctl.upstream.names import FAILURE_MAX_AGE, LookUps


@asynccontextmanager
async def look_ups(
    server: NameServer, deadline: float = 30, clock: list[float] | None = None
) -> AsyncIterator[LookUps]:
    now = clock if clock is not None else [0.0]
    names = LookUps([server.address], deadline=deadline, monotonic=lambda: now[0])
    try:
        yield names
    finally:
        await names.close()


async def addresses(names: LookUps, host: str) -> list[str]:
    return [found["host"] for found in await names.resolve(host, 80)]


async def test_60_two_hundred_mute_names_keep_no_other_one_waiting() -> None:
    async with name_server() as server, look_ups(server) as names:
        mute = [asyncio.ensure_future(names.resolve(f"mute{n}.example")) for n in range(200)]
        # A socket holds some 270 datagrams: of 400 at once the rest is lost, and asked again late.
        while len(set(server.asked)) < 100:
            await asyncio.sleep(0.01)
        assert await addresses(names, "cdn.example") == ["127.0.0.1"]
        assert not any(task.done() for task in mute), "they were under way all the time"
        for task in mute:
            task.cancel()
        await asyncio.gather(*mute, return_exceptions=True)


async def test_a_mute_name_has_a_deadline_and_fails_at_once_for_a_while() -> None:
    clock = [100.0]
    async with name_server() as server, look_ups(server, 0.3, clock) as names:
        for _ in range(3):
            with pytest.raises(OSError, match="in time") as caught:
                await names.resolve("mute.example")
            assert caught.value.errno == errno.ETIMEDOUT
        asked = len(server.asked)
        assert asked <= 4, "the first time only: A and AAAA, both once more at most"
        clock[0] += FAILURE_MAX_AGE
        with pytest.raises(OSError, match="in time"):
            await names.resolve("mute.example")
        assert len(server.asked) > asked


async def test_a_name_that_is_not_known_fails_at_once_the_second_time() -> None:
    async with name_server() as server, look_ups(server) as names:
        for _ in range(2):
            with pytest.raises(OSError, match="not known"):
                await names.resolve("unknown.example")
        assert server.asked.count("unknown.example") <= 2


@pytest.mark.parametrize("host", ["a..b", "x" * 300, "-", "a b.example", "\xe4.example"])
async def test_what_is_no_name_is_an_os_error(host: str) -> None:
    async with name_server() as server, look_ups(server) as names:
        try:
            found = await addresses(names, host)
        except OSError:
            return
        assert found == ["127.0.0.1"], "the server knows it"


@pytest.mark.parametrize(
    ("host", "address"), [("127.0.0.1", "127.0.0.1"), ("::1", "::1"), ("localhost", "127.0.0.1")]
)
async def test_what_needs_no_server(host: str, address: str) -> None:
    async with name_server() as server, look_ups(server) as names:
        assert address in await addresses(names, host)
        assert server.asked == []


async def test_60_a_player_hears_of_a_mute_name_while_others_play() -> None:
    async with name_server() as server, serving(lambda request: reply(body=b"film")) as origin:
        async with look_ups(server, 1) as names:
            client = UpstreamClient(UpstreamSettings(), Guard([ALLOWED]), names)
            async with aclosing(client):
                mute = asyncio.ensure_future(client.get("http://mute.example/", {}))
                while not server.asked:
                    await asyncio.sleep(0.01)
                response = await client.get(origin.url(host="cdn.example"), {})
                assert await response.read(100) == b"film"
                assert not mute.done()
                with pytest.raises(UpstreamError, match="name server") as caught:
                    await mute
    assert (caught.value.http_status, caught.value.unreachable) == (504, True)
