"""What the bodies of the API and the forms of the page ask for, as the run that does it."""

from collections.abc import Sequence
from datetime import UTC, datetime

from pydantic import ConfigDict, Field

from strmctl.domain.job import JobRequest
from strmctl.domain.selection import Selection
from strmctl.errors import UsageError
from strmctl.server.api.selecting import Selecting, States
from strmctl.services.probing.probe import due
from strmctl.services.resolving.refresh import runs_as_a_play
from strmctl.settings.model import Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.mappings import Mappings

Scope = tuple[Selection, Sequence[str]]
"""Which mappings it is about, and the options that say so beside those of the selection."""


class Refreshing(Selecting):
    model_config = ConfigDict(strict=True)

    all: bool = Field(False, description="Needed where nothing narrows it: the whole library.")
    force: bool = Field(False, description="Even where it is more than `safety.max_change`.")

    def scope(self, settings: Settings, now: datetime) -> Scope:
        """Raises UsageError where nothing is selected."""
        selection = self.selection(settings, now)
        if selection.is_everything and not self.all:
            raise UsageError('select mappings (series, state, expiring …) or send "all": true')
        return selection, ["--all"] if selection.is_everything else []

    def options(self) -> list[str]:
        return ["--force"] if self.force else []


class Probing(Refreshing):
    """Without a selection, those that are due."""

    deep: bool = Field(False, description="Follow playlists to a segment, its key and its start.")
    fail_on: States | None = Field(
        None, description="Links in these states make the exit code 10; `dead` if not given."
    )

    def scope(self, settings: Settings, now: datetime) -> Scope:
        selection = self.selection(settings, now)
        if not selection.is_everything:
            return selection, []
        return (selection, ["--all"]) if self.all else (due(settings, now), [])

    def options(self) -> list[str]:
        deep = ["--deep"] if self.deep else []
        fail_on = [] if self.fail_on is None else [f"--fail-on={','.join(self.fail_on)}"]
        return [*deep, *fail_on, *super().options()]


def job_request(
    settings: Settings, database: Database, command: str, wanted: Refreshing, cause: str
) -> JobRequest:
    """Raises UsageError where nothing is selected, and DatabaseError."""
    selection, all_of_it = wanted.scope(settings, datetime.now(UTC))
    is_a_play = command == "refresh" and runs_as_a_play(settings, selection)
    return JobRequest(
        command,
        (*wanted.flags(), *all_of_it, *wanted.options()),
        cause,
        total=Mappings(database).count(selection),
        alone=not is_a_play,
    )
