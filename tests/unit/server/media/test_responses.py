"""What has been sent is kept by nobody: the rest of a film takes hours."""

import sys
from collections.abc import MutableMapping
from typing import Any

import pytest
from aiohttp import ClientResponse

from stage.loopback import client, reply, serving
from strmctl.server.media.responses import MediaResponse
from strmctl.services.playback.fetching.body import Body
from strmctl.services.playback.media import MediaAnswer

SIZE = 3_000_000


class Holders:
    """A client's end that asks, in place of sending the rest, who still has what was sent."""

    is_held_back = False

    def __init__(self) -> None:
        self.sent = 0
        self.pieces: list[bytes] = []
        self.others: list[int] = []

    async def send(self, message: MutableMapping[str, Any]) -> None:
        if message.get("body"):
            self.pieces.append(message["body"])

    async def receive(self) -> MutableMapping[str, Any]:
        raise AssertionError("nothing is read of a player while it is answered")

    async def room(self) -> None:
        return None

    def can_take(self, response: ClientResponse, rest: int) -> bool:
        return len(self.pieces) > 0

    async def pour(self, response: ClientResponse, rest: int) -> None:
        # Besides this list and the call itself.
        self.others = [sys.getrefcount(self.pieces[at]) - 2 for at in range(len(self.pieces))]
        self.sent += rest


@pytest.mark.parametrize("peeked", [0, 1000], ids=["unread", "looked at"])
async def test_the_first_piece_is_not_kept_while_the_rest_is_relayed(peeked: int) -> None:
    async with serving(lambda request: reply(body=bytes(SIZE))) as server, client() as upstream:
        first = await upstream.get(server.url(), {})
        await first.peek(peeked)
        holders = Holders()
        answer = MediaAnswer(200, {}, Body(first, length=SIZE))
        response = MediaResponse(answer, {}, lambda: None)
        scope = {"type": "http", "method": "GET", "strmctl.relay": holders}
        await response(scope, holders.receive, holders.send)
    assert sum(map(len, holders.pieces)) + holders.sent == SIZE
    assert holders.others == [0] * len(holders.pieces)
    assert holders.others
