"""What a probe says to people: each finding once, the cause instead of its hundred effects.

The links of a host that is down, and those that a resolver in trouble did not renew, are one line.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

from msgspec import Struct, field

from strmctl.domain.counted import counted
from strmctl.domain.digest import FAILED, Finding
from strmctl.domain.mapping import LinkState, is_muted
from strmctl.errors import ItemError
from strmctl.services.alerting.reminding import finding
from strmctl.services.probing.probe import BrokenHost, Outcome, Probed, Result
from strmctl.services.reports.records import Record, troubles_record
from strmctl.services.resolving.trouble import ResolverTrouble, trouble_finding, trouble_line

FOUND = 10
"""The exit code where links are in a state that was asked for."""


class Report(Struct):
    """Of one run; `fail_on` are the states that are worth a line and the exit code 10.

    Links that are `muted` at the time `at` are counted and shown, but nobody is needed for them.
    """

    fail_on: frozenset[LinkState]
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    counts: Counter[str] = field(default_factory=Counter)
    muted: Counter[str] = field(default_factory=Counter)
    hosts: list[BrokenHost] = field(default_factory=list)
    troubles: list[ResolverTrouble] = field(default_factory=list)
    works: set[str] = field(default_factory=set)
    _lines: list[tuple[str, str]] = field(default_factory=list)
    _findings: list[tuple[str, Finding]] = field(default_factory=list)

    def take(self, found: Result) -> None:
        if isinstance(found, BrokenHost):
            self.hosts.append(found)
        elif isinstance(found, ResolverTrouble):
            self.troubles.append(found)
        else:
            self.counts[_word(found)] += 1
            # What a resolver in trouble leaves undone is about the resolver, muted or not.
            if is_muted(found.mapping, self.at) and not found.is_unrenewed:
                self.muted[_word(found)] += 1
            if self._is_worth_a_line(found):
                self._lines.append((found.host, text(found)))
                state = FAILED if found.outcome is Outcome.FAILED else found.state
                self._findings.append((found.host, finding(found.mapping, state, found.reason)))
            elif found.state is LinkState.ALIVE and found.outcome is Outcome.PROBED:
                self.works |= {str(found.mapping.id), f"host {found.host}"}

    def lines(self) -> Iterator[str]:
        """Ready only at the end: an egress that is down takes all of it back."""
        for host in self.hosts:
            yield _host_line(host)
        for trouble in self.troubles:
            yield trouble_line(trouble)
        broken = {host.host for host in self.hosts}
        yield from (line for host, line in self._lines if host not in broken)

    def findings(self) -> list[Finding]:
        """The same for a digest, where links are grouped by series and reason."""
        broken = {host.host for host in self.hosts}
        return [
            *(
                Finding("", f"host {host.host}", FAILED, links=host.links, line=_host_line(host))
                for host in self.hosts
            ),
            *map(trouble_finding, self.troubles),
            *(found for host, found in self._findings if host not in broken),
        ]

    @property
    def has_judged(self) -> bool:
        return any(self.counts[state] for state in LinkState)

    def numbers(self) -> dict[str, int]:
        return {str(key): self.counts[key] for key in (*LinkState, "skipped", "failed")}

    def summary(self) -> Record:
        muted = self._muted_in_vain()
        return {
            **self.numbers(),
            **({"muted": muted} if muted else {}),
            "hosts": len(self.hosts),
            **troubles_record(self.troubles),
        }

    def summary_text(self) -> str:
        parts = [f"{number} {key}" for key, number in self.numbers().items() if number]
        muted = self._muted_in_vain()
        return (", ".join(parts) or "nothing is due") + (f" ({muted} muted)" if muted else "")

    def exit_code(self) -> int:
        """A link that could not be asked must not hide those that are dead."""
        if any(self.counts[state] > self.muted[state] for state in self.fail_on):
            return FOUND
        # cron's mail and systemd's OnFailure go by this number.
        is_incomplete = self.troubles or self.counts["failed"] > self.muted["failed"]
        return ItemError.exit_code if is_incomplete else 0

    def _muted_in_vain(self) -> int:
        """Those that would be worth an exit code, were they not muted."""
        return sum(self.muted[word] for word in (*self.fail_on, "failed"))

    def _is_worth_a_line(self, found: Probed) -> bool:
        if found.outcome is not Outcome.PROBED:
            return found.outcome is Outcome.FAILED and not found.is_unrenewed
        newly_blocked = found.state is LinkState.BLOCKED is not found.mapping.state
        return newly_blocked or found.state in self.fail_on


def _host_line(host: BrokenHost) -> str:
    return f"host {host.host}: {host.reason}: {counted(host.links, 'link')}"


def text(found: Probed) -> str:
    reason = f": {found.reason}" if found.reason else ""
    return f"{_word(found)} {found.mapping.identity}{reason}"


def record(found: Probed | BrokenHost) -> Record:
    if isinstance(found, BrokenHost):
        return {"type": "host", "host": found.host, "links": found.links, "reason": found.reason}
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


def _word(found: Probed) -> str:
    return found.state if found.outcome is Outcome.PROBED else found.outcome
