"""What Sonarr and Radarr say happened to files, from the JSON of their Connect webhooks.

Paths are theirs: absolute, below a root of their own, with `/` or as Windows writes them. Events
that concern no file, and those that come with later versions, are accepted and say nothing.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from strmctl.domain.library import library_path
from strmctl.errors import UsageError

_WINDOWS = re.compile(r"[A-Za-z]:[\\/]|\\\\")
_NO_NAME = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_DEPTH_MAX = 64
_LONGEST_NAME = 100
_MISSING = "missingfromdisk"
"""Not deleted by anybody: it was not where it should be, perhaps because a disk was not there."""


class Sender(StrEnum):
    SONARR = "sonarr"
    RADARR = "radarr"


Spellings = Sequence[str]
"""One file's path, and how else the event spells it: its `path` may be the one from before."""


@dataclass(frozen=True, slots=True)
class ArrEvent:
    """`present` are `.strm` files that lie there now, `gone` those that do not any more; with
    `gone_folder` everything below it is gone."""

    name: str
    present: Sequence[Spellings] = ()
    gone: Sequence[Spellings] = ()
    gone_folder: str | None = None

    @property
    def concerns_files(self) -> bool:
        return bool(self.present or self.gone or self.gone_folder)


@dataclass(frozen=True, slots=True)
class _Names:
    """Where the two call the same things differently."""

    owner: str
    folder: str
    file: str
    renamed: str
    file_deleted: str
    owner_deleted: str


_NAMES = {
    Sender.SONARR: _Names(
        "series", "path", "episodeFile", "renamedEpisodeFiles", "EpisodeFileDelete", "SeriesDelete"
    ),
    Sender.RADARR: _Names(
        "movie", "folderPath", "movieFile", "renamedMovieFiles", "MovieFileDelete", "MovieDelete"
    ),
}


def read(sender: Sender, payload: object) -> ArrEvent:
    """Raises UsageError for what is no such event at all."""
    fields = _fields(payload)
    name = fields.get("eventType")
    if not isinstance(name, str) or not name or len(name) > _LONGEST_NAME:
        raise UsageError(f"not a webhook of {sender.value}: it has no eventType")
    names = _NAMES[sender]
    folder = _text(_fields(fields.get(names.owner)).get(names.folder))
    if name == "Rename":
        return ArrEvent(name, present=_files(fields.get(names.renamed), folder))
    if name == "Download":
        arrived = [fields.get(names.file), *_list(fields.get(f"{names.file}s"))]
        return ArrEvent(
            name,
            present=_files(arrived, folder),
            gone=_files(fields.get("deletedFiles"), folder),
        )
    if name == names.file_deleted and not _was_missing(fields):
        return ArrEvent(name, gone=_files([fields.get(names.file)], folder))
    if name == names.owner_deleted and fields.get("deletedFiles") is True:
        return ArrEvent(name, gone_folder=folder)
    return ArrEvent(name)


def file_candidates(spellings: Spellings, library: str) -> list[str]:
    """Where a file may lie in the library, relative to it, the best first: the longest.

    At least a folder and a name agree, unless the library has the same path for both.
    """
    found = [place for path in spellings for place in _candidates(path, library, shortest=2)]
    return [place for place in dict.fromkeys(found) if _is_usable(place)]


def folder_candidates(path: str, library: str) -> list[str]:
    """Likewise; one name may be all, since a show's folder often lies right in the library."""
    return list(_candidates(path, library, shortest=1))


def _candidates(path: str, library: str, shortest: int) -> Iterator[str]:
    parts = _parts(path)
    if parts is None:
        return
    root = _parts(library) or []
    same = len(root) if root and parts[: len(root)] == root else None
    if same is not None and same < len(parts):
        yield "/".join(parts[same:])
    for start in range(len(parts) - shortest + 1):
        if start != same:
            yield "/".join(parts[start:])


def _parts(path: str) -> list[str] | None:
    """None for a path that is not absolute, leads anywhere but straight down, or is none at all:
    each of its parts is tried as the beginning."""
    if _WINDOWS.match(path):
        parts = re.split(r"[\\/]", path)[1:]
    elif path.startswith("/"):
        parts = path.split("/")[1:]
    else:
        return None
    parts = [part for part in parts if part]
    if not 0 < len(parts) <= _DEPTH_MAX or any(part in (".", "..") for part in parts):
        return None
    return parts


def _is_usable(strm_path: str) -> bool:
    try:
        library_path.explicit(strm_path)
    except UsageError:
        return False
    return True


def _was_missing(fields: Mapping[str, Any]) -> bool:
    return (_text(fields.get("deleteReason")) or "").lower() == _MISSING


def _files(files: object, folder: str | None) -> list[Spellings]:
    """Those of `.strm` files."""
    found = [tuple(_spellings(_fields(file), folder)) for file in _list(files)]
    return [spellings for spellings in dict.fromkeys(found) if spellings]


def _spellings(file: Mapping[str, Any], folder: str | None) -> Iterator[str]:
    path, relative = _text(file.get("path")), _text(file.get("relativePath"))
    if path is not None and path.endswith(library_path.EXTENSION):
        yield path
    if folder is not None and relative is not None and relative.endswith(library_path.EXTENSION):
        separator = "\\" if _WINDOWS.match(folder) else "/"
        yield folder.rstrip(separator) + separator + relative


def _fields(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str | None:
    """None for what is no name: control characters, and half of a surrogate pair."""
    return value if isinstance(value, str) and value and not _NO_NAME.search(value) else None
