"""A run is one content under one numbering: a name of one run never stands for bytes of another.

A live stream that begins again at a lower Media Sequence Number is another run, and so is a new
resolution that turns out to be other content. The first run that is seen has no name, so that
its addresses stay short and every process calls it the same; a later one is named by its content.
"""

import base64
import hashlib
from enum import Enum
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from strmctl.domain.hls import cut
from strmctl.domain.hls.listed import Segment
from strmctl.domain.hls.media_playlist import MediaPlaylist
from strmctl.domain.hls.naming import is_plain_reference

NAME_LENGTH = 8
"""Letters and digits of every name here and of a cut's: forty bits."""

_LIVE = "live"
_COMPARED = 100
_KEPT = 1024


class Doubt(Enum):
    """Whether a playlist goes on with what an earlier one began.

    What is likely counts only where nothing can be compared that players have been sent.
    """

    SAME = "same"
    LIKELY_SAME = "likely the same"
    LIKELY_OTHER = "likely another run"
    OTHER = "another run"


def doubt(old: MediaPlaylist, new: MediaPlaylist, *, renewed: bool) -> Doubt:
    """`renewed` says that the playlists came from different resolutions."""
    if new.delta or not (old.segments and new.segments):
        return Doubt.SAME
    back = is_back(old, new)
    shared = [
        (there, segment)
        for segment in islice(new.segments, _COMPARED)
        if (there := old.segment(segment.number)) is not None
    ]
    if back and not shared:
        # Some way back an edge of a CDN may be late, but never a whole window.
        return Doubt.OTHER
    if renewed:
        return Doubt.LIKELY_SAME if new.ended or cut.agree(old, new) else Doubt.OTHER
    is_renamed = any(_file(old, there) != _file(new, segment) for there, segment in shared)
    if back and is_renamed:
        return Doubt.LIKELY_OTHER
    if back or is_renamed or not cut.agree(old, new):
        # An upstream may put another token into each load, and an old copy may be served late.
        return Doubt.LIKELY_SAME
    return Doubt.SAME


def is_back(old: MediaPlaylist, new: MediaPlaylist) -> bool:
    """Whether a live window begins at a lower Media Sequence Number than it did."""
    if new.ended or not (old.segments and new.segments):
        return False
    return new.segments[0].number < old.segments[0].number


def name_of(*content: object) -> str:
    """The name of a run, from what shows what it holds."""
    text = "\n".join(map(repr, content)).encode("utf-8", "surrogateescape")
    return base64.b32encode(hashlib.sha256(text).digest()[:5]).decode().lower()


def beginning(playlist: MediaPlaylist) -> tuple[int, str, str]:
    """What tells a live run from others at the time it is first seen."""
    first = playlist.segments[0]
    return first.number, _file(playlist, first), first.date_time


class Component(NamedTuple):
    """What stands in the addresses of a playlist's resources before their names; "" for none.

    `cut` is that of a finished playlist, `preludes` names the bytes of its keys and its Media
    Initialization Sections, `run` is the run where it is not the first one.
    """

    cut: str = ""
    preludes: str = ""
    run: str = ""

    def __str__(self) -> str:
        cut_name = self.cut + self.preludes
        return f"{cut_name or _LIVE}-{self.run}" if self.run else cut_name

    # Each segment's address begins with the same one.
    @classmethod
    @lru_cache(_KEPT)
    def parse(cls, text: str) -> "Component":
        cut_name, _, run = text.partition("-")
        if run and cut_name == _LIVE:
            cut_name = ""
        return cls(cut_name[:NAME_LENGTH], cut_name[NAME_LENGTH:], run)

    @property
    def is_of_finished(self) -> bool:
        """Whether a finished playlist listed what an address names."""
        return self.cut != ""


def _file(playlist: MediaPlaylist, segment: Segment) -> str:
    """What a URI calls the file, without what may be a token."""
    found = playlist.resources.of_segment(segment.number)
    uri = found.uri if found is not None else ""
    return uri if is_plain_reference(uri) else uri.partition("?")[0].rpartition("/")[2]
