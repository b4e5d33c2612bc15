"""Which migrations this program knows; they are loaded only when one has to run.

In a checkout they lie beside the package, in the wheel inside it.
"""

import runpy
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from sqlite_utils import Migrations

MIGRATION_SET = "strmctl"
APPLICATION_ID = 0x5354524D

_PACKAGE = Path(__file__).parents[2]
_FOLDERS = (_PACKAGE / "migrations", _PACKAGE.parent / "migrations")


def known() -> list[str]:
    """The names of all migrations, in the order in which they run."""
    return list(_names())


@cache
def _names() -> tuple[str, ...]:
    # A run opens the database more than once, and listing a folder costs more than that. No glob:
    # it would compile a pattern first.
    names = (path.name for path in folder().iterdir())
    return tuple(sorted(name[:-3] for name in names if name[:4].isdigit() and name[-3:] == ".py"))


def load() -> "Migrations":
    return cast("Migrations", runpy.run_path(str(folder() / "migrations.py"))["migrations"])


def folder() -> Path:
    return next(place for place in _FOLDERS if (place / "migrations.py").is_file())
