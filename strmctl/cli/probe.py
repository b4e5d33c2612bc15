"""`strmctl probe`: checks upstream URLs and moves link states; quiet unless there is something."""

from contextlib import aclosing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from strmctl.cli.frame.app import Panel, command
from strmctl.cli.frame.digest import Digest, Remind, digest_lines, reminded
from strmctl.cli.frame.options import Wait
from strmctl.cli.frame.run import Run
from strmctl.cli.frame.selection import link_states, note_unknown, selecting
from strmctl.domain.mapping import LinkState
from strmctl.domain.selection import Selection
from strmctl.errors import EgressError, SafetyError
from strmctl.services.resolving.trouble import trouble_line

if TYPE_CHECKING:
    from strmctl.services.probing.probe import Probe
    from strmctl.services.probing.report import Report

_DEAD = LinkState.DEAD.value


@command(Panel.LINKS, example="strmctl probe --stale -q --wait 20m")
@selecting
def probe(
    run: Run,
    selection: Selection,
    all_: Annotated[bool, typer.Option("--all", help="The whole library.")] = False,
    deep: Annotated[
        bool, typer.Option("--deep", help="Follow playlists to a segment, its key and its start.")
    ] = False,
    fail_on: Annotated[
        str,
        typer.Option(metavar="STATE,…", help="Exit with 10, and list the links, in these states."),
    ] = _DEAD,
    force: Annotated[
        bool, typer.Option("--force", help="Mark dead as many as there are (safety.max_change).")
    ] = False,
    remind: Remind = None,
    wait: Wait = None,
) -> int:
    """Check upstream URLs and move link states; without a selection, those that are due."""
    from strmctl.services.probing.probe import due

    digest = Digest.of(run, "probe", remind)
    states = frozenset(link_states("--fail-on", [fail_on] if fail_on else []))
    # cron runs it each hour: providers ban who asks for a whole library each time.
    if selection.is_everything and not all_:
        selection = due(run.settings, datetime.now(UTC))

    def work() -> int:
        return _probe(run, selection, states, digest, deep=deep, force=force, wait=wait)

    return reminded(run, digest, work)


def _probe(
    run: Run,
    selection: Selection,
    states: frozenset[LinkState],
    digest: Digest | None,
    *,
    deep: bool,
    force: bool,
    wait: str | None,
) -> int:
    from strmctl.services.probing.probe import Probe
    from strmctl.services.probing.report import Report

    with run.alone("probe", wait) as database:
        note_unknown(run, database, selection)
        service = Probe(run.settings, database, selection, deep=deep, force=force)
        found = Report(states)
        try:
            if len(service):
                import asyncio  # Only where something is due.

                asyncio.run(_take(run, service, found))
        # cron's mail should name the links that the brake was about, and those of other egresses.
        except (SafetyError, EgressError):
            if not service.has_concluded:
                raise
            _summarise(run, found, digest_lines(digest, database, found.findings(), found.works))
            raise
        # What a brake has stopped is not due again for hours.
        goes = found.has_judged or None
        lines = digest_lines(digest, database, found.findings(), found.works, goes=goes)
        _summarise(run, found, lines)
        return found.exit_code()


async def _take(run: Run, service: "Probe", found: "Report") -> None:
    from strmctl.services.probing.probe import BrokenHost, Probed
    from strmctl.services.probing.report import record, text

    shows_all = run.output.verbose or run.output.json
    with run.output.progress("probing", len(service)) as progress:
        async with aclosing(service.results()) as results:
            async for each in results:
                found.take(each)
                if isinstance(each, BrokenHost):
                    run.output.record(record(each))
                elif isinstance(each, Probed):
                    if shows_all:
                        run.output.record(record(each), text(each))
                    progress.advance()


def _summarise(run: Run, found: "Report", digest: list[str] | None) -> None:
    run.output.because(map(trouble_line, found.troubles))
    if not run.output.json:
        for line in found.lines() if digest is None else digest:
            run.output.record({}, line)
    run.output.summary(found.summary(), found.summary_text(), keep=bool(digest))
