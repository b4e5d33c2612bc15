"""`strmctl refresh`: resolve mappings again and store the answers."""

from collections import Counter
from contextlib import aclosing
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import structs

from strmctl.cli.frame.app import Panel, command
from strmctl.cli.frame.digest import Digest, Remind, digest_lines, reminded
from strmctl.cli.frame.options import Wait, WithSidecars
from strmctl.cli.frame.run import Run
from strmctl.cli.frame.selection import note_unknown, selecting
from strmctl.domain.mapping import LinkState
from strmctl.domain.selection import Selection
from strmctl.errors import UsageError
from strmctl.services.reports.records import refresh_record, troubles_record
from strmctl.services.resolving.trouble import trouble_line

if TYPE_CHECKING:
    from strmctl.services.resolving.refresh import Refreshed
    from strmctl.services.resolving.report import Report
    from strmctl.storage.database.connection import Database


@command(Panel.LINKS, example="strmctl refresh --series one-piece --dry-run")
@selecting
def refresh(
    run: Run,
    selection: Selection,
    dead: Annotated[bool, typer.Option("--dead", help="Those whose link is dead.")] = False,
    all_: Annotated[bool, typer.Option("--all", help="The whole library.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show which it would be; no resolver is asked.")
    ] = False,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="Even where it is more than safety.max_change; with --id, also where there is "
            "more or less of the content than was known.",
        ),
    ] = False,
    sidecars: WithSidecars = False,
    remind: Remind = None,
    wait: Wait = None,
) -> int:
    """Resolve mappings again and store the answers that play; one failure never stops the rest."""
    if dead:
        selection = structs.replace(selection, states=(*selection.states, LinkState.DEAD))
    if selection.is_everything and not all_:
        raise UsageError("refresh: select mappings (--series, --dead, --expiring 2h …) or --all")
    if dry_run:
        _rehearse(run, selection)
        return 0
    digest = Digest.of(run, "refresh", remind)

    def work() -> int:
        return _refresh(run, selection, digest, force=force, sidecars=sidecars, wait=wait)

    return reminded(run, digest, work)


def _rehearse(run: Run, selection: Selection) -> None:
    from strmctl.services.resolving.refresh import rehearse

    counts: Counter[str] = Counter()
    with run.open_database() as database:
        planned = rehearse(run.settings, database, selection)
        for link in planned.links:
            counts[link.outcome] += 1
            record = refresh_record(link.mapping, link.resolution, link.outcome, link.reason)
            verb, why = ("fail", link.reason) if link.reason else ("refresh", link.mapping.state)
            text = f"would {verb} {link.mapping.identity}: {why}"
            run.output.record({**record, "dry_run": True}, text)
    needs_force = planned.needs_force
    summary = {"refreshed": counts["refreshed"], "unchanged": 0, "failed": counts["failed"]}
    failing = f", {counts['failed']} would fail" if counts["failed"] else ""
    run.output.summary(
        {**summary, "dry_run": True, "needs_force": needs_force},
        f"{counts['refreshed']} would be refreshed{failing}"
        + (": needs --force" if needs_force else ""),
    )


def _refresh(
    run: Run,
    selection: Selection,
    digest: Digest | None,
    *,
    force: bool,
    sidecars: bool,
    wait: str | None,
) -> int:
    import asyncio

    from strmctl.services.resolving.refresh import runs_as_a_play
    from strmctl.services.resolving.report import Report

    # A player waits for it while a probe of hours may hold the lock.
    as_a_play = runs_as_a_play(run.settings, selection, sidecars=sidecars)
    opened = run.open_database() if as_a_play else run.alone("refresh", wait)
    if as_a_play:
        run.begin("refresh")
    with opened as database:
        note_unknown(run, database, selection)
        found = Report(hides_links=digest is not None, needs_all=selection.is_a_few_ids)
        doing = _refresh_all(run, database, selection, found, force=force, sidecars=sidecars)
        asyncio.run(doing)
        goes = any(found.counts.values())
        said = digest_lines(digest, database, found.findings(), found.works, goes=goes)
    run.output.because(map(trouble_line, found.troubles))
    if not run.output.json:
        for line in map(trouble_line, found.troubles) if said is None else said:
            run.output.record({}, line)
    summary = {**found.numbers(), **troubles_record(found.troubles)}
    run.output.summary(summary, found.summary_text(), keep=bool(said))
    return found.exit_code()


async def _refresh_all(
    run: Run,
    database: "Database",
    selection: Selection,
    found: "Report",
    *,
    force: bool,
    sidecars: bool,
) -> None:
    from strmctl.services.resolving.refresh import Refreshed, refresh
    from strmctl.storage.tables.mappings import Mappings

    total = Mappings(database).count(selection)
    results = refresh(run.settings, database, selection, force=force, sidecars=sidecars)
    with run.output.progress("refreshing", total) as progress:
        async with aclosing(results):
            async for done in results:
                found.take(done)
                if isinstance(done, Refreshed):
                    _show(run, done, hides=found.hides_links)
                    progress.advance()


def _show(run: Run, done: "Refreshed", *, hides: bool) -> None:
    reason = done.reason or done.incomplete
    text = f"{done.outcome} {done.mapping.identity}" + (f": {reason}" if reason else "")
    record = refresh_record(done.mapping, done.resolution, done.outcome, reason)
    is_worth_a_line = reason is not None and not done.is_unrenewed
    is_shown = not hides and (is_worth_a_line or run.output.verbose)
    # What is hidden is recorded all the same: `runs` says later why it failed.
    run.output.record(record, text if is_shown else None)
