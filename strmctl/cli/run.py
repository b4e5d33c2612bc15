"""One run of one command: its settings, loaded once and late, its output and its database."""

import os
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from strmctl.cli.output import Output
from strmctl.settings.load import Loaded, load
from strmctl.settings.model import Settings

if TYPE_CHECKING:
    from strmctl.storage.database import Database


@dataclass(frozen=True, slots=True)
class EveryCommand:
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


class Run:
    """What a command is given. `settings` raises SettingsError when first asked for."""

    def __init__(self, options: EveryCommand) -> None:
        self.config = options.config
        self.database = options.database
        self.output = Output(
            json=options.json,
            quiet=options.quiet,
            verbose=options.verbose,
            color=not options.no_color and not os.environ.get("NO_COLOR"),
        )
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

    @cached_property
    def loaded(self) -> Loaded:
        return load(self.config, self._overrides)

    @property
    def settings(self) -> Settings:
        return self.loaded.settings

    def open_database(self) -> "Database":
        """Opened and migrated; use it as a context manager. Raises DatabaseError for none."""
        from strmctl.storage.database import Database

        return Database.open(self.settings.database, create=False)


def _log_to_stderr(output: Output) -> None:
    """-v tells what is done, -vv what the libraries say too; without either only warnings."""
    if not output.verbose and not output.quiet:
        return
    import logging

    levels = {0: logging.ERROR, 1: logging.WARNING, 2: logging.DEBUG}
    logging.basicConfig(
        stream=sys.stderr, level=levels[min(output.verbose, 2)], format="%(levelname)s %(message)s"
    )
    if output.verbose:
        logging.getLogger("strmctl").setLevel(logging.DEBUG if output.verbose > 1 else logging.INFO)
    # They log whole URLs, and those of resolvers hold keys.
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
