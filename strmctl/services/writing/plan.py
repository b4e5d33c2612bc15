"""What writing one entry comes to: its row and its file as they are and as they shall be."""

from enum import StrEnum

from msgspec import structs

from strmctl.discreet import Discreet
from strmctl.domain.mapping import Mapping, Resolution
from strmctl.domain.urls.playback_url import extension_hint
from strmctl.services.writing.entry import Entry


class Outcome(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


class Plan(Discreet, frozen=True):
    """`row` is None for a new identity, `before` where there is no file yet."""

    hidden = ("before", "content")

    row: Mapping | None
    target: Mapping
    before: bytes | None = None
    content: bytes = b""

    @property
    def path(self) -> str:
        return self.target.strm_path

    @property
    def moved_from(self) -> str | None:
        moves = self.row is not None and self.row.strm_path != self.path
        return self.row.strm_path if self.row is not None and moves else None

    @property
    def changes_row(self) -> bool:
        return self.row != self.target

    @property
    def changes_resolution(self) -> bool:
        return self.target.resolution != (self.row and self.row.resolution)

    @property
    def changes_file(self) -> bool:
        return self.before != self.content

    @property
    def outcome(self) -> Outcome:
        if self.row is None:
            return Outcome.CREATED
        changes = self.changes_row or self.changes_file
        return Outcome.UPDATED if changes else Outcome.UNCHANGED


def target(entry: Entry, row: Mapping | None, path: str, answer: Resolution | None) -> Mapping:
    """The row as it shall be; what the entry does not say stays as it is."""
    known = row or Mapping(0, entry.identity, path)
    resolution = _newer(known.resolution, answer)
    extension = known.extension
    if resolution is not None and resolution != known.resolution:
        # ffmpeg from 7.0.2 and streamlink judge a playlist by its path.
        extension = extension_hint(resolution.url) or extension
    return structs.replace(
        known,
        strm_path=path,
        title=entry.naming.title or known.title,
        year=entry.naming.year or known.year,
        ids=entry.naming.ids.or_else(known.ids),
        episode_title=entry.naming.episode_title or known.episode_title,
        quality=entry.naming.quality or known.quality,
        release_group=entry.naming.release_group or known.release_group,
        extension=extension,
        resolution=resolution,
    )


def _newer(known: Resolution | None, given: Resolution | None) -> Resolution | None:
    if given is None:
        return known
    same = known is not None and (known.url, known.headers) == (given.url, given.headers)
    return known if same else given
