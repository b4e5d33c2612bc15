"""How content is cut into segments: two playlists of one cut may stand in for each other."""

import base64
import hashlib
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import repeat

from strmctl.domain.hls.listed import ByteRange, Segment, Segments, Stretch
from strmctl.domain.hls.media_playlist import MediaPlaylist
from strmctl.domain.hls.stable_names import INIT, KEY

_NAMED_BY_SEGMENT = re.compile(
    rf"(?P<kind>{KEY}|{INIT})(?P<number>\d{{1,18}})(?:-(?P<index>\d{{1,3}}))?"
)

_PROBED = "00.000001+00:00"
_USUAL_DATES = re.compile(
    r"^([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}):([0-5][0-9])(|\.[0-9]{3})"
    r"(Z|[+-][0-9]{2}:?[0-9]{2})$",
    re.MULTILINE,
)


def cut_of(playlist: MediaPlaylist) -> str:
    """A short name of the whole cut; "" while the playlist is live and its cut still grows."""
    if not playlist.ended:
        return ""
    text = "\n".join(_all_words(playlist.segments))
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
    if there is None or there.end < end or _kind(stretch) != _kind(there):
        return False
    here = slice(begin - stretch.first, end - stretch.first)
    beside = slice(begin - there.first, end - there.first)
    return stretch.says(here) == there.says(beside)


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


def _all_words(segments: Segments) -> Iterator[str]:
    for part in segments.parts:
        yield from _stretch_words(part) if isinstance(part, Stretch) else map(_words, part)


def _stretch_words(part: Stretch) -> Iterator[str]:
    kind, cipher = _kind(part), part.cipher
    spans = {span: f"{span:.3f}" for span in set(part.durations)}
    shown = map(spans.__getitem__, part.durations)
    if not any(part.kinds()):
        words = {span: f"{span}  {kind}  {cipher}" for span in spans.values()}
        return map(words.__getitem__, shown)
    ranges = [(each and f"{each[0]}+{each[1]}") or "" for each in part.ranges] or repeat("")
    marks = ["d" * each for each in part.discontinuities] or repeat("")
    dates = _instants(part.dates) if part.dates else repeat("")
    return (
        f"{span} {where} {kind} {mark} {date}{cipher}"
        for span, where, mark, date in zip(shown, ranges, marks, dates, strict=False)
    )


def _shape(segment: Segment) -> str:
    """Not the URIs and the names, which come and go with tokens."""
    return f"{segment.duration:.3f} {_where(segment.byte_range)} {_kind(segment)}"


def _where(part: ByteRange | None) -> str:
    return "" if part is None else f"{part.offset}+{part.length}"


def _kind(listed: Segment | Stretch) -> str:
    return "k" * bool(listed.keys) + "i" * bool(listed.init)


def _words(segment: Segment) -> str:
    mark, date = "d" * segment.discontinuity, _instant(segment.date_time)
    return f"{_shape(segment)} {mark} {date}{segment.cipher}"


def _instants(dates: Sequence[str]) -> Sequence[str]:
    """The same of several: what stands before the seconds is the same for many of them."""
    found = _USUAL_DATES.findall("\n".join(dates))
    if len(found) != len(dates):
        return list(map(_instant, dates))
    pairs = {each[::3] for each in found}
    # With microseconds, which no date here has: one that is none stays as it is, and shows it.
    minutes = {pair: _instant(f"{pair[0]}:00.000001{pair[1]}") for pair in pairs}
    if not all(minute.endswith(_PROBED) for minute in minutes.values()):
        return list(map(_instant, dates))
    begins = {pair: minute.removesuffix(_PROBED) for pair, minute in minutes.items()}
    parts = {part: f"{part}000" if part.strip(".0") else "" for part in {each[2] for each in found}}
    return [
        f"{begins[minute, zone]}{second}{parts[part]}+00:00" for minute, second, part, zone in found
    ]


def _instant(date: str) -> str:
    """The same moment in the same words, whatever its zone and its precision."""
    if not date:
        return ""
    try:
        moment = datetime.fromisoformat(date)
        # RFC 8216 section 4.3.2.6 only says that it SHOULD name a time zone.
        return moment.astimezone(UTC).isoformat() if moment.tzinfo else date
    except (ValueError, OverflowError):
        return date
