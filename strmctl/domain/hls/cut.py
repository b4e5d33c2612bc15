"""How content is cut into segments: two playlists of one cut may stand in for each other."""

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import repeat

from strmctl.domain.hls.listed import ByteRange, Segment, Segments, Stretch, Under
from strmctl.domain.hls.media_playlist import MediaPlaylist
from strmctl.domain.hls.stable_names import INIT, KEY

_NAMED_BY_SEGMENT = re.compile(
    rf"(?P<kind>{KEY}|{INIT})(?P<number>\d{{1,18}})(?:-(?P<index>\d{{1,3}}))?"
)

_AT_ONCE = 5_000
"""Segments."""

_DAY = r"\n([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}"
# What stands before the minutes is the same in every zone of whole hours.
_OF_AN_HOUR = re.compile(
    rf"{_DAY})((?::[0-5][0-9]){{2}})(|\.[0-9]{{3}})(Z|[+-][0-9]{{2}}:?00)(?!.)"
)
_OF_A_MINUTE = re.compile(
    rf"{_DAY}:[0-5][0-9])(:[0-5][0-9])(|\.[0-9]{{3}})(Z|[+-][0-9]{{2}}:?[0-9]{{2}})(?!.)"
)


def cut_of(playlist: MediaPlaylist) -> str:
    """A short name of the whole cut; "" while the playlist is live and its cut still grows."""
    if not playlist.ended:
        return ""
    words: list[str] = []
    for part in playlist.segments.parts:
        # Every other thread waits while many are put together in one go.
        for piece in part.pieces(_AT_ONCE) if isinstance(part, Stretch) else (part,):
            words += _all_words(piece)
    text = "\n".join(words)
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
    is_alike = list(map(_kind, stretch.under[here])) == list(map(_kind, there.under[beside]))
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


def _all_words(part: Stretch | list[Segment]) -> Iterable[str]:
    if not isinstance(part, Stretch):
        return map(_words, part)
    spans = {span: f"{span:.3f} " for span in set(part.durations)}
    begins: Iterable[str] = map(spans.__getitem__, part.durations)
    ends = _last_words(part)
    if not part.ranges:
        return map(str.__add__, begins, ends)
    return [
        f"{span}{each[0]}+{each[1]}{end}" if each else span + end
        for span, each, end in zip(begins, part.ranges, ends, strict=True)
    ]


def _last_words(part: Stretch) -> Iterable[str]:
    """What is said of each segment behind its range."""
    kinds = {each: f" {_kind(each)} " for each in set(part.under)}
    alike = set(kinds.values())
    words: Iterable[str] = map(kinds.__getitem__, part.under)
    if part.discontinuities or len(alike) > 1:
        marks = ["d " if each else " " for each in part.discontinuities] or repeat(" ")
        words = map(str.__add__, words, marks)
    else:
        words = repeat(f"{alike.pop()} ", len(part.under))
    if part.dates:
        words = map(str.__add__, words, _instants(part.dates))
    if any(each.cipher for each in kinds):
        words = map(str.__add__, words, [each.cipher for each in part.under])
    return words


def _shape(segment: Segment) -> str:
    """Not the URIs and the names, which come and go with tokens."""
    return f"{segment.duration:.3f} {_where(segment.byte_range)} {_kind(segment)}"


def _where(part: ByteRange | None) -> str:
    return "" if part is None else f"{part.offset}+{part.length}"


def _kind(listed: Segment | Under) -> str:
    return "k" * bool(listed.keys) + "i" * bool(listed.init)


def _words(segment: Segment) -> str:
    mark, date = "d" * segment.discontinuity, _instant(segment.date_time)
    return f"{_shape(segment)} {mark} {date}{segment.cipher}"


def _instants(dates: Sequence[str]) -> Sequence[str]:
    """The same of several: what stands before the minutes, or the seconds, is often the same."""
    if "" in dates:
        known = iter(_instants([each for each in dates if each]))
        return [each and next(known) for each in dates]
    text = "\n".join(("", *dates))
    for pattern, rest in ((_OF_AN_HOUR, ":00:00"), (_OF_A_MINUTE, ":00")):
        found = pattern.findall(text)
        if len(found) != len(dates):
            continue
        zones = {(begin, zone) for begin, _, _, zone in found}
        moments = {each: _moment(f"{each[0]}{rest}{each[1]}") for each in zones}
        if None in moments.values():
            break
        begins = {
            each: moment.isoformat().removesuffix(f"{rest}+00:00")
            for each, moment in moments.items()
            if moment is not None
        }
        parts = {
            part: f"{part}000+00:00" if part.strip(".0") else "+00:00"
            for part in {each[2] for each in found}
        }
        # Nearly always each has one zone.
        only = {begin: words for (begin, _), words in begins.items()}
        if len(only) == len(begins):
            return [f"{only[begin]}{seconds}{parts[part]}" for begin, seconds, part, _ in found]
        return [
            f"{begins[begin, zone]}{seconds}{parts[part]}" for begin, seconds, part, zone in found
        ]
    return list(map(_instant, dates))


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
