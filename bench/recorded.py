"""What was reached when it was last recorded: ratios, since seconds are those of one machine.

Only strmctl's own are compared with; those of the others are for the picture in the docs.
"""

import json
from pathlib import Path

from bench.measuring import Measured

FILE = Path(__file__).with_name("recorded.json")
WORSE = 1.1
"""A tenth more than what was recorded is a failure."""


class Recorded:
    """Ratios to the goal's reference, by the title of their comparison and the contender."""

    def __init__(self, file: Path = FILE) -> None:
        self._file = file
        known = file.read_text() if file.exists() else "{}"
        self._known: dict[str, dict[str, float]] = json.loads(known)
        self._found: dict[str, dict[str, float]] = {}

    def put(self, measured: Measured) -> str | None:
        """What to say of a comparison that is worse than recorded."""
        goal, title = measured.comparison.goal, measured.comparison.title
        ratios = measured.ratios()
        if goal.name not in ratios:
            return None
        self._found[title] = ratios
        ratio, known = ratios[goal.name], self._known.get(title, {}).get(goal.name)
        if known is None or ratio <= known * WORSE:
            return None
        return f"{title}: {ratio:g} x its reference, {known:g} x when it was recorded"

    def save(self) -> None:
        """Comparisons that were not made keep what is known of them."""
        found = dict(sorted((self._known | self._found).items()))
        self._file.write_text(json.dumps(found, indent=1) + "\n")
