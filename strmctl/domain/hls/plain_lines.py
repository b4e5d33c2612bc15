"""Segments whose tags say nothing about names are found and read many in one go.

Nearly all of a long playlist is rows of EXTINF, URI and tags that a player gets as they are. Such
rows are read by columns; every other line is left to the reader that looks at each.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import Any, NamedTuple

from strmctl.domain.hls import harmless
from strmctl.domain.hls.known_tags import ATTRIBUTES, BARE, DATE, VALUES
from strmctl.domain.hls.numbers import seconds

INF = "#EXTINF:"
RANGE = "#EXT-X-BYTERANGE:"
DISCONTINUITY = "#EXT-X-DISCONTINUITY"

_LEAST = 3
"""So few rows are read as fast one by one."""

_AT_ONCE = 32
"""Rows among which one has to be looked at line by line, and so all of them."""

_DATERANGE = "#EXT-X-DATERANGE:"
_ATTRIBUTE = "|".join(ATTRIBUTES[_DATERANGE[:-1]])
_STANDING = (
    "DISCONTINUITY|GAP|BITRATE:[0-9]{1,18}|PROGRAM-DATE-TIME:[0-9TZ:+.-]{1,48}"
    "|BYTERANGE:[1-9][0-9]{0,17}(?:@[0-9]{1,18})?"
)
# A known tag that has none of these shapes is the reader's matter.
_KNOWN = "|".join(
    name.removeprefix("#EXT-X-")
    for name in (*ATTRIBUTES, *BARE, *VALUES, "DEFINE", "CONTENT-STEERING")
    if name != "#EXTM3U"
)
_UNKNOWN = r"[\w-]*(?::[^\n]*)?"
_TO_VET = (
    rf'DATERANGE:(?:(?:{_ATTRIBUTE})=(?:"[^"\n]*"|[^,\s"]*+)(?:,|(?=\n)))++'
    rf"|(?!(?:{_KNOWN})(?![\w-])){_UNKNOWN}"
)
_TAG = rf"#(?:EXT(?:-X-(?:{_STANDING}|{_TO_VET})|(?!INF|M3U|-X-){_UNKNOWN})|(?!EXT)[^\n]*)\n|\n"
# Few enough that what is in vain is not looked at often: that keeps it linear.
_ROW = re.compile(
    rf"((?:{_TAG}){{0,8}}+)({INF}[^\n]*)\n((?:{_TAG}){{0,8}}+)([^\s#\ufeff][^\n]*)\n"
    r"|([^\n]*\n|[^\n]+)"
)
_STANDING_LINES = frozenset(("", DISCONTINUITY, "#EXT-X-GAP"))
_STANDING_NAMES = ("#EXT-X-BITRATE:", f"{DATE}:", RANGE)
_RANGE_LINE = re.compile(rf"^{RANGE}[^\n]*\n", re.MULTILINE)
_RANGE = re.compile(rf"^{RANGE}([0-9]+)(?:@([0-9]+))?$", re.MULTILINE)
_AFTER_NUMBER = re.compile(
    rf"^{INF}[ \t]*([+-]?[0-9]{{1,18}}(?:\.[0-9]{{0,18}})?)(.*)$", re.MULTILINE
)
_DATE = re.compile(rf"^{DATE}:([^\n]*)$", re.MULTILINE)


class Rows(NamedTuple):
    """Columns: the tags before EXTINF, EXTINF, the tags behind it, the URI."""

    before: Sequence[str]
    infs: Sequence[str]
    behind: Sequence[str]
    uris: Sequence[str]

    def lines(self) -> Iterator[str]:
        """One by one, without their ends."""
        for before, inf, behind, uri in zip(*self, strict=True):
            yield from f"{before}{inf}\n{behind}{uri}".split("\n")


class Tags(NamedTuple):
    """What the tags of rows say; each is empty where none says anything.

    `ranges` are length and, perhaps, offset.
    """

    ranges: Sequence[tuple[str, str] | None]
    discontinuities: list[bool]
    dates: list[str]


def rows_in(text: str) -> Iterator[Rows | str]:
    """Rows and other lines in their order; each line of `text` ends in LF, but for the last."""
    start = 0 if text.startswith(INF) else text.find(f"\n{INF}") + 1
    end = text.rfind("\n#") + 1
    # What stands before and behind them does not hold up those that are pairs of lines alone.
    if text.startswith(INF, end):
        end = len(text)
    pairs = _pairs(text[start:end])
    if pairs is None:
        yield from _found(text)
        return
    yield from _found(text[:start])
    yield pairs
    yield from _found(text[end:])


def _pairs(text: str) -> Rows | None:
    """Where there is nothing but EXTINF and URI in turns."""
    lines = text.split("\n")
    infs, uris = lines[:-1:2], lines[1::2]
    if lines[-1] or len(infs) != len(uris) or len(infs) < _LEAST:
        return None
    if not all(map(str.startswith, infs, repeat(INF))):
        return None
    odd = {letter for letter in {uri[:1] for uri in uris} if _is_odd(letter)}
    none = [""] * len(infs)
    return None if odd else Rows(none, infs, none, uris)


def _is_odd(letter: str) -> bool:
    """Whether it begins a tag, a comment, a blank line, or one that is indented."""
    return letter in ("", "#", "\ufeff") or letter.isspace()


def _found(text: str) -> Iterator[Rows | str]:
    found = _ROW.findall(text)
    begin = 0
    for at in [at for at, row in enumerate(found) if row[4]]:
        yield from _rows(found[begin:at])
        yield found[at][4]
        begin = at + 1
    yield from _rows(found[begin:])


def _rows(found: Sequence[tuple[str, ...]]) -> Iterator[Rows | str]:
    if not found:
        return
    rows = Rows(*list(zip(*found, strict=True))[:4])
    doubtful = _doubtful(rows)
    # An unknown tag may hold a URI, which gets a name.
    is_plain = not any("URI" in line for line in doubtful)
    if len(found) < _LEAST or (len(found) <= _AT_ONCE and not is_plain):
        yield from (f"{line}\n" for line in rows.lines())
    elif not is_plain:
        for at in range(0, len(found), _AT_ONCE):
            yield from _rows(found[at : at + _AT_ONCE])
    elif _are_harmless(doubtful):
        yield rows
    else:
        yield rows._replace(before=_kept(rows.before), behind=_kept(rows.behind))


def _kept(column: Sequence[str]) -> list[str]:
    """What a player is given of tags."""
    return [
        "".join(harmless.tag_line(f"{line}\n") or "" for line in tags.split("\n")[:-1])
        for tags in column
    ]


def _doubtful(rows: Rows) -> Sequence[str]:
    """The tags that a player may perhaps not be given."""
    tags = "".join(rows.before) + "".join(rows.behind)
    return [
        line
        for line in tags.split("\n")
        if line not in _STANDING_LINES and not line.startswith(_STANDING_NAMES)
    ]


def _are_harmless(doubtful: Sequence[str]) -> bool:
    """Whether a player may be given all of them as they are."""
    ranges = [line for line in doubtful if line.startswith(_DATERANGE)]
    others = (
        doubtful if not ranges else [line for line in doubtful if not line.startswith(_DATERANGE)]
    )
    # The name of a tag says nothing.
    shown = [line.partition(":")[2] or line if line[:4] == "#EXT" else line for line in others]
    dateranges = "\n".join(ranges)
    return (
        "X-ASSET-" not in dateranges  # An interstitial goes.
        and harmless.leads_nowhere(dateranges)
        and harmless.is_plain("\n".join(shown))
    )


def tags_of(rows: Rows, *, discontinuity: bool, date_time: str) -> tuple[Rows, Tags]:
    """The rows as a player gets them, and what their tags say.

    `discontinuity` and `date_time` are what tags said before the first row.
    """
    is_plain = not (discontinuity or date_time or any(rows.before) or any(rows.behind))
    if is_plain:
        return rows, Tags([], [], [])
    before, behind = list(rows.before), list(rows.behind)
    tags = [f"\n{first}{second}" for first, second in zip(before, behind, strict=True)]
    if discontinuity:
        tags[0] += f"{DISCONTINUITY}\n"
    if date_time and f"\n{DATE}:" not in tags[0]:
        tags[0] += f"{DATE}:{date_time}\n"
    text = "".join(tags)
    ranges: list[tuple[str, str] | None] = []
    discontinuities: list[bool] = []
    dates: list[str] = []
    if f"\n{RANGE}" in text:
        ranges = _last_of_each(_RANGE, f"\n{RANGE}", tags, text)
        # Mostly there is nothing else.
        none = [""] * len(tags) if text.count("\n") == 2 * len(tags) and all(ranges) else None
        before, behind = none or _without_ranges(before), none or _without_ranges(behind)
    if f"\n{DISCONTINUITY}\n" in text:
        discontinuities = [f"\n{DISCONTINUITY}\n" in each for each in tags]
    if f"\n{DATE}:" in text:
        dates = [each or "" for each in _last_of_each(_DATE, f"\n{DATE}:", tags, text)]
    return Rows(before, rows.infs, behind, rows.uris), Tags(ranges, discontinuities, dates)


def shown(rows: Rows, infs: Sequence[str], end: str) -> list[str]:
    """What stands before the URI of each."""
    lines = zip(rows.before, infs, rows.behind, strict=True)
    texts = [f"{before}{inf}\n{behind}" for before, inf, behind in lines]
    return texts if end == "\n" else [each.replace("\n", end) for each in texts]


def _last_of_each(pattern: re.Pattern[str], mark: str, tags: Sequence[str], text: str) -> list[Any]:
    """What `pattern` finds in each of `tags`, which begins with `mark`; `text` is all of them."""
    found = pattern.findall(text)
    if len(found) == len(tags) and all(mark in each for each in tags):
        return found
    return [pattern.findall(each)[-1] if mark in each else None for each in tags]


def _without_ranges(tags: Sequence[str]) -> list[str]:
    return _RANGE_LINE.sub("", "\0\n".join(tags)).split("\0\n")


class Durations:
    """EXTINF lines: the line as a player gets it, and the seconds that it says.

    Most segments of a playlist have one of a few durations: each is read once and kept once.
    """

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
        new = list(set(infs).difference(spans))
        each: Sequence[str] = infs if 2 * len(new) > len(infs) else new
        text = "\n".join(each)
        plain: Sequence[str] = harmless.UNREMARKABLE_INFS.findall(text)
        if len(plain) != len(each):
            plain = _titled(text)
        if len(plain) == len(infs):
            return infs, list(map(float, plain))
        if len(plain) != len(each):
            read = [self.of(inf) for inf in infs]
            return [shown for shown, _ in read], [span for _, span in read]
        spans.update(zip(each, map(float, plain), strict=True))
        return infs, list(map(spans.__getitem__, infs))


def _titled(text: str) -> Sequence[str]:
    """The durations of EXTINF lines whose titles all stay."""
    found = _AFTER_NUMBER.findall(text)
    if not harmless.is_plain("\n".join([rest for _, rest in found])):
        return ()
    # Nothing lasts -0 s.
    return [duration if float(duration) else "0" for duration, _ in found]


def _read(line: str) -> tuple[str, float]:
    shown = harmless.duration_line(line)
    return shown, seconds(shown[len(INF) :]) or 0.0
