"""What was measured last, subject by subject: the page and the picture are drawn from it, and a
quick run is compared with it, ratio by ratio, since seconds are those of one machine.
"""

from dataclasses import dataclass
from pathlib import Path

import msgspec

from bench.measuring import Measured

FILE = Path(__file__).with_name("recorded.json")
WORSE = 1.1
"""A tenth more than what was recorded is a failure."""


@dataclass(frozen=True, slots=True)
class Run:
    """All of one subject; `described` is the machine and who took part."""

    model: str
    described: str
    measured: list[Measured]


class Recorded:
    """Runs by their subject; those that are not measured again are kept."""

    def __init__(self, file: Path = FILE) -> None:
        self._file = file
        known = file.read_bytes() if file.exists() else b"{}"
        self.runs = msgspec.json.decode(known, type=dict[str, Run])

    def put(self, subject: str, run: Run) -> None:
        self.runs[subject] = run

    def save(self) -> None:
        text = msgspec.json.encode(dict(sorted(self.runs.items())))
        self._file.write_bytes(msgspec.json.format(text, indent=1) + b"\n")

    def worse(self, measured: Measured) -> str | None:
        """What to say of a comparison that is worse than it was."""
        work = measured.work
        run = self.runs.get(work.subject)
        then = (
            next((it for it in run.measured if it.work.title == work.title), None) if run else None
        )
        ratio, known = _ratio(measured), _ratio(then) if then else None
        if ratio is None or known is None or ratio <= known * WORSE:
            return None
        return f"{work.title}: {ratio:g} x its reference, {known:g} x when it was recorded"


def _ratio(measured: Measured) -> float | None:
    """That of the first goal."""
    goal = measured.work.goals[0]
    return measured.ratios(goal).get(goal.name)
