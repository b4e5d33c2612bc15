"""Pairs of lines with nothing to look at but an EXTINF and a URI, many of them in one go.

Nearly all of a long playlist is such pairs. Here they are recognized and read by columns, with
what is the same looked at once; every other line is left to the reader that looks at each.
"""

from collections.abc import Sequence
from itertools import compress, count
from operator import itemgetter

from strmctl.domain.hls import harmless
from strmctl.domain.hls.numbers import seconds

INF = "#EXTINF:"

_FIRST, _GROWTH = 8, 4
_LEAST = 4
"""So few pairs are read as fast one by one."""

_first_letter = itemgetter(slice(1))


def count_pairs(lines: Sequence[str], at: int) -> int:
    """How many pairs stand in a row from `at` on; 0 for too few. No line holds its end."""
    # Most that do not begin a row show it by the very next lines.
    if at + 2 >= len(lines) or lines[at + 1][:1] == "#" or lines[at + 2][:8] != INF:
        return 0
    found, size = 0, _FIRST
    while True:
        begin = at + 2 * found
        uris = lines[begin + 1 : begin + 2 * size : 2]
        plain = _leading_pairs(lines[begin : begin + 2 * len(uris) : 2], uris)
        found += plain
        # What has been looked at is never much more than what is found: that keeps it linear.
        if plain < size:
            return found if found >= _LEAST else 0
        size *= _GROWTH


def _leading_pairs(infs: Sequence[str], uris: Sequence[str]) -> int:
    odd_infs = {inf for inf in set(infs) if not inf.startswith(INF)}
    odd_letters = {letter for letter in set(map(_first_letter, uris)) if not _begins_uri(letter)}
    if not odd_infs and not odd_letters:
        return len(uris)
    is_odd = (
        inf in odd_infs or uri[:1] in odd_letters for inf, uri in zip(infs, uris, strict=True)
    )
    return next(compress(count(), is_odd))


def _begins_uri(letter: str) -> bool:
    """Not so a tag, a comment, a blank line, or one that is indented and may be any of them."""
    return letter not in ("", "#", "\ufeff") and not letter.isspace()


class Durations:
    """EXTINF lines: the line as a player gets it, and the seconds that it says.

    Most segments of a playlist have one of a few durations: each is read once and kept once.
    """

    def __init__(self) -> None:
        self._whole: dict[str, tuple[str, float]] = {}
        self._known: dict[str, tuple[str, float]] = {}

    def of(self, line: str) -> tuple[str, float]:
        """Of a line with its end."""
        found = self._whole.get(line)
        if found is None:
            found = self._whole[line] = _read(line)
        return found

    def of_all(self, infs: Sequence[str], end: str) -> tuple[list[str], list[float]]:
        """Of lines without their ends, which are all `end`; what is shown has it."""
        known = self._known
        new = list(set(infs).difference(known))
        plain = harmless.UNREMARKABLE_INFS.findall("\n".join(new))
        if len(plain) == len(new):
            known.update(
                (inf, (inf + end, float(each))) for inf, each in zip(new, plain, strict=True)
            )
        else:
            known.update((inf, _read(inf + end)) for inf in new)
        return [known[inf][0] for inf in infs], [known[inf][1] for inf in infs]


def _read(line: str) -> tuple[str, float]:
    shown = harmless.duration_line(line)
    return shown, seconds(shown[len(INF) :]) or 0.0
