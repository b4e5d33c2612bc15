"""`strmctl probe`: checks upstream URLs and moves link states; quiet unless there is something."""

from collections import Counter
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from strmctl.cli.frame.app import Panel, command
from strmctl.cli.frame.options import Wait
from strmctl.cli.frame.run import Run
from strmctl.cli.frame.selection import link_states, selecting
from strmctl.domain.mapping import LinkState
from strmctl.domain.selection import Selection
from strmctl.errors import ItemError

if TYPE_CHECKING:
    from strmctl.services.probing.probe import BrokenHost, Probe, Probed

_FOUND = 10
_DEAD = LinkState.DEAD.value


@command(Panel.LINKS)
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
        typer.Option(metavar="STATE,…", help="Exit with 10, and tell of links, in these states."),
    ] = _DEAD,
    force: Annotated[
        bool, typer.Option("--force", help="Mark dead as many as there are (safety.max_change).")
    ] = False,
    wait: Wait = None,
) -> int:
    """Check upstream URLs and move link states; without a selection, those that are due."""
    from strmctl.services.probing.probe import Probe, due

    states = frozenset(link_states("--fail-on", [fail_on] if fail_on else []))
    if selection.is_everything and not all_:
        selection = due(run.settings, datetime.now(UTC))
    with run.alone("probe", wait) as database:
        service = Probe(run.settings, database, selection, deep=deep, force=force)
        return _Report(run, states).of(service)


@dataclass
class _Report:
    """Lines for people wait until the run has come to its end: an egress that is down takes all
    of it back, and the links of a broken host are one line."""

    run: Run
    fail_on: frozenset[LinkState]
    counts: Counter[str] = field(default_factory=Counter)
    lines: list[tuple[str, str]] = field(default_factory=list)
    hosts: list["BrokenHost"] = field(default_factory=list)

    def of(self, service: "Probe") -> int:
        import asyncio

        from strmctl.errors import SafetyError

        try:
            asyncio.run(self._take(service))
        except SafetyError:
            self._end()
            raise
        self._end()
        if any(self.counts[state] for state in self.fail_on):
            return _FOUND  # A link that could not be asked must not hide those that are dead.
        return ItemError.exit_code if self.counts["failed"] else 0

    async def _take(self, service: "Probe") -> None:
        from strmctl.services.probing.probe import BrokenHost

        with self.run.output.progress("probing", len(service)) as progress:
            async with aclosing(service.results()) as results:
                async for found in results:
                    if isinstance(found, BrokenHost):
                        self._tell_host(found)
                    else:
                        self._tell(found)
                        progress.advance()

    def _tell(self, found: "Probed") -> None:
        is_probed = found.outcome == "probed"
        self.counts[found.state if is_probed else found.outcome] += 1
        mapping = found.mapping
        reason = f": {found.reason}" if found.reason else ""
        told = found.state if is_probed else found.outcome
        text = f"{told} {mapping.identity}{reason}"
        if self.run.output.verbose or self.run.output.json:
            self.run.output.record(_record(found), text)
        elif self._is_worth_telling(found):
            self.lines.append((found.host, text))

    def _is_worth_telling(self, found: "Probed") -> bool:
        if found.outcome != "probed":
            return found.outcome == "failed"
        newly_blocked = found.state is LinkState.BLOCKED is not found.mapping.state
        return newly_blocked or found.state in self.fail_on

    def _tell_host(self, found: "BrokenHost") -> None:
        self.hosts.append(found)
        self.run.output.record(
            {"type": "host", "host": found.host, "links": found.links, "reason": found.reason}
        )

    def _end(self) -> None:
        broken = {found.host for found in self.hosts}
        if not self.run.output.json:
            for found in self.hosts:
                self.run.output.record(
                    {}, f"host {found.host}: {found.reason}: {found.links} links"
                )
            for host, text in self.lines:
                if host not in broken:
                    self.run.output.record({}, text)
        numbers = {key: self.counts[key] for key in (*LinkState, "skipped", "failed")}
        numbers = {str(key): number for key, number in numbers.items()}
        told = ", ".join(f"{number} {key}" for key, number in numbers.items() if number)
        self.run.output.summary({**numbers, "hosts": len(self.hosts)}, told or "nothing is due")


def _record(found: "Probed") -> dict[str, object]:
    mapping = found.mapping
    return {
        "type": "probe",
        "id": mapping.id,
        "outcome": found.outcome,
        "state": found.state,
        "previous_state": mapping.state,
        "status": found.status,
        "reason": found.reason,
        "fail_count": found.fail_count,
        "next_probe_at": found.next_probe_at,
        "host": found.host or None,
        "strm_path": mapping.strm_path,
        **mapping.identity.fields(),
    }
