"""`strmctl keys`: the keys that sign playback URLs; never shown, only their ids."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from strmctl.cli.frame.app import Panel, command
from strmctl.cli.frame.options import Wait
from strmctl.cli.frame.run import Run
from strmctl.errors import UsageError

if TYPE_CHECKING:
    from strmctl.services.installation.keys import KeyUse


class Action(StrEnum):
    ADD = "add"
    LIST = "list"
    RETIRE = "retire"


@command(Panel.CARE)
def keys(
    run: Run,
    action: Annotated[
        Action, typer.Argument(metavar="add|list|retire", help="What to do with them.")
    ],
    key_id: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="Of the key that is to be retired.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Retire a key though files are signed with it.")
    ] = False,
    wait: Wait = None,
) -> None:
    """Add a key that signs from now on, list the keys, or retire one.

    To change keys: `keys add`, restart `strmctl serve`, `strmctl rewrite`, `keys retire ID`, and
    restart it again.
    """
    if (action is Action.RETIRE) != (key_id is not None):
        raise UsageError("retire takes the id of a key, the others take none")
    match action:
        case Action.ADD:
            _add(run, wait)
        case Action.LIST:
            _list(run)
        case Action.RETIRE:
            _retire(run, key_id or "", force, wait)


def _add(run: Run, wait: str | None) -> None:
    from strmctl.services.installation.keys import add

    with run.alone("keys", wait):
        use = add(run.settings)
    run.output.record(_record(use), f"added {use.id}: it signs from now on")
    run.output.note("restart `strmctl serve`, so that it knows it; then run `strmctl rewrite`")


def _list(run: Run) -> None:
    from strmctl.services.installation.keys import look

    uses = look(run.settings)
    for use in uses:
        run.output.record(_record(use))
    run.output.table(("id", "state", "files"), [(use.id, use.state, use.files) for use in uses])
    run.output.summary({"count": len(uses)})


def _retire(run: Run, key_id: str, force: bool, wait: str | None) -> None:
    from strmctl.services.installation.keys import retire

    with run.alone("keys", wait):
        use = retire(run.settings, key_id, force=force)
    run.output.record(_record(use), f"retired {use.id}")
    run.output.note("restart `strmctl serve`: until then it accepts what this key signed")


def _record(use: "KeyUse") -> dict[str, object]:
    return {"type": "key", "id": use.id, "state": use.state, "files": use.files}
