"""The same clip as a finished playlist."""

import re
from dataclasses import dataclass

from stage.broadcast import PLAYLIST_TYPE, Piece
from system.live.clip import SEGMENT_SECONDS, Clip

_LISTED = 6
_NAME = re.compile(r"segment(\d+)\.ts")


@dataclass(frozen=True, slots=True)
class Finished:
    clip: Clip
    entry: str = "all.m3u8"

    def piece(self, name: str, query: str, now: float) -> Piece | None:
        if name == self.entry:
            return Piece(0, lambda: self.playlist().encode(), PLAYLIST_TYPE)
        found = _NAME.fullmatch(name)
        return Piece(0, lambda: self.clip.segment(int(found[1]))) if found else None

    def playlist(self) -> str:
        lines = ["#EXTM3U", f"#EXT-X-TARGETDURATION:{SEGMENT_SECONDS:.0f}"]
        for number in range(_LISTED):
            lines += [f"#EXTINF:{SEGMENT_SECONDS:.3f},", f"segment{number}.ts"]
        return "\n".join([*lines, "#EXT-X-ENDLIST", ""])
