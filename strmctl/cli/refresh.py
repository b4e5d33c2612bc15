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
from strmctl.domain.mapping import LinkState
from strmctl.domain.selection import Selection
from strmctl.errors import ItemError, UsageError
from strmctl.services.reports.records import refresh_record, troubles_record
from strmctl.services.resolving.trouble import ResolverTrouble, trouble_line

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
        _rehearse(run, selection)
        return 0
    return _refresh(run, selection, force=force, wait=wait)


def _rehearse(run: Run, selection: Selection) -> None:
    from strmctl.services.resolving.refresh import rehearse

    count = 0
    with run.open_database() as database:
        planned = rehearse(run.settings, database, selection)
        for mapping in planned.mappings:
            record = {**refresh_record(mapping, mapping.resolution, "refreshed"), "dry_run": True}
            run.output.record(record, f"would refresh {mapping.identity}")
            count += 1
    needs_force = planned.needs_force
    summary = {"refreshed": count, "unchanged": 0, "failed": 0}
    run.output.summary(
        {**summary, "dry_run": True, "needs_force": needs_force},
        f"{count} would be refreshed" + (": needs --force" if needs_force else ""),
    )


def _refresh(run: Run, selection: Selection, *, force: bool, wait: str | None) -> int:
    import asyncio

    from strmctl.services.resolving.refresh import runs_as_a_play

    as_a_play = runs_as_a_play(run.settings, selection)
    opened = run.open_database() if as_a_play else run.alone("refresh", wait)
    if as_a_play:
        run.begin("refresh")
    with opened as database:
        counts, troubles = asyncio.run(_refresh_all(run, database, selection, force=force))
    if not run.output.json:
        for trouble in troubles:
            run.output.record({}, trouble_line(trouble))
    text = ", ".join(f"{number} {outcome}" for outcome, number in counts.items())
    run.output.summary({**counts, **troubles_record(troubles)}, text)
    return ItemError.exit_code if counts["failed"] else 0


async def _refresh_all(
    run: Run, database: "Database", selection: Selection, *, force: bool
) -> tuple[dict[str, int], list[ResolverTrouble]]:
    from strmctl.services.resolving.refresh import Outcome, Refreshed, refresh
    from strmctl.storage.tables.mappings import Mappings

    counts = {outcome.value: 0 for outcome in Outcome}
    total = Mappings(database).count(selection)
    troubles: list[ResolverTrouble] = []
    results = refresh(run.settings, database, selection, force=force)
    with run.output.progress("refreshing", total) as progress:
        async with aclosing(results):
            async for done in results:
                if isinstance(done, Refreshed):
                    counts[done.outcome] += 1
                    _show(run, done)
                    progress.advance()
                else:
                    troubles.append(done)
    return counts, troubles


def _show(run: Run, done: "Refreshed") -> None:
    text = f"{done.outcome} {done.mapping.identity}" + (f": {done.reason}" if done.reason else "")
    record = refresh_record(done.mapping, done.resolution, done.outcome, done.reason)
    is_worth_a_line = done.reason is not None and not done.is_unrenewed
    run.output.record(record, text if is_worth_a_line or run.output.verbose else None)
