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
    PROMOTE = "promote"
    LIST = "list"
    RETIRE = "retire"


_OF_ONE = (Action.PROMOTE, Action.RETIRE)


@command(Panel.CARE, example="strmctl keys add")
def keys(
    run: Run,
    action: Annotated[
        Action,
        typer.Argument(metavar="add|promote|list|retire", help="What to do with them."),
    ],
    key_id: Annotated[
        str | None,
        typer.Argument(metavar="ID", help="Of the key that is to be promoted or retired."),
    ] = None,
    verify_only: Annotated[
        bool,
        typer.Option("--verify-only", help="Add a key that does not sign until it is promoted."),
    ] = False,
    force: Annotated[
        bool,
        typer.Option("--force", help="Retire a key though it signs or files are signed with it."),
    ] = False,
    wait: Wait = None,
) -> None:
    """Add a key that signs from now on, let another key sign, list the keys, or retire one.

    `strmctl serve` reads the key file again on SIGHUP (`systemctl reload strmctl`), and at a start.

    To change keys on one machine: `keys add`, SIGHUP, `strmctl rewrite`, `keys retire ID`, SIGHUP.

    On several: `keys add --verify-only`, copy the key file to each, SIGHUP; then `keys promote ID`,
    copy, SIGHUP; `strmctl rewrite`; `keys retire ID` of the old one, copy, SIGHUP. No request is
    refused meanwhile.
    """
    if action in _OF_ONE and key_id is None:
        raise UsageError(f"{action} takes the id of a key: `strmctl keys list` shows them")
    if action not in _OF_ONE and key_id is not None:
        raise UsageError("promote and retire take the id of a key, the others take none")
    if verify_only and action is not Action.ADD:
        raise UsageError("--verify-only belongs to add")
    match action:
        case Action.ADD:
            _add(run, wait, signs=not verify_only)
        case Action.PROMOTE:
            _promote(run, key_id or "", wait)
        case Action.LIST:
            _list(run)
        case Action.RETIRE:
            _retire(run, key_id or "", force, wait)


def _add(run: Run, wait: str | None, *, signs: bool) -> None:
    from strmctl.services.installation.keys import add

    with run.alone("keys", wait):
        use = add(run.settings, signs=signs)
    if signs:
        run.output.record(_record(use), f"added {use.id}: it signs from now on")
        run.output.note(
            "send SIGHUP to `strmctl serve`, so that it knows it; then run `strmctl rewrite`"
        )
        return
    run.output.record(_record(use), f"added {use.id}: it verifies, and does not sign yet")
    run.output.note(
        "copy the key file to every machine and send SIGHUP to `strmctl serve` there; "
        f"once all know it, run `strmctl keys promote {use.id}`"
    )


def _promote(run: Run, key_id: str, wait: str | None) -> None:
    from strmctl.services.installation.keys import promote

    with run.alone("keys", wait):
        use = promote(run.settings, key_id)
    run.output.record(_record(use), f"{use.id} signs from now on")
    run.output.note(
        "copy the key file to every machine and send SIGHUP to `strmctl serve` there; "
        "then run `strmctl rewrite`"
    )


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
    run.output.note("send SIGHUP to `strmctl serve`: until then it accepts what this key signed")


def _record(use: "KeyUse") -> dict[str, object]:
    return {"type": "key", "id": use.id, "state": use.state, "files": use.files}
