"""What the bodies of the API and the forms of the page ask for, as the run that does it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from strmctl.domain.job import JobRequest
from strmctl.domain.selection import Selection
from strmctl.errors import UsageError
from strmctl.server.api.models import Id, Name
from strmctl.server.api.selecting import Selecting, States
from strmctl.services.probing.probe import due
from strmctl.services.resolving.refresh import runs_as_a_play
from strmctl.settings.model import Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.mappings import Mappings


def _with_example(**body: JsonValue) -> ConfigDict:
    return ConfigDict(extra="forbid", strict=True, json_schema_extra={"examples": [body]})


Scope = tuple[Selection, Sequence[str]]
"""Which mappings it is about, and the options that say so beside those of the selection."""


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
        return selection, ["--all"] if selection.is_everything else []

    def options(self) -> list[str]:
        return ["--force"] if self.force else []

    def request(
        self, settings: Settings, database: Database, command: str, cause: str
    ) -> JobRequest:
        """Raises UsageError where nothing is selected, and DatabaseError."""
        selection, all_of_it = self.scope(settings, datetime.now(UTC))
        return JobRequest(
            command,
            (*self.flags(), *all_of_it, *self.options()),
            cause,
            total=Mappings(database).count(selection),
            alone=self.runs_alone(settings, selection),
        )

    def runs_alone(self, settings: Settings, selection: Selection) -> bool:
        return True


class Refreshing(_Checking):
    model_config = _with_example(series="one-piece", state=["dead"])

    sidecars: bool = Field(
        False, description="Also a .nfo beside each file, and the subtitles of an answer."
    )

    def options(self) -> list[str]:
        return [*super().options(), *_flags(self, "sidecars")]

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
            return selection, []
        return (selection, ["--all"]) if self.all else (due(settings, now), [])

    def options(self) -> list[str]:
        deep = ["--deep"] if self.deep else []
        fail_on = [] if self.fail_on is None else [f"--fail-on={','.join(self.fail_on)}"]
        return [*deep, *fail_on, *super().options()]


class _OfTheLibrary(BaseModel):
    """A run that changes the library, with its brake and its journal."""

    dry_run: bool = Field(False, description="Only say what it would be; nothing is changed.")
    force: bool = Field(False, description="Even where it is more than `safety.max_change`.")

    def words(self, settings: Settings) -> list[str]:
        """What stands behind the command's name. Raises UsageError."""
        raise NotImplementedError

    def request(
        self, settings: Settings, database: Database, command: str, cause: str
    ) -> JobRequest:
        words = [*_flags(self, "dry_run", "force"), *self.words(settings)]
        return JobRequest(command, tuple(words), cause)


class Importing(_OfTheLibrary):
    model_config = _with_example(folder="One Piece", language="German Dub", dry_run=True)

    folder: Name = Field(".", description="Relative to the library.")
    site: Name | None = Field(None, description="If not given, the host of each URL.")
    language: Name | None = None
    unwrap: bool = Field(False, description="Take out what other proxies' URLs hold.")

    def words(self, settings: Settings) -> list[str]:
        folder = PurePosixPath(self.folder)
        # The API shall not read what lies beside the library.
        if folder.is_absolute() or ".." in folder.parts:
            raise UsageError("folder: it takes one of the library's, relative to it")
        given = {"site": self.site, "language": self.language}
        options = [f"--{name}={value}" for name, value in given.items() if value is not None]
        return [*options, *_flags(self, "unwrap"), str((settings.library / folder).absolute())]


class Rewriting(_OfTheLibrary, Selecting):
    model_config = _with_example(series="one-piece", names=True, dry_run=True)

    names: bool = Field(False, description="Give files the names of `[naming]`.")

    def words(self, settings: Settings) -> list[str]:
        return [*self.flags(), *_flags(self, "names")]


class Pruning(_OfTheLibrary):
    model_config = _with_example(dry_run=True)

    sidecars: bool = Field(False, description="With what lies beside removed files.")

    def words(self, settings: Settings) -> list[str]:
        return _flags(self, "sidecars")


class Undoing(_OfTheLibrary):
    model_config = _with_example(run=12, dry_run=True)

    run: Id | None = Field(None, description="Of `strmctl undo --list`; the last if not given.")

    def words(self, settings: Settings) -> list[str]:
        return [] if self.run is None else [str(self.run)]


class Examining(BaseModel):
    model_config = _with_example(fix=False)

    fix: bool = Field(False, description="Mend what is safe to mend.")

    def request(
        self, settings: Settings, database: Database, command: str, cause: str
    ) -> JobRequest:
        return JobRequest(command, tuple(_flags(self, "fix")), cause, alone=self.fix)


def _flags(model: BaseModel, *names: str) -> list[str]:
    return [f"--{name.replace('_', '-')}" for name in names if getattr(model, name)]
