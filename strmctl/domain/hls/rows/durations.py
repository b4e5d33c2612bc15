"""EXTINF lines: the line as a player gets it, and the seconds that it says."""

import re
from collections.abc import Sequence

from strmctl.domain.hls import harmless
from strmctl.domain.hls.numbers import seconds

INF = "#EXTINF:"

_LOOKED_AT = 64
"""Lines that show whether nearly all are different."""

# A line each: where one is different, the next end of a line is looked for.
_AFTER_NUMBER = re.compile(rf"\n{INF}[ \t]*([+-]?[0-9]{{1,18}}(?:\.[0-9]{{0,18}})?)([^\n]*)")


class Durations:
    """Most segments of a playlist have one of a few: each line is read once and kept once."""

    def __init__(self) -> None:
        self._whole: dict[str, tuple[str, float]] = {}
        self._seconds: dict[str, float] = {}

    def of(self, line: str) -> tuple[str, float]:
        """Of a line with its end."""
        found = self._whole.get(line)
        if found is None:
            found = self._whole[line] = _read(line)
        return found

    def of_all(self, infs: Sequence[str]) -> tuple[Sequence[str], list[float]]:
        """Of lines without their ends."""
        spans = self._seconds
        first = infs[:_LOOKED_AT]
        each: Sequence[str] = infs
        if 2 * len(set(first)) <= len(first):
            each = list(set(infs).difference(spans))
        if not each:
            return infs, list(map(spans.__getitem__, infs))
        text = "\n".join(("", *each))
        said = _plain(text) if harmless.is_unremarkable(each[0]) else []
        if len(said) != len(each):
            said = _titled(text)
        if len(said) != len(each):
            read = [self.of(inf) for inf in infs]
            return [shown for shown, _ in read], [span for _, span in read]
        if each is infs:
            return infs, said
        spans.update(zip(each, said, strict=True))
        return infs, list(map(spans.__getitem__, infs))


def _plain(text: str) -> list[float]:
    """The durations of EXTINF lines without titles that have to be looked at."""
    return list(map(float, harmless.UNREMARKABLE_INFS.findall(text)))


def _titled(text: str) -> list[float]:
    """The durations of EXTINF lines whose titles all stay."""
    found = _AFTER_NUMBER.findall(text)
    if not harmless.is_plain("\n".join([rest for _, rest in found])):
        return []
    # Nothing lasts -0 s.
    return [float(duration) or 0.0 for duration, _ in found]


def _read(line: str) -> tuple[str, float]:
    shown = harmless.duration_line(line)
    return shown, seconds(shown[len(INF) :]) or 0.0
