"""A live stream as RFC 8216 section 6.2.2 has it: the last segments, one joining as one leaves."""

import re
from dataclasses import dataclass

from stage.broadcast import PLAYLIST_TYPE, Piece, date_time
from system.live import clip
from system.live.clip import SEGMENT_SECONDS, Clip

WINDOW = 5
SEGMENTS_OF_A_KEY = 3
KEPT = 4 * WINDOW
"""Segments that are still served, though most of them have left the playlist."""

_NAME = re.compile(r"segment(\d+)\.ts|secret(\d+)")


@dataclass(frozen=True, slots=True)
class Sliding:
    clip: Clip
    rotates_keys: bool = False
    entry: str = "live.m3u8"

    def piece(self, name: str, query: str, now: float) -> Piece | None:
        end = self._end(now)
        if name == self.entry:
            return Piece(0, lambda: self.playlist(end).encode(), PLAYLIST_TYPE)
        found = _NAME.fullmatch(name)
        if found is None:
            return None
        if found[2] is not None:
            return Piece(0, lambda: clip.key(int(found[2]) % clip.KEYS))
        number = int(found[1])
        return Piece(0, lambda: self.segment(number)) if end - KEPT <= number < end else None

    def segment(self, number: int) -> bytes:
        if not self.rotates_keys:
            return self.clip.segment(number)
        return self.clip.encrypted(number, number // SEGMENTS_OF_A_KEY % clip.KEYS)

    def playlist(self, end: int) -> str:
        """As it stands when `end` segments are complete."""
        first = end - WINDOW
        lines = ["#EXTM3U", "#EXT-X-VERSION:6", f"#EXT-X-TARGETDURATION:{SEGMENT_SECONDS:.0f}"]
        lines.append(f"#EXT-X-MEDIA-SEQUENCE:{first}")
        for number in range(first, end):
            if self.rotates_keys and (number == first or number % SEGMENTS_OF_A_KEY == 0):
                uri = f"secret{number // SEGMENTS_OF_A_KEY}"
                lines.append(f'#EXT-X-KEY:METHOD=AES-128,URI="{uri}"')
            lines.append(date_time(number * SEGMENT_SECONDS))
            lines += [f"#EXTINF:{SEGMENT_SECONDS:.3f},", f"segment{number}.ts"]
        return "\n".join([*lines, ""])

    def _end(self, now: float) -> int:
        return WINDOW + int(now / SEGMENT_SECONDS)
