"""`strmctl migrate`: brings the database up to date, or says whether it is."""

from typing import Annotated

import typer

from strmctl.cli.frame.app import Panel, command
from strmctl.cli.frame.run import Run
from strmctl.errors import DRIFT


@command(Panel.CARE, example="strmctl migrate --check")
def migrate(
    run: Run,
    list_: Annotated[
        bool, typer.Option("--list", help="List the migrations, change nothing.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Exit 10 if one is pending, change nothing.")
    ] = False,
) -> int:
    """Bring the database up to date, after a backup."""
    from strmctl.services.installation.migrate import bring_up_to_date, look

    database = run.settings.database
    # `--check` only looks: a script may ask while the server runs.
    state = look(database) if list_ or check else bring_up_to_date(database)
    rows = [
        *((name, "ran" if name in state.ran else "applied") for name in state.applied),
        *((name, "pending") for name in state.pending),
    ]
    for name, label in rows:
        run.output.record({"type": "migration", "name": name, "state": label})
    run.output.table(("migration", "state"), rows)
    run.output.summary(
        {
            "applied": len(state.applied),
            "pending": len(state.pending),
            "ran": len(state.ran),
            "folder": state.folder,
        },
        f"{len(state.pending)} pending; `sqlite-utils migrate {database} {state.folder}` "
        "knows the same",
    )
    return DRIFT if check and state.pending else 0
