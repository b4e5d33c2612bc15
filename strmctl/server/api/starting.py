"""What the bodies of the API and the forms of the page ask for, as the run that does it."""

from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from strmctl.domain.job import Asked, JobRequest
from strmctl.domain.selection import Selection
from strmctl.errors import UsageError
from strmctl.server.api.models import Id, Name
from strmctl.server.api.selecting import PARTS, Selecting, States, asked
from strmctl.services.probing.probe import due
from strmctl.services.resolving.refresh import runs_as_a_play
from strmctl.settings.model import Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.mappings import Mappings


def _with_example(**body: JsonValue) -> ConfigDict:
    return ConfigDict(extra="forbid", strict=True, json_schema_extra={"examples": [body]})


Scope = tuple[Selection, bool]
"""Which mappings it is about, and whether `all` has to say so."""


@runtime_checkable
class Running(Protocol):
    """What a body asks for, as a run of the command line."""

    def request(
        self, settings: Settings, database: Database, command: str, cause: str
    ) -> JobRequest: ...


class _Checking(Selecting):
    """A run over links: those that are selected."""

    all: bool = Field(False, description="Needed where nothing narrows it: the whole library.")
    force: bool = Field(False, description="Even where it is more than `safety.max_change`.")

    def scope(self, settings: Settings, now: datetime) -> Scope:
        """Raises UsageError where nothing is selected."""
        selection = self.selection(settings, now)
        if selection.is_everything and not self.all:
            raise UsageError('select mappings (series, state, expiring …) or send "all": true')
        return selection, selection.is_everything

    def options(self) -> Asked:
        return asked(self, "force")

    def request(
        self, settings: Settings, database: Database, command: str, cause: str
    ) -> JobRequest:
        """Raises UsageError where nothing is selected, and DatabaseError."""
        selection, says_all = self.scope(settings, datetime.now(UTC))
        which = {**asked(self, *PARTS), **({"all": True} if says_all else {})}
        return JobRequest(
            command,
            cause=cause,
            total=Mappings(database).count(selection),
            alone=self.runs_alone(settings, selection),
            asked={**which, **self.options()},
        )

    def runs_alone(self, settings: Settings, selection: Selection) -> bool:
        return True


class Refreshing(_Checking):
    model_config = _with_example(series="one-piece", state=["dead"])

    sidecars: bool = Field(
        False, description="Also a .nfo beside each file, and the subtitles of an answer."
    )

    def options(self) -> Asked:
        return asked(self, "force", "sidecars")

    def runs_alone(self, settings: Settings, selection: Selection) -> bool:
        return not runs_as_a_play(settings, selection, sidecars=self.sidecars)


class Probing(_Checking):
    """Without a selection, those that are due."""

    model_config = _with_example(all=True, deep=True)

    deep: bool = Field(False, description="Follow playlists to a segment, its key and its start.")
    fail_on: States | None = Field(
        None, description="Links in these states make the exit code 10; `dead` if not given."
    )

    def scope(self, settings: Settings, now: datetime) -> Scope:
        selection = self.selection(settings, now)
        if not selection.is_everything:
            return selection, False
        return (selection, True) if self.all else (due(settings, now), False)

    def options(self) -> Asked:
        return asked(self, "deep", "fail_on", "force")


class _OfTheLibrary(BaseModel):
    """A run that changes the library, with its brake and its journal."""

    dry_run: bool = Field(False, description="Only say what it would be; nothing is changed.")
    force: bool = Field(False, description="Even where it is more than `safety.max_change`.")

    def options(self, settings: Settings) -> Asked:
        """What it asks for beside that. Raises UsageError."""
        raise NotImplementedError

    def request(
        self, settings: Settings, database: Database, command: str, cause: str
    ) -> JobRequest:
        wanted = {**asked(self, "dry_run", "force"), **self.options(settings)}
        return JobRequest(command, cause=cause, asked=wanted)


class Importing(_OfTheLibrary):
    model_config = _with_example(folder="One Piece", language="German Dub", dry_run=True)

    folder: Name = Field(".", description="Relative to the library.")
    site: Name | None = Field(None, description="If not given, the host of each URL.")
    language: Name | None = None
    unwrap: bool = Field(False, description="Take out what other proxies' URLs hold.")

    def options(self, settings: Settings) -> Asked:
        folder = PurePosixPath(self.folder)
        # The API shall not read what lies beside the library.
        if folder.is_absolute() or ".." in folder.parts:
            raise UsageError("folder: it takes one of the library's, relative to it")
        place = str((settings.library / folder).absolute())
        return {**asked(self, "site", "language", "unwrap"), "folder": place}


class Rewriting(_OfTheLibrary, Selecting):
    model_config = _with_example(series="one-piece", names=True, dry_run=True)

    names: bool = Field(False, description="Give files the names of `[naming]`.")

    def options(self, settings: Settings) -> Asked:
        return asked(self, *PARTS, "names")


class Pruning(_OfTheLibrary):
    model_config = _with_example(dry_run=True)

    sidecars: bool = Field(False, description="With what lies beside removed files.")

    def options(self, settings: Settings) -> Asked:
        return asked(self, "sidecars")


class Undoing(_OfTheLibrary):
    model_config = _with_example(run=12, dry_run=True)

    run: Id | None = Field(None, description="Of `strmctl undo --list`; the last if not given.")

    def options(self, settings: Settings) -> Asked:
        return asked(self, "run")


class Examining(BaseModel):
    model_config = _with_example(fix=False)

    fix: bool = Field(False, description="Mend what is safe to mend.")

    def request(
        self, settings: Settings, database: Database, command: str, cause: str
    ) -> JobRequest:
        return JobRequest(command, cause=cause, alone=self.fix, asked=asked(self, "fix"))
