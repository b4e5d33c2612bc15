"""A low-latency stream (rfc8216bis): parts, hints, blocking reloads, delta updates, reports."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qs

from stage.broadcast import PLAYLIST_TYPE, Piece, date_time
from system.live.clip import PART_SECONDS, PARTS, SEGMENT_SECONDS, Clip

WINDOW = 8
KEPT = 2 * WINDOW
HOLD_BACK = 3 * PART_SECONDS
SKIP_UNTIL = 6 * SEGMENT_SECONDS
RENDITIONS = ("high", "low")

_SEGMENTS_WITH_PARTS = 6
"""Twice as many as needed, so that a part is still listed to who looks a moment late."""

_NAME = re.compile(r"(?:high|low)-(?:(?P<number>\d+)(?:-(?P<part>\d+))?\.m4s|init\.mp4)")
_MULTIVARIANT = """\
#EXTM3U
#EXT-X-VERSION:9
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-STREAM-INF:BANDWIDTH=300000,RESOLUTION=160x90,CODECS="avc1.42c00b,mp4a.40.2"
high.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=200000,RESOLUTION=160x90,CODECS="avc1.42c00b,mp4a.40.2"
low.m3u8
"""


@dataclass(frozen=True, slots=True)
class LowLatency:
    """Both renditions show the same; time is counted in parts."""

    clip: Clip
    entry: str = "all.m3u8"

    def piece(self, name: str, query: str, now: float) -> Piece | None:
        parts = WINDOW * PARTS + int(now / PART_SECONDS)
        if name == self.entry:
            return Piece(0, _MULTIVARIANT.encode, PLAYLIST_TYPE)
        if name.removesuffix(".m3u8") in RENDITIONS:
            return self._reload(name.removesuffix(".m3u8"), query, parts)
        found = _NAME.fullmatch(name)
        if found is None:
            return None
        if found["number"] is None:
            return Piece(0, self.clip.init)
        return self._media(int(found["number"]), found["part"], parts)

    def _media(self, number: int, index: str | None, parts: int) -> Piece | None:
        """A segment, or a part that is there or comes next; it waits for that."""
        part = int(index) if index is not None else PARTS - 1
        ends = number * PARTS + part + 1
        if not (parts // PARTS - KEPT <= number and ends <= parts + 1):
            return None
        if index is None:
            return Piece(_time_of(ends), lambda: self.clip.fragmented(number))
        return Piece(_time_of(ends), lambda: self.clip.part(number, part))

    def _reload(self, rendition: str, query: str, parts: int) -> Piece | None:
        asked = {name: values[0] for name, values in parse_qs(query).items()}
        if "_HLS_msn" in asked:
            wanted = int(asked["_HLS_msn"]) * PARTS + int(asked.get("_HLS_part", PARTS - 1)) + 1
            if wanted > parts + 2 * PARTS:
                return None
            parts = max(parts, wanted)
        skips = asked.get("_HLS_skip") == "YES"
        text = self.playlist(rendition, parts, skips=skips)
        return Piece(_time_of(parts), text.encode, PLAYLIST_TYPE)

    def playlist(self, rendition: str, parts: int, *, skips: bool = False) -> str:
        """As it stands when `parts` parts are complete."""
        end = parts // PARTS
        first = end - WINDOW
        lines = [
            "#EXTM3U",
            "#EXT-X-VERSION:9",
            f"#EXT-X-TARGETDURATION:{SEGMENT_SECONDS:.0f}",
            f"#EXT-X-PART-INF:PART-TARGET={PART_SECONDS:g}",
            f"#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK={HOLD_BACK:g},"
            f"CAN-SKIP-UNTIL={SKIP_UNTIL:g}",
            f"#EXT-X-MEDIA-SEQUENCE:{first}",
        ]
        skipped = WINDOW - int(SKIP_UNTIL / SEGMENT_SECONDS) if skips else 0
        if skipped:
            lines.append(f"#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}")
        else:
            lines.append(f'#EXT-X-MAP:URI="{rendition}-init.mp4"')
        for number in range(first + skipped, end):
            lines.append(date_time(number * SEGMENT_SECONDS))
            if number >= end - _SEGMENTS_WITH_PARTS:
                lines += [_part(rendition, number, index) for index in range(PARTS)]
            lines += [f"#EXTINF:{SEGMENT_SECONDS:.3f},", f"{rendition}-{number}.m4s"]
        index = parts % PARTS
        if index:
            lines.append(date_time(end * SEGMENT_SECONDS))
        lines += [_part(rendition, end, earlier) for earlier in range(index)]
        lines.append(f'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="{rendition}-{end}-{index}.m4s"')
        lines += [_report(other, parts) for other in RENDITIONS if other != rendition]
        return "\n".join([*lines, ""])


def _part(rendition: str, number: int, index: int) -> str:
    uri = f"{rendition}-{number}-{index}.m4s"
    return f'#EXT-X-PART:DURATION={PART_SECONDS:g},URI="{uri}",INDEPENDENT=YES'


def _report(rendition: str, parts: int) -> str:
    number, index = divmod(parts - 1, PARTS)
    return f'#EXT-X-RENDITION-REPORT:URI="{rendition}.m3u8",LAST-MSN={number},LAST-PART={index}'


def _time_of(parts: int) -> float:
    """When so many parts are complete."""
    return (parts - WINDOW * PARTS) * PART_SECONDS
