"""What every resolver is given and gives: one JSON, whatever the kind (DESIGN.md section 6)."""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Protocol

from msgspec import structs

from strmctl.discreet import Discreet
from strmctl.domain.external_ids import NO_IDS, ExternalIds
from strmctl.domain.identity import Identity
from strmctl.domain.mapping import Resolution
from strmctl.errors import SettingError
from strmctl.settings.model import ResolverSettings


class Reason(StrEnum):
    CREATE = "create"
    REFRESH = "refresh"
    PLAY = "play"
    PROBE = "probe"


class ResolveRequest(Discreet, frozen=True):
    """One question; `avoid_urls` are URLs that have just failed, with the status of the last.

    `title`, `year` and `ids` are what the library knows of the series or film.
    """

    hidden = ("avoid_urls",)

    identity: Identity
    reason: Reason
    avoid_urls: Sequence[str] = ()
    avoid_providers: Sequence[str] = ()
    last_status: int | None = None
    title: str | None = None
    year: int | None = None
    ids: ExternalIds = NO_IDS

    def knowing(self, title: str | None, year: int | None, ids: ExternalIds) -> "ResolveRequest":
        return structs.replace(self, title=title, year=year, ids=ids)

    def record(self) -> dict[str, object]:
        """The JSON that `http` and `command` resolvers are sent."""
        return {
            **self.identity.fields(),
            "reason": self.reason.value,
            "avoid_urls": list(self.avoid_urls),
            "avoid_providers": list(self.avoid_providers),
            "last_status": self.last_status,
            "title": self.title,
            "year": self.year,
            "ids": self.ids.record(),
        }


class Resolver(Protocol):
    """A kind of resolver, made from one `[resolvers.NAME]` table.

    `resolve` raises ResolverError whose `http_status` tells the kind of failure: 404 no such
    episode (or not in this language), 503 later (`retry_after` seconds), 504 timeout, else 502.
    It may be cancelled at any point, when its time is up.
    """

    async def resolve(self, request: ResolveRequest) -> Resolution: ...

    async def aclose(self) -> None: ...


Factory = Callable[[ResolverSettings], Resolver]
"""Raises SettingsError for a table that it cannot use."""


OPTIONS: Mapping[str, Sequence[str]] = {
    "http": ("url", "headers"),
    "command": ("command",),
    "template": ("url", "subtitles", "headers", "check"),
    "ytdlp": ("url",),
    "stremio": ("url", "catalogue", "prefer", "reject", "headers"),
}
"""The keys of a table that only its type knows; an entry point knows its own."""


def check_options(table: ResolverSettings) -> None:
    """Raises SettingError for a key that its type does not know."""
    known = OPTIONS.get(table.type, tuple(table.options))
    for key in table.options:
        if key not in known:
            raise SettingError(
                f"resolvers.{table.name}.{key}",
                f"is unknown to type {table.type!r}, which knows {', '.join(known)}",
            )


def answers_for(tables: Sequence[ResolverSettings], site: str) -> bool:
    """Whether one of the tables names the site; none of them need be usable."""
    patterns = (pattern.strip().lower() for table in tables for pattern in table.sites)
    return any(fnmatchcase(site, pattern) for pattern in patterns)


def no_resolver(site: str) -> str:
    """What is said where no table names the site."""
    return (
        f"no resolver for site {site!r}: write one: "
        f"`strmctl resolver new NAME --type T --site {site}`"
    )
