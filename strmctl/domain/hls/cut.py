"""How content is cut into segments: two playlists of one cut may stand in for each other."""

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain, repeat
from operator import itemgetter

from strmctl.domain.hls.listed import ByteRange, Decoding, Segment, Segments, Stretch
from strmctl.domain.hls.media_playlist import MediaPlaylist
from strmctl.domain.hls.stable_names import INIT, KEY

_NAMED_BY_SEGMENT = re.compile(
    rf"(?P<kind>{KEY}|{INIT})(?P<number>\d{{1,18}})(?:-(?P<index>\d{{1,3}}))?"
)

_AT_ONCE = 5_000
"""Segments."""

_BEHIND_SECONDS = re.compile(r"(\.[0-9]{1,6}|)(Z|[+-][0-9]{2}:?[0-9]{2})")
_UTC = "+00:00"

_SECONDS = len("2000-01-01T12:00:00")

_Column = tuple[str, Sequence[Iterable[object]]]
"""A format for each row, and what is to be put into it; nothing where all rows say the same."""


def cut_of(playlist: MediaPlaylist) -> str:
    """A short name of the whole cut; "" while the playlist is live and its cut still grows."""
    if not playlist.ended:
        return ""
    texts: list[str] = []
    for part in playlist.segments.parts:
        # Every other thread waits while many are put together in one go.
        for piece in part.pieces(_AT_ONCE) if isinstance(part, Stretch) else (part,):
            texts.append(_text(piece))
    text = "\n".join(texts)
    named = f"{playlist.first_number}\n{text}".encode("utf-8", "surrogateescape")
    # Forty bits tell the cuts of one title apart, and ffmpeg breaks on URLs over 4,096 bytes.
    return base64.b32encode(hashlib.sha256(named).digest()[:5]).decode().lower()


def agree(old: MediaPlaylist, new: MediaPlaylist) -> bool:
    """Whether the segments that both list are cut the same way; without any, nothing disagrees.

    A window that slides may take along the discontinuity of its first segment, and many
    upstreams date only that one.
    """
    begins = {playlist.segments[0].number for playlist in (old, new) if playlist.segments}
    return all(
        _shape(segment) == _shape(there)
        and (segment.discontinuity == there.discontinuity or segment.number in begins)
        and (
            _instant(segment.date_time) == _instant(there.date_time)
            or not (segment.date_time and there.date_time)
        )
        for segment in _perhaps_different(old, new)
        if (there := old.segment(segment.number)) is not None
    )


def _perhaps_different(old: MediaPlaylist, new: MediaPlaylist) -> Iterator[Segment]:
    """Those of `new` but for the stretches that `old` has too: long ones are compared at once."""
    for part in new.segments.parts:
        if not isinstance(part, Stretch):
            yield from part
        elif not _is_within(part, old.segments):
            yield from part.all()


def _is_within(stretch: Stretch, segments: Segments) -> bool:
    """Whether what `segments` lists of these numbers stands in one stretch and looks the same."""
    if not segments:
        return False
    begin = max(stretch.first, segments[0].number)
    end = min(stretch.end, segments[-1].number + 1)
    there = segments.stretch(begin)
    if there is None or there.end < end:
        return False
    here = slice(begin - stretch.first, end - stretch.first)
    beside = slice(begin - there.first, end - there.first)
    kinds, others = map(_kind, stretch.decodings[here]), map(_kind, there.decodings[beside])
    is_alike = list(kinds) == list(others)
    return is_alike and stretch.says(here) == there.says(beside)


def continues(old: MediaPlaylist, new: MediaPlaylist) -> bool:
    """Whether both list a segment, and agree: then `new` is the same stream a little later."""
    meet = any(new.segment(segment.number) is not None for segment in old.segments)
    return meet and agree(old, new)


def counterpart(name: str, old: MediaPlaylist, new: MediaPlaylist) -> str | None:
    """What `new` calls the key or init section that `old` calls `name`.

    It is the one that applies to a segment which both list; None where no segment tells.
    """
    for segment in old.segments:
        there = new.segment(segment.number)
        if there is None:
            continue
        if segment.init == name:
            return there.init or None
        if name in segment.keys and len(there.keys) == len(segment.keys):
            return there.keys[segment.keys.index(name)]
    return None


def applying(name: str, playlist: MediaPlaylist) -> str | None:
    """What `playlist` calls the key or init section that applies at the segment named in `name`.

    Another process named it, whose window began elsewhere. What applied before this window
    applies at its beginning still, as far as the window tells.
    """
    asked = _NAMED_BY_SEGMENT.fullmatch(name)
    if asked is None or not playlist.segments:
        return None
    first = playlist.segments[0]
    number = max(int(asked["number"]), first.number)
    segment = playlist.segment(number)
    if segment is None:
        return None
    names = (segment.init,) if asked["kind"] == INIT else segment.keys
    index = int(asked["index"] or 0)
    return names[index] or None if index < len(names) else None


def _text(part: Stretch | list[Segment]) -> str:
    """The words of each, written in one go."""
    if not isinstance(part, Stretch):
        return "\n".join(map(_words, part))
    found = _columns(part)
    row = "{} {} {}{} {} {}{}".format(*(form for form, _ in found))
    columns = [column for _, several in found for column in several]
    values = chain.from_iterable(zip(*columns, strict=True)) if columns[1:] else columns[0]
    return "\n".join(repeat(row, len(part.uris))) % tuple(values)


def _columns(part: Stretch) -> Sequence[_Column]:
    decodings = part.decodings
    alike = decodings[:1] if decodings.count(decodings[0]) == len(decodings) else decodings
    keys, inits, ciphers = zip(*alike, strict=True)
    return (
        _spans(part.durations),
        _ranges(part.ranges),
        _marks("k", keys),
        _marks("i", inits),
        _marks("d", part.discontinuities),
        _dates(part.dates),
        ("%s", [[each.cipher for each in decodings]]) if any(ciphers) else ("", []),
    )


def _spans(durations: Sequence[float]) -> _Column:
    different = set(durations)
    if 2 * len(different) > len(durations):
        return "%.3f", [durations]
    shown = {each: f"{each:.3f}" for each in different}
    return "%s", [map(shown.__getitem__, durations)]


def _ranges(ranges: Sequence[ByteRange | None]) -> _Column:
    if None in ranges:
        return "%s", [map(_where, ranges)]
    return ("%d+%d", list(zip(*ranges, strict=True))) if ranges else ("", [])


def _marks(letter: str, column: Sequence[object]) -> _Column:
    """The letter where there is something."""
    is_anywhere = any(column)
    if is_anywhere and not all(column):
        return "%s", [[letter * bool(each) for each in column]]
    return letter * is_anywhere, []


def _shape(segment: Segment) -> str:
    """Not the URIs and the names, which come and go with tokens."""
    return f"{segment.duration:.3f} {_where(segment.byte_range)} {_kind(segment)}"


def _where(part: ByteRange | None) -> str:
    return "" if part is None else f"{part.offset}+{part.length}"


def _kind(listed: Segment | Decoding) -> str:
    return "k" * bool(listed.keys) + "i" * bool(listed.init)


def _words(segment: Segment) -> str:
    mark, date = "d" * segment.discontinuity, _instant(segment.date_time)
    return f"{_shape(segment)} {mark} {date}{segment.cipher}"


def _dates(dates: Sequence[str]) -> _Column:
    """What `_instant` says of each; what stands before the minutes is often the same."""
    if not dates:
        return "", []
    usual = _usual_dates(dates)
    return ("%s%s", usual) if usual else ("%s", [[each and _instant(each) for each in dates]])


def _usual_dates(dates: Sequence[str]) -> Sequence[Iterable[str]]:
    """What is said up to the hour or the minute, and behind it; nothing where forms differ."""
    end = _BEHIND_SECONDS.fullmatch(dates[0][_SECONDS:])
    if end is None:
        return ()
    part, zone = end.groups()
    # What stands before the minutes is the same in every zone of whole hours.
    clock = ":59:59" if zone == "Z" or zone.endswith("00") else ":59"
    at = _SECONDS - len(clock)
    behind = _behind(map(itemgetter(slice(at, None)), dates), clock, part, zone)
    begins = list(map(itemgetter(slice(at)), dates)) if behind else []
    moments = {each: _moment(f"{each}{clock}{zone}") for each in set(begins)}
    if not moments or None in moments.values():
        return ()
    shown = {each: moment.isoformat()[:at] for each, moment in moments.items() if moment}
    return map(shown.__getitem__, begins), behind


def _behind(texts: Iterable[str], clock: str, part: str, zone: str) -> Sequence[str]:
    """In UTC what stands behind hours or minutes, all as in `:06.500Z`; else nothing."""
    minutes = clock.replace("59", "[0-5][0-9]")
    digits = "[.]" + "[0-9]" * (len(part) - 1) if part else ""
    text = "\n".join([*texts, ""])
    if not re.fullmatch(f"(?:{minutes}{digits}{re.escape(zone)}\n)*+", text):
        return ()
    zeros = "0" * (7 - len(part)) if part else ""
    text = text.replace(f"{zone}\n", f"{zeros}{_UTC}\n")
    # `isoformat` leaves them out.
    return text.replace(f".000000{_UTC}\n", f"{_UTC}\n").split("\n")[:-1]


def _instant(date: str) -> str:
    """The same moment in the same words, whatever its zone and its precision."""
    moment = _moment(date)
    return date if moment is None else moment.isoformat()


def _moment(date: str) -> datetime | None:
    """In UTC; None for what is no date or names no zone (RFC 8216 section 4.3.2.6: a SHOULD)."""
    try:
        moment = datetime.fromisoformat(date)
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None
