"""One run of one command: its settings, loaded once and late, its output and its database."""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from strmctl.cli.frame.notify_after import notifying
from strmctl.cli.frame.output import WORK, Output, encode
from strmctl.cli.frame.tables import Form, form_of
from strmctl.errors import StrmctlError, UsageError
from strmctl.settings.environment import JOB
from strmctl.settings.load import Loaded, load
from strmctl.settings.masking import masked_words
from strmctl.settings.model import NamingSettings, Settings
from strmctl.settings.values import duration

if TYPE_CHECKING:
    from strmctl.services.jobs.run_log import Recording
    from strmctl.storage.database.connection import Database


class EveryCommand(Struct, frozen=True):
    """The options that every command has; they may stand before the command's name as well."""

    config: Path | None = None
    database: Path | None = None
    json: bool = False
    quiet: bool = False
    verbose: int = 0
    no_color: bool = False

    def followed_by(self, later: "EveryCommand") -> "EveryCommand":
        """Both, where the later one wins: options given behind the command's name."""
        return EveryCommand(
            config=later.config or self.config,
            database=later.database or self.database,
            json=later.json or self.json,
            quiet=later.quiet or self.quiet,
            verbose=later.verbose or self.verbose,
            no_color=later.no_color or self.no_color,
        )


class Begun(Struct, frozen=True):
    """A run of a command that changes or checks the library."""

    command: str
    arguments: tuple[str, ...]
    cause: str
    at: datetime
    recording: "Recording"


class Run:
    """What a command is given. `settings` raises SettingsError when first asked for."""

    def __init__(self, options: EveryCommand, arguments: Sequence[str] = ()) -> None:
        """`arguments` are those of the whole command line, as they were given."""
        self._arguments = arguments
        self.config = options.config
        self.database = options.database
        self.output = Output(
            json=options.json,
            quiet=options.quiet,
            verbose=options.verbose,
            # NO_COLOR with any text in it turns colours off (no-color.org).
            color=not options.no_color and not os.environ.get("NO_COLOR"),
        )
        self.begun: Begun | None = None
        self._overrides: dict[str, str] = {}
        if options.database is not None:
            self.override("database", str(options.database))
        _log_to_stderr(self.output)

    def override(self, key: str, value: object | None) -> None:
        """A flag of this command that stands for the setting `key`; None where it is not given."""
        if "loaded" in self.__dict__:
            raise RuntimeError(f"too late to override {key}: the settings are loaded")
        if value is not None:
            self._overrides[key] = str(value)

    def speak(self, form: str | None) -> None:
        """What --format says; raises UsageError for what it does not take."""
        chosen = form_of(form)
        self.output = structs.replace(
            self.output, form=chosen, json=self.output.json or chosen is Form.JSON
        )

    @property
    def overrides(self) -> Mapping[str, str]:
        """The flags that stand for settings, for who loads them again."""
        return dict(self._overrides)

    @cached_property
    def loaded(self) -> Loaded:
        return load(self.config, self._overrides)

    @cached_property
    def settings(self) -> Settings:
        """A template of names is checked for every command, as other values are, and so is a key
        that only a kind of resolver knows."""
        found = self.loaded.settings
        # `init` writes the usual ones down, and what reads them is a twentieth of a short run.
        if found.naming != NamingSettings():
            from strmctl.services.library.files import templates

            templates(found)
        if found.resolvers:
            from strmctl.resolvers.contract import check_options

            for table in found.resolvers:
                check_options(table)
        return found

    @property
    def has_found_nothing(self) -> bool:
        """Neither a settings file nor a database, as cron in a home folder: see crontab(5)."""
        loaded: Loaded | None = self.__dict__.get("loaded")
        return loaded is not None and not (loaded.file or loaded.settings.database.exists())

    def open_database(self) -> "Database":
        """Opened and migrated; use it as a context manager. Raises DatabaseError for none."""
        from strmctl.storage.database.connection import Database

        return Database.open(self.settings.database, create=False)

    @contextmanager
    def alone(self, command: str, wait: str | None = None) -> "Iterator[Database]":
        """The opened database while no other run changes the library.

        `command` is this one's name, `wait` the value of the option `Wait` (cli/frame/options.py).
        Raises LockedError when another run still holds the lock then.
        """
        lock = self.lock(command, wait)
        from strmctl.services.alerting.troubles import end_troubles, noting_failure

        noting = noting_failure(self.settings.database, command)
        # What is wrong with the database is told before the wait.
        with notifying(self), noting, closing(self.open_database()) as early:
            if wait is not None:
                early.close()
            # What it has become during the wait, restored from a backup perhaps, is what is
            # opened then.
            with lock, early if wait is None else self.open_database() as database:
                # A job's reader is its server: where that has gone, the run ends with it.
                WORK.goes_on = JOB not in os.environ
                self.begin(command, database)
                yield database
                end_troubles(database, command)

    def begin(self, command: str, database: "Database | None" = None) -> None:
        """From here on it is a run that `strmctl runs` shows; a job is recorded by its server.

        `database` is the settings' where it is open already.
        """
        if JOB in os.environ:
            return
        from strmctl.services.jobs.run_log import Recording

        recording = Recording(self.settings.database)
        arguments = tuple(self._line_of(command)[1:])
        # cron and systemd give no terminal.
        cause = "cli" if sys.stderr.isatty() or sys.stdin.isatty() else "cron"
        begun = self.begun = Begun(command, arguments, cause, datetime.now(UTC), recording)
        # Nothing of the work depends on it.
        with suppress(StrmctlError):
            recording.begin(command, arguments, cause, begun.at, database)

    def lock(self, command: str, wait: str | None = None) -> AbstractContextManager[None]:
        """The lock that `alone` holds, for a run that cannot count on a usable database."""
        from strmctl.storage.locks.run_lock import run_lock

        return run_lock(
            self.settings.database,
            self.line_of(command),
            wait=_patience(wait),
            on_wait=lambda holder: self.output.note(f"waiting until {holder} has ended"),
        )

    def line_of(self, command: str) -> str:
        """The command's line, from its name on; secrets masked."""
        import shlex  # What only looks has no use for it.

        return shlex.join(self._line_of(command))

    def _line_of(self, command: str) -> list[str]:
        """What follows the command's name on the command line belongs to it; secrets masked."""
        if command not in self._arguments:
            return [command]
        name_and_options = self._arguments[self._arguments.index(command) :]
        return list(map(str, masked_words(name_and_options)))


def _patience(wait: str | None) -> timedelta:
    try:
        return timedelta(0) if wait is None else duration(wait)
    except (ValueError, OverflowError):
        raise UsageError(f"--wait {wait!r}: it takes a duration such as 10m") from None


def _log_to_stderr(output: Output) -> None:
    """-v tells what is done, -vv what the libraries say too; without either only warnings."""
    if not output.verbose and not output.quiet and not output.json:
        return
    import logging

    class Lines(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            text, level = super().format(record), record.levelname.lower()
            return encode({"type": "log", "level": level, "message": text})

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        Lines("%(message)s") if output.json else logging.Formatter("%(levelname)s %(message)s")
    )
    least = logging.ERROR if output.quiet and not output.verbose else logging.WARNING
    logging.basicConfig(handlers=[handler], level=logging.DEBUG if output.verbose > 1 else least)
    if output.verbose:
        logging.getLogger("strmctl").setLevel(logging.DEBUG if output.verbose > 1 else logging.INFO)
    # They log whole URLs, and those of resolvers hold keys.
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
