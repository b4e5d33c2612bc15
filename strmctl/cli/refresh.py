"""`strmctl refresh`: resolve mappings again and store the answers."""

from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from strmctl.cli.frame.app import Panel, command
from strmctl.cli.frame.changing import Force
from strmctl.cli.frame.options import Wait
from strmctl.cli.frame.run import Run
from strmctl.cli.frame.selection import selecting
from strmctl.domain.mapping import LinkState, Mapping, Resolution
from strmctl.domain.selection import Selection
from strmctl.errors import ItemError, SafetyError, UsageError
from strmctl.settings.model import Mode

if TYPE_CHECKING:
    from strmctl.services.resolving.refresh import Refreshed
    from strmctl.storage.database.connection import Database


@command(Panel.LINKS)
@selecting
def refresh(
    run: Run,
    selection: Selection,
    dead: Annotated[bool, typer.Option("--dead", help="Those whose link is dead.")] = False,
    all_: Annotated[bool, typer.Option("--all", help="The whole library.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell which it would be; nothing is asked.")
    ] = False,
    force: Force = False,
    wait: Wait = None,
) -> int:
    """Resolve mappings again and store the answers that play; one failure never stops the rest."""
    if dead:
        selection = replace(selection, states=(*selection.states, LinkState.DEAD))
    if selection.is_everything and not all_:
        raise UsageError("refresh: select mappings (--series, --dead, --expiring 2h …) or --all")
    if dry_run:
        _tell(run, selection)
        return 0
    return _refresh(run, selection, force=force, wait=wait)


def _tell(run: Run, selection: Selection) -> None:
    """As if all of them would play; which will cannot be told without asking."""
    from strmctl.storage.tables.mappings import Mappings

    count = 0
    with run.open_database() as database:
        for mapping in Mappings(database).select(selection):
            record = {**_record(mapping, mapping.resolution, "refreshed"), "dry_run": True}
            run.output.record(record, f"would refresh {mapping.identity}")
            count += 1
        needs_force = _is_braked(run, database, selection)
    summary = {"refreshed": count, "unchanged": 0, "failed": 0}
    run.output.summary(
        {**summary, "dry_run": True, "needs_force": needs_force},
        f"{count} would be refreshed" + (": needs --force" if needs_force else ""),
    )


def _is_braked(run: Run, database: "Database", selection: Selection) -> bool:
    from strmctl.services.resolving.refresh import check_brake

    try:
        check_brake(run.settings, database, selection)
    except SafetyError:
        return True
    return False


def _refresh(run: Run, selection: Selection, *, force: bool, wait: str | None) -> int:
    import asyncio

    from strmctl.services.resolving.refresh import check_brake

    as_a_play = selection.is_a_few_ids and run.settings.proxy.mode is not Mode.DIRECT
    opened = run.open_database() if as_a_play else run.alone("refresh", wait)
    with opened as database:
        if not force:
            check_brake(run.settings, database, selection)
        counts = asyncio.run(_refresh_all(run, database, selection))
    text = ", ".join(f"{number} {outcome}" for outcome, number in counts.items())
    run.output.summary(counts, text)
    return ItemError.exit_code if counts["failed"] else 0


async def _refresh_all(run: Run, database: "Database", selection: Selection) -> dict[str, int]:
    from strmctl.services.resolving.refresh import Outcome, refresh
    from strmctl.storage.tables.mappings import Mappings

    counts = {outcome.value: 0 for outcome in Outcome}
    total = Mappings(database).count(selection)
    results = refresh(run.settings, database, selection)
    with run.output.progress("refreshing", total) as progress:
        async with aclosing(results):
            async for done in results:
                counts[done.outcome] += 1
                _show(run, done)
                progress.advance()
    return counts


def _show(run: Run, done: "Refreshed") -> None:
    text = f"{done.outcome} {done.mapping.identity}" + (f": {done.reason}" if done.reason else "")
    record = _record(done.mapping, done.resolution, done.outcome, done.reason)
    run.output.record(record, text if done.reason or run.output.verbose else None)


def _record(
    mapping: Mapping, resolution: Resolution | None, outcome: str, reason: str | None = None
) -> dict[str, object]:
    return {
        "type": "refresh",
        "id": mapping.id,
        "outcome": outcome,
        "reason": reason,
        "strm_path": mapping.strm_path,
        **mapping.identity.fields(),
        "provider_used": resolution and resolution.provider,
        "expires_at": resolution and resolution.expires_at,
    }
