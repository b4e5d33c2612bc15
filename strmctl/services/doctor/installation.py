"""What the checks look at; every part of it may be missing or broken."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from types import TracebackType
from typing import Self

from msgspec import Struct

from strmctl.domain.selection import Selection
from strmctl.domain.urls.signature import Key
from strmctl.errors import DatabaseError, SettingsError
from strmctl.services.keys import in_force
from strmctl.settings.load import Loaded
from strmctl.settings.model import Auth, Role, Settings
from strmctl.storage.database.connection import Database, database_exists
from strmctl.storage.files.strm_file import LibraryFiles
from strmctl.storage.tables.mappings import Mappings


class Skew(Struct):
    """How far another clock is ahead of ours; `whose` says which one."""

    whose: str
    ahead: timedelta


@dataclass
class Installation:
    """`skews` are collected by the checks that talk to others.

    `fix` asks for what is safe to be mended, `force` lets that change more of the library than
    safety.max_change.
    """

    loaded: Loaded
    fix: bool = False
    force: bool = False
    skews: list[Skew] = field(default_factory=list)
    _opened: Database | None = None

    @property
    def settings(self) -> Settings:
        return self.loaded.settings

    @property
    def is_player(self) -> bool:
        """A node that plays by settings and key alone: database and library need not be there."""
        return self.settings.serve.role is Role.PLAYER

    @cached_property
    def files(self) -> LibraryFiles:
        return LibraryFiles(self.settings.library)

    def open_database(self) -> Database:
        """As it is, without migrating it. Raises DatabaseError."""
        if self._opened is None:
            self._opened = Database.open(self.settings.database, migrate=False)
        return self._opened

    def usable_database(self) -> Database | None:
        """None where another check tells what is wrong with it."""
        with suppress(DatabaseError):
            database = self.open_database()
            return None if database.pending() else database
        return None

    @property
    def has_database(self) -> bool:
        with suppress(DatabaseError):
            return database_exists(self.settings.database)
        return True

    def rows(self) -> int:
        """How many mappings it has, 0 where nobody can tell."""
        database = self.usable_database()
        with suppress(DatabaseError):
            return Mappings(database).count(Selection()) if database else 0
        return 0

    def key_ids(self) -> Sequence[str]:
        """The ids of the keys, beginning with the one that signs; none where no key is usable."""
        proxy = self.settings.proxy
        if proxy.auth is not Auth.HMAC:
            return ()
        with suppress(SettingsError):
            return [Key(secret.encode()).id for secret in in_force.secrets(proxy)]
        return ()

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
