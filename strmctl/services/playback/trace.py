"""Plays the beginning of one identity as `serve` would, and reports each step on the way.

The steps are the log records that playback makes anyway (strmctl/tracing.py), so they are the
same that the server's own log has of a request.
"""

import json
import logging
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import aclosing
from datetime import UTC, datetime
from urllib.parse import urljoin, urlsplit

from msgspec import Struct

from strmctl import tracing
from strmctl.domain.hls.naming import PLAYLIST_NAME
from strmctl.domain.http.ranges import Wanted
from strmctl.domain.identity import Identity
from strmctl.domain.urls import child_url
from strmctl.domain.urls.child_url import ROOT, Addresses
from strmctl.domain.urls.playback_url import Claim
from strmctl.errors import ItemError, UpstreamError
from strmctl.services.keys import in_force
from strmctl.services.playback.media import MediaAnswer
from strmctl.services.playback.opening import player_service
from strmctl.services.playback.player import Player, PlaylistAnswer
from strmctl.settings.model import Settings
from strmctl.tracing import fields_of, listening, request_id

log = logging.getLogger(__name__)

Line = Mapping[str, object]


class Step(Struct, frozen=True):
    """`after` seconds since the play began; `fields` as the JSON log has them."""

    after: float
    kind: str
    text: str
    fields: Mapping[str, object]


class Played(Struct, frozen=True):
    """`reason` says why it does not play; after `seconds` media came, or it was clear that none
    would."""

    plays: bool
    reason: str | None
    seconds: float
    steps: int


async def play_beginning(
    settings: Settings, identity: Identity, report: Callable[[Step], None]
) -> Played:
    """Like every play it resolves where that is due, and stores what it has resolved.

    Raises EgressError where nothing can be concluded, SettingsError or DatabaseError.
    """
    started, steps = time.time(), 0

    def hear(record: logging.LogRecord) -> None:
        nonlocal steps
        steps += 1
        fields = dict(fields_of(record))
        kind = str(fields.pop("step", "note"))
        report(Step(max(0.0, record.created - started), kind, record.getMessage(), fields))

    token = request_id.set(secrets.token_hex(4))
    reason = None
    try:
        with listening(hear):
            async with player_service(settings) as playback:
                started = time.time()
                try:
                    await _Beginning(playback, settings, identity).play()
                except ItemError as error:
                    reason = str(error)
                seconds = time.time() - started
    finally:
        request_id.reset(token)
    return Played(reason is None, reason, seconds, steps)


class _Beginning:
    """Playlist, the first rendition it names, that one's playlist, its first segment."""

    def __init__(self, playback: Player, settings: Settings, identity: Identity) -> None:
        self._playback = playback
        self._signer = in_force.signer(settings)
        self._addresses = Addresses(
            settings.proxy.public_base_url, self._signer, Claim(identity, None)
        )

    async def play(self) -> None:
        """Raises UpstreamError or ResolverError."""
        answer = await self._playback.root(self._addresses, Wanted())
        folder = self._addresses.folder(ROOT)
        while isinstance(answer, PlaylistAnswer):
            folder = urljoin(folder, _first_uri(answer.text.decode()))
            answer = await self._named(folder)
        await _first_bytes(answer)

    async def _named(self, url: str) -> PlaylistAnswer | MediaAnswer:
        """What a child URL names, as the server's routes find it."""
        behind = urlsplit(url).path.partition(f"{child_url.PATH}/")[2].split("/")
        token, cut, name = child_url.components(*behind)
        claim = child_url.verify(token, self._signer, datetime.now(UTC))
        if name == PLAYLIST_NAME:
            tracing.step(log, "rendition", "goes on with rendition %s", claim.rendition)
            return await self._playback.playlist(self._addresses, claim.rendition, Wanted())
        tracing.step(log, "segment", "goes on with %s", name, name=name)
        return await self._playback.resource(
            claim.playback.identity, claim.rendition, cut, name, Wanted()
        )


async def _first_bytes(answer: MediaAnswer) -> None:
    """Raises UpstreamError where none come."""
    try:
        if answer.body is None:
            raise UpstreamError("the upstream has no byte of it")
        async with aclosing(answer.body.chunks()) as chunks:
            first = await anext(chunks, b"")
    finally:
        answer.close()
    if not first:
        raise UpstreamError("the upstream's answer is empty")
    kind = answer.fields.get("Content-Type", "")
    tracing.step(log, "bytes", "%s, the first %d bytes", kind, len(first), kind=kind)


def _first_uri(text: str) -> str:
    """Raises UpstreamError for a playlist that lists nothing."""
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            return line.strip()
    raise UpstreamError("the playlist lists nothing to play")


def lines_of_request(log: Iterable[str], request: str) -> Iterator[Line]:
    """Out of a log with `serve.log_format = "json"`, in their order.

    Other lines are left out: they may be from before the format was changed.
    """
    for text in log:
        # Most lines are another request's: to look is cheaper than to read.
        if request not in text:
            continue
        try:
            line = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(line, dict) and line.get("request_id") == request:
            yield line
