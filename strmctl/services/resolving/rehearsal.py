"""`resolver test` asks one resolver and fetches its answer as playback would; nothing is kept."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum

from msgspec import structs

from strmctl.discreet import Discreet
from strmctl.domain.expiry.expiry import predict
from strmctl.domain.hls.playlist_text import begins_playlist
from strmctl.domain.mapping import Resolution
from strmctl.domain.media import media_kind
from strmctl.domain.probe_result import ProbeResult
from strmctl.domain.urls.url_marks import origin
from strmctl.errors import EgressError, ResolverError, UpstreamError, UsageError
from strmctl.resolvers.contract import Reason, ResolveRequest
from strmctl.resolvers.registry import NamedResolver, Registry
from strmctl.services.checking.check import Answer, Requests
from strmctl.services.checking.deep import follow
from strmctl.settings.load import did_you_mean
from strmctl.settings.model import ResolverSettings, Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.database.integrity import DatabaseHealth
from strmctl.storage.tables.mappings import Mappings
from strmctl.upstream.client import UpstreamClient
from strmctl.upstream.guard import guard

_CONTAINERS = {
    "video/mp4": "MP4",
    "video/webm": "WebM",
    "video/x-matroska": "Matroska",
    "video/mp2t": "MPEG transport stream",
    "audio/mpeg": "MP3",
}


class Outcome(StrEnum):
    PLAYS = "plays"
    NOT_MEDIA = "does_not_play"
    REFUSED = "refused"
    """By the guard: nothing was fetched."""
    NO_EPISODE = "no_such_episode"
    LATER = "later"
    UNASKED = "not_asked"
    FAILED = "failed"


class Rehearsal(Discreet, frozen=True):
    """`expiry_from` is "resolver", "url", or "" where nothing says when the URL ends. `media` says
    what came, `allow` what `upstream.allow` would need, `missing` what people should add."""

    hidden = ("answer",)

    resolver: str
    request: ResolveRequest
    outcome: Outcome
    seconds: float
    reason: str | None = None
    answer: Resolution | None = None
    expiry_from: str = ""
    media: str | None = None
    status: int | None = None
    allow: str | None = None
    missing: Sequence[str] = ()


def table_named(settings: Settings, name: str) -> ResolverSettings:
    """Raises UsageError where there is none."""
    names = [table.name for table in settings.resolvers]
    for table in settings.resolvers:
        if table.name == name:
            return table
    there_is = f"there is {', '.join(names)}" if names else "there is none"
    writes_one = f"`strmctl resolver new {name} --type T` writes one"
    hint = did_you_mean(name, names) or f": {there_is}: {writes_one}"
    raise UsageError(f"no [resolvers.{name}] in the settings{hint}")


def known_of(settings: Settings, request: ResolveRequest) -> ResolveRequest:
    """The request, with what the library knows, where there is a library."""
    if not settings.database.exists():
        return request
    with Database.open(settings.database, create=False) as database:
        known = Mappings(database).find(request.identity)
    if known is None:
        return request
    ids = request.ids.or_else(known.ids)
    return request.knowing(request.title or known.title, request.year or known.year, ids)


def any_of_the_library(settings: Settings, table: ResolverSettings) -> ResolveRequest | None:
    """A question for something that the library has of this resolver, None for nothing."""
    if not settings.database.exists():
        return None
    registry = Registry.from_settings(settings)
    with Database.open(settings.database, create=False) as database:
        health = DatabaseHealth(database)
        for site in health.sites():
            if registry.has(site.name) and registry.for_site(site.name).name == table.name:
                if (mapping := health.one_of(site.name)) is not None:
                    request = ResolveRequest(mapping.identity, Reason.PROBE)
                    return request.knowing(mapping.title, mapping.year, mapping.ids)
    return None


async def rehearse(
    settings: Settings, table: ResolverSettings, request: ResolveRequest
) -> Rehearsal:
    """Raises SettingsError for a table that cannot be used, EgressError where that is down."""
    alone = structs.replace(settings, resolvers=(structs.replace(table, sites=("*",)),))
    async with aclosing(Registry.from_settings(alone)) as registry:
        [resolver] = registry.all()
        said = await _rehearse(settings, resolver, request)
    # These have no way to say more.
    if table.type in ("template", "ytdlp", "stremio"):
        return said
    return structs.replace(said, missing=_unsaid(said))


async def _rehearse(
    settings: Settings, resolver: NamedResolver, request: ResolveRequest
) -> Rehearsal:
    started = time.monotonic()
    try:
        answer = await resolver.resolve(request)
    except ResolverError as error:
        seconds = time.monotonic() - started
        return Rehearsal(resolver.name, request, _outcome(error), seconds, str(error))
    seconds = time.monotonic() - started
    ended, by = _dated(answer)
    said = Rehearsal(resolver.name, request, Outcome.PLAYS, seconds, answer=ended, expiry_from=by)
    async with aclosing(UpstreamClient(settings.upstream, guard(settings))) as client:
        fetched = await _fetched(settings, client, resolver.egress or None, said, answer)
    return structs.replace(fetched, missing=_missing(fetched))


def _outcome(error: ResolverError) -> Outcome:
    if error.unasked:
        return Outcome.UNASKED
    by_status = {404: Outcome.NO_EPISODE, 503: Outcome.LATER}
    return by_status.get(error.http_status, Outcome.FAILED)


def _dated(answer: Resolution) -> tuple[Resolution, str]:
    if answer.expires_at is not None:
        return answer, "resolver"
    found = predict(answer.url, datetime.now(UTC))
    if found is None or found.expires_at is None:
        return answer, ""
    return replace(answer, expires_at=found.expires_at), "url"


async def _fetched(
    settings: Settings,
    client: UpstreamClient,
    egress: str | None,
    said: Rehearsal,
    answer: Resolution,
) -> Rehearsal:
    """What the first bytes are, by the rule of playback; a playlist is followed to its media."""
    requests = Requests(client, answer.headers, egress)
    limit = 3 * settings.probe.timeout.total_seconds()
    got: Answer | None = None
    try:
        async with asyncio.timeout(limit):
            got = await requests.first_bytes(answer.url)
            result = requests.judged(got)
            media = _media(got) if result.is_alive else None
            if result.is_alive and begins_playlist(got.head):
                end = await follow(requests, got.url, settings.upstream.playlist_max)
                if isinstance(end, ProbeResult):
                    result = end
                else:
                    media = "HLS, live" if end is None else f"HLS, {end:.0f} s"
    except TimeoutError:
        reason = f"the upstream sent no media within {limit:g} s"
        return structs.replace(said, outcome=Outcome.NOT_MEDIA, reason=reason)
    except UpstreamError as error:
        outcome = Outcome.REFUSED if error.refused else Outcome.NOT_MEDIA
        # Mostly a name that is misspelt; a segment's is not what the resolver has answered.
        what = f": look whether {origin(answer.url)} is right, and up"
        reason = str(error) + (what if error.unreachable and got is None else "")
        return structs.replace(
            said, outcome=outcome, reason=reason, status=error.status, allow=error.refused
        )
    if result.by_egress:
        raise EgressError(f"the egress answers {result.status}: it cannot reach the upstream")
    outcome = Outcome.PLAYS if result.is_alive else Outcome.NOT_MEDIA
    return structs.replace(
        said, outcome=outcome, reason=result.reason, media=media, status=got.status
    )


def _media(got: Answer) -> str:
    if begins_playlist(got.head):
        return "HLS"
    kind = media_kind.sniffed_type(got.head) or media_kind.video_or_audio(got.content_type)
    name = _CONTAINERS.get(kind or "", kind or "media of an unknown kind")
    return name if got.total is None else f"{name}, {got.total:,} bytes"


def _missing(fetched: Rehearsal) -> Sequence[str]:
    answer = fetched.answer
    assert answer is not None, "it has answered"
    missing: list[str] = []
    if fetched.allow:
        missing.append(f'[upstream] allow = ["{fetched.allow}"] in the settings, if that is meant')
    if fetched.status in (401, 403) and not answer.headers:
        missing.append("headers: upstreams that refuse often want a Referer or a User-Agent")
    return missing


def _unsaid(said: Rehearsal) -> Sequence[str]:
    """What is missing, with what a resolver that is asked could say as well."""
    missing = list(said.missing)
    if said.answer is not None and not said.expiry_from:
        missing.append(
            "expires_at: neither the answer nor its URL says when it ends, so strmctl asks again "
            "only when it has died"
        )
    if said.answer is not None and said.answer.provider is None:
        missing.append("provider: statistics and --provider have no name for who has it")
    return missing
