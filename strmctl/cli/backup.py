"""`strmctl backup FILE`: a consistent copy of the database while others use it."""

from pathlib import Path
from typing import Annotated

import typer

from strmctl.cli.frame.app import Panel, command
from strmctl.cli.frame.run import Run


@command(Panel.CARE, example="strmctl backup /srv/backup/strmctl.db")
def backup(
    run: Run,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", show_default=False, help="Where the copy goes.")
    ],
) -> None:
    """Copy the database to FILE, which must not exist, while others read and write."""
    from strmctl.storage.database.connection import Database

    target = file.absolute()
    with Database.open(run.settings.database, migrate=False) as database:
        database.backup(target)
    size = target.stat().st_size
    run.output.record({"type": "backup", "path": target, "bytes": size}, f"{target}")
