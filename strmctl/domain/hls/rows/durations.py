"""EXTINF lines: the line as a player gets it, and the seconds that it says."""

import re
from collections.abc import Collection, Sequence

from strmctl.domain.hls import harmless
from strmctl.domain.hls.harmless import LOOKED_AT, differ
from strmctl.domain.hls.numbers import floats, seconds

INF = "#EXTINF:"

# A line each: where one is different, the next end of a line is looked for.
_PARTS = re.compile(rf"\n({INF}[ \t]*)([+-]?[0-9]{{1,18}}(?:\.[0-9]{{0,18}})?)([^\n]*)")


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
        each: Sequence[str] = infs
        if not differ(infs[:LOOKED_AT]):
            each = list(set(infs).difference(spans))
        said = _said(each) if each else []
        if said is None:
            read = [self.of(inf) for inf in infs]
            return [shown for shown, _ in read], [span for _, span in read]
        if each is infs:
            return infs, said
        spans.update(zip(each, said, strict=True))
        return infs, list(map(spans.__getitem__, infs))


def _said(infs: Sequence[str]) -> list[float] | None:
    """The durations of lines that all stay; None where one has to be looked at by itself."""
    if differ(harmless.shapes(infs[:LOOKED_AT])):
        numbers = ",".join([number for _, number, _ in _parts(infs)])
        return floats(numbers) if numbers else None
    shapes = harmless.shapes(infs)
    places = {
        f"{before}{number}{rest}": slice(len(before), len(before) + len(number))
        for before, number, rest in _parts(set(shapes))
    }
    if not places:
        return None
    return floats(",".join(map(str.__getitem__, infs, map(places.__getitem__, shapes))))


def _parts(infs: Collection[str]) -> Sequence[tuple[str, str, str]]:
    """What stands before, in and behind the number of each; nothing where one may not stay."""
    found: list[tuple[str, str, str]] = _PARTS.findall("\n".join(("", *infs)))
    is_plain = harmless.is_plain("\n".join([rest for _, _, rest in found]))
    return found if is_plain and len(found) == len(infs) else ()


def _read(line: str) -> tuple[str, float]:
    shown = harmless.duration_line(line)
    return shown, seconds(shown[len(INF) :]) or 0.0
