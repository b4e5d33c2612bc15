"""What was reached when it was last recorded: ratios, since seconds are those of one machine."""

import json
from pathlib import Path

from bench.measuring import Measured

FILE = Path(__file__).with_name("recorded.json")
WORSE = 1.1
"""A tenth more than what was recorded is a failure."""


class Recorded:
    """Ratios by the title of their comparison."""

    def __init__(self, file: Path = FILE) -> None:
        self._file = file
        self._known: dict[str, float] = json.loads(file.read_text()) if file.exists() else {}
        self._found: dict[str, float] = {}

    def put(self, measured: Measured) -> str | None:
        """What to say of a comparison that is worse than recorded."""
        reached = measured.goal()
        if reached is None or measured.comparison.goal.reference is None:
            return None
        title, ratio = measured.comparison.title, round(reached[0], 3)
        self._found[title] = ratio
        known = self._known.get(title)
        if known is None or ratio <= known * WORSE:
            return None
        return f"{title}: {ratio:g} x its reference, {known:g} x when it was recorded"

    def save(self) -> None:
        """Comparisons that were not made keep what is known of them."""
        found = dict(sorted((self._known | self._found).items()))
        self._file.write_text(json.dumps(found, indent=1) + "\n")
