"""What other nodes say and ask: what they have seen to play, and which keys are known here."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
)

from strmctl.errors import UsageError
from strmctl.server.api import arguments, models
from strmctl.server.api.problems import answers
from strmctl.server.api.security import AdmittedRoute
from strmctl.server.api.selecting import now
from strmctl.services.resolving.handed_over import take
from strmctl.services.writing.entry import entry

router = APIRouter(route_class=AdmittedRoute)

_RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_ABOUT_THE_LINK = {"provider_used", "resolved_at", "expires_at", "happened"}


def _moment(given: object) -> datetime:
    """RFC 3339 with an offset (its section 5.6 allows `t` and `z`), in UTC."""
    if not isinstance(given, str) or not _RFC_3339.fullmatch(given):
        raise ValueError("not a time such as 2026-11-30T20:15:00Z")
    try:
        return datetime.fromisoformat(given.upper()).astimezone(UTC)
    except OverflowError:
        raise ValueError("a year before 1 or after 9999, in UTC") from None


_GivenMoment = Annotated[
    datetime,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "format": "date-time", "maxLength": 40}),
]


class PlayedLink(BaseModel):
    """What a player node has seen to play: an identity, and what it resolved to there."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={
            "examples": [
                {
                    "site": "media.example",
                    "slug": "one-piece",
                    "season": 1,
                    "episode": 2,
                    "language": "German Dub",
                    "url": "https://cdn.example/one-piece/2/index.m3u8?token=…",
                    "headers": {"Referer": "https://media.example/"},
                    "provider_used": "VOE",
                    "resolved_at": "2026-11-30T20:15:00.000Z",
                    "expires_at": None,
                    "happened": "healed",
                }
            ]
        },
    )

    site: models.Name
    slug: models.Name
    language: models.Name
    season: models.Number | None = None
    episode: models.Number | None = None
    provider: models.Name | None = Field(None, description="The one that was asked for.")
    url: Annotated[str, StringConstraints(min_length=1, max_length=16_384)]
    headers: dict[models.Name, Annotated[str, StringConstraints(max_length=16_384)]] = Field(
        default_factory=dict, max_length=64
    )
    provider_used: models.Name | None = None
    resolved_at: _GivenMoment = Field(description="A later one than now counts as now.")
    expires_at: _GivenMoment | None = None
    happened: Literal["healed", "played"] = Field(
        description="`healed`: it took the place of a link that had failed."
    )


@router.post(
    "/resolutions",
    tags=["mappings"],
    status_code=204,
    response_class=Response,
    response_description="It is stored, or what is stored already is as new, or it has expired.",
    responses=answers(400, 404, 413),
)
def take_resolution(link: PlayedLink, settings: arguments.Settings) -> None:
    """Store what another node has seen to play, where it is newer than what is known.

    404: there is no such mapping. Heals and plays are counted by the node that they happened on.
    """
    # The same checks as of a URL that a resolver answers or that a person gives.
    item = entry(link.model_dump(exclude=_ABOUT_THE_LINK, exclude_none=True))
    if item.resolution is None:
        raise UsageError("url: it is empty")
    resolution = replace(
        item.resolution,
        provider=link.provider_used,
        resolved_at=link.resolved_at,
        expires_at=link.expires_at,
    )
    take(settings, item.identity, resolution, now(), healed=link.happened == "healed")


class KnownKey(BaseModel):
    id: str = Field(description="Made from the key; it is part of each signature.")
    state: Literal["signs", "verifies"]


class KnownKeys(BaseModel):
    items: list[KnownKey]


@router.get("/keys", tags=["health"], responses=answers())
def list_keys(request: Request) -> KnownKeys:
    """The keys in force, by id: none where `proxy.auth` is `none`.

    Those that the server has read, at its start or at SIGHUP: the file may hold others by now.
    """
    first, *others = request.state.signer.ids or [None]
    items = [KnownKey(id=first, state="signs")] if first else []
    return KnownKeys(items=[*items, *(KnownKey(id=it, state="verifies") for it in others)])
