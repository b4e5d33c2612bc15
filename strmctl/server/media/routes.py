"""Players ask for playback URLs, and for the child URLs that rewritten playlists hold."""

import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial

from msgspec import structs
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp

from strmctl.domain.hls.naming import PLAYLIST_NAME
from strmctl.domain.hls.run import Component
from strmctl.domain.http.ranges import Wanted
from strmctl.domain.urls import child_url, playback_url
from strmctl.domain.urls.child_url import Addresses
from strmctl.errors import StrmctlError
from strmctl.server.context import context_of
from strmctl.server.http.answered import describe
from strmctl.server.media.responses import (
    FILE_CACHING,
    LIVE_CACHING,
    SEGMENT_CACHING,
    MediaResponse,
    Sending,
    conditions,
    playlist_response,
)
from strmctl.services.playback.media import MediaAnswer, validators
from strmctl.settings.model import Mode

_NO_MEDIA = (".key", ".vtt")
"""These do not show that a film plays: keys and subtitles outlive it."""

_CHILDREN = child_url.PATH + "/"
# ffmpeg 9 reads a line, sees no playlist, and takes the rest for the answer to its next request.
_NO_PLAYLIST = {**FILE_CACHING, "Connection": "close"}
_PARTS = (b"range", b"if-range")
_ALL = Wanted()
_PLAYBACK = re.compile(re.escape(playback_url.PATH) + r"(\.[^/]+)?")
_NAMES = "abcd"
"""Names for the parts of a child URL's path, which has two, three or four."""

_DELIVERY_DIRECTIVES = ("_HLS_msn", "_HLS_part", "_HLS_skip")


Asked = tuple[Callable[[Request], Awaitable[ASGIApp]], dict[str, str]]
"""An endpoint, and the parameters in its path."""


async def stream(request: Request) -> ASGIApp:
    """The playback URL."""
    state = context_of(request)
    claim = playback_url.verify(request.url.query, state.proof, datetime.now(UTC))
    describe(request.scope, claim.identity)
    state.viewers.asked(request.scope, claim.identity, _client(request))
    if state.settings.proxy.mode is Mode.REDIRECT:
        address = await state.playback.address(claim.identity)
        # 302, not 301: browsers keep a 301, and this address dies.
        return RedirectResponse(address, 302, {"Cache-Control": "no-store"})
    addresses = Addresses(state.settings.proxy.public_base_url, state.signer, claim)
    ask = partial(state.playback.root, addresses, client=_client(request))
    answer = await ask(_wanted(request))
    is_media = isinstance(answer, MediaAnswer)
    sent = partial(state.playback.sent, claim.identity, is_media=is_media)
    if isinstance(answer, MediaAnswer):
        return MediaResponse(await _described(answer, request, ask), FILE_CACHING, sent)
    playlist = await playlist_response(answer, state.compressed, request.headers)
    return Sending(playlist, sent)


async def child(request: Request) -> ASGIApp:
    """A rendition's playlist, or something that it lists."""
    state = context_of(request)
    token, cut, name = child_url.components(*request.path_params.values())
    claim = state.tokens.verify(token, datetime.now(UTC))
    identity = claim.playback.identity
    describe(request.scope, identity, claim.rendition or "root", name)
    client = _client(request)
    state.viewers.asked(request.scope, identity, client)
    # ffmpeg from 7.0.2 knows a playlist by the end of its path.
    if name == PLAYLIST_NAME:
        addresses = Addresses(state.settings.proxy.public_base_url, state.signer, claim.playback)
        directives = _delivery_directives(request)
        opened = await state.playback.playlist(
            addresses, claim.rendition, _wanted(request), directives
        )
        sent = partial(state.playback.sent, identity, is_media=False)
        # Some upstreams list subtitles as one file.
        if isinstance(opened, MediaAnswer):
            return MediaResponse(opened, _NO_PLAYLIST, sent)
        playing = await playlist_response(opened, state.compressed, request.headers)
        return Sending(playing, sent)
    ask = partial(state.playback.resource, identity, claim.rendition, cut, name, client=client)
    answer = await _described(await ask(_wanted(request)), request, ask)
    sent = partial(state.playback.sent, identity, is_media=not name.endswith(_NO_MEDIA))
    # hls.js shows the old run for ever where a restarted live stream was cached.
    caching = SEGMENT_CACHING if Component.parse(cut).is_of_finished else LIVE_CACHING
    return MediaResponse(answer, caching, sent)


async def _described(
    answer: MediaAnswer, request: Request, ask: Callable[[Wanted], Awaitable[object]]
) -> MediaAnswer:
    """A 416 with what the whole shows: conditions come before ranges (RFC 9110 section 13.2.2)."""
    if answer.is_described or not conditions(request.scope):
        return answer
    with suppress(StrmctlError):
        whole = await ask(_ALL)
        if isinstance(whole, MediaAnswer):
            whole.close()
            return structs.replace(answer, fields={**answer.fields, **validators(whole.fields)})
    return answer


def _wanted(request: Request) -> Wanted:
    given: dict[bytes, str] = {}
    for name, value in request.scope["headers"]:
        if name in _PARTS:
            # The first of several fields counts.
            given.setdefault(name, value.decode("latin-1"))
    return Wanted(*map(given.get, _PARTS)) if given else _ALL


def _client(request: Request) -> str:
    client = request.scope["client"]
    return str(client[0]) if client else ""


def _delivery_directives(request: Request) -> str:
    """What a low-latency player asks of its playlist (rfc8216bis section 6.2.5)."""
    given = request.query_params
    return "&".join(
        f"{name}={given[name]}"
        for name in _DELIVERY_DIRECTIVES
        # Nothing else of the client's query goes upstream: Jellyfin adds its api_key.
        if given.get(name, "").isalnum() and given[name].isascii()
    )


def is_media(path: str, prefix: str) -> bool:
    """Whether a path is for players: only these are open to every origin, and counted.

    `prefix` is the path of public_base_url; a reverse proxy may keep it or take it off.
    """
    own = path.removeprefix(prefix)
    return own.startswith((playback_url.PATH + ".", _CHILDREN)) or own == playback_url.PATH


def asked_by(path: str) -> Asked | None:
    """The endpoint for a player's path, with the parameters in it; None where there is none."""
    if path.startswith(_CHILDREN):
        parts = path[len(_CHILDREN) :].split("/")
        fits = 2 <= len(parts) <= len(_NAMES) and all(parts)
        return (child, dict(zip(_NAMES, parts, strict=False))) if fits else None
    return (stream, {}) if _PLAYBACK.fullmatch(path) else None
