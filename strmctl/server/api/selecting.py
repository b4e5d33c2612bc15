"""The selection options of the command line, as query and as body."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from strmctl.domain.mapping import LinkState
from strmctl.domain.selection import Selection
from strmctl.server.api.models import Duration, Id, Name, Number
from strmctl.settings.model import Settings
from strmctl.settings.values import duration

States = Annotated[list[Annotated[LinkState, Field(strict=False)]], Field(max_length=20)]
_MAX_IDS = 1000
PARTS = (
    *("site", "series", "slug", "season", "episode", "language", "provider"),
    *("expiring", "state", "stale", "id"),
)


class Selecting(BaseModel):
    """Which mappings; every part that is given narrows it."""

    model_config = ConfigDict(extra="forbid")

    site: Name | None = None
    series: Name | None = Field(None, description="By its slug.")
    slug: Name | None = Field(None, description="The same as `series`, and goes before it.")
    season: Number | None = None
    episode: Number | None = None
    language: Name | None = None
    provider: Name | None = Field(None, description="The one that was asked for.")
    state: States = []
    stale: bool = Field(False, description="Not probed within `probe.stale_after`.")
    expiring: Duration | None = Field(None, description="Whose known end is nearer than that.")
    id: Annotated[list[Id], Field(max_length=_MAX_IDS)] = []

    def selection(self, settings: Settings, now: datetime) -> Selection:
        return Selection(
            site=self.site,
            slug=self.slug or self.series,
            season=self.season,
            episode=self.episode,
            language=self.language,
            provider=self.provider,
            states=tuple(self.state),
            ids=tuple(self.id),
            stale_before=now - settings.probe.stale_after if self.stale else None,
            expiring_before=now + duration(self.expiring) if self.expiring else None,
        )


def asked(body: BaseModel, *names: str) -> dict[str, object]:
    """Those of these options that the body gives, in this order, for a job's row."""
    given = body.model_dump(mode="json", exclude_defaults=True)
    return {name: given[name] for name in names if name in given}


def now() -> datetime:
    return datetime.now(UTC)
