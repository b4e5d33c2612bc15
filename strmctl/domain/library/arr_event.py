"""What Sonarr and Radarr say happened to files, from the JSON of their Connect webhooks.

Paths are theirs: absolute, below a root of their own, with `/` or as Windows writes them. Events
that concern no file, and those that come with later versions, are accepted and say nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any

from msgspec import Struct, field, structs

from strmctl.domain.library import arr_about, library_path
from strmctl.domain.library.arr_about import About
from strmctl.domain.library.arr_path import NO_NAME, Spellings
from strmctl.domain.library.path_spelling import WINDOWS
from strmctl.errors import UsageError

_LONGEST_NAME = 100
_STRANGE = {"artist": "an artist (Lidarr)", "author": "an author (Readarr)"}
_MISSING = "missingfromdisk"
"""Not deleted by anybody: it was not where it should be, perhaps because a disk was not there."""


class Sender(StrEnum):
    SONARR = "sonarr"
    RADARR = "radarr"


class ArrEvent(Struct, frozen=True):
    """`present` are `.strm` files that lie there now, `gone` those that do not any more; with
    `gone_folder` everything below it is gone, and anything below `changed_folder` may be new.
    With `gone_episodes` (season and number) only those of them are gone. `before` says where files
    that are `present` lay earlier; `folder` and `episodes` are those of what was imported.
    `about` is what the sender knows of the series or film."""

    name: str
    present: Sequence[Spellings] = ()
    gone: Sequence[Spellings] = ()
    gone_folder: str | None = None
    gone_episodes: Sequence[tuple[int, int]] = ()
    changed_folder: str | None = None
    before: Mapping[Spellings, Spellings] = field(default_factory=dict)
    folder: str | None = None
    episodes: Sequence[tuple[int, int]] = ()
    about: About = arr_about.NOTHING

    @property
    def concerns_files(self) -> bool:
        return bool(self.present or self.gone or self.gone_folder or self.changed_folder)


class _Names(Struct, frozen=True):
    """Where the two call the same things differently."""

    title: str
    owner: str
    folder: str
    file: str
    renamed: str
    file_deleted: str
    owner_deleted: str


_NAMES = {
    Sender.SONARR: _Names(
        "Sonarr",
        "series",
        "path",
        "episodeFile",
        "renamedEpisodeFiles",
        "episodefiledelete",
        "seriesdelete",
    ),
    Sender.RADARR: _Names(
        "Radarr",
        "movie",
        "folderPath",
        "movieFile",
        "renamedMovieFiles",
        "moviefiledelete",
        "moviedelete",
    ),
}


def read(sender: Sender, payload: object) -> ArrEvent:
    """Raises UsageError for what is no such event at all, and for one of the other sender."""
    fields = _fields(payload)
    name = fields.get("eventType")
    if not isinstance(name, str) or not name or len(name) > _LONGEST_NAME:
        raise UsageError(f"not a webhook of {sender.value}: it has no eventType")
    names = _NAMES[sender]
    _check_sender(sender, fields)
    owner = _fields(fields.get(names.owner))
    event = _event(name, names, fields, _folder(owner, names))
    return structs.replace(event, about=arr_about.read(owner))


def _event(name: str, names: _Names, fields: Mapping[str, Any], folder: str | None) -> ArrEvent:
    # Their next versions may write all names in camel case.
    kind = name.lower()
    if kind == "rename":
        renamed = _list(fields.get(names.renamed))
        # Sonarr and Radarr 3 named the series or film alone for a long time.
        return ArrEvent(
            name,
            present=_files(renamed, folder),
            changed_folder=None if renamed else folder,
            before=_before(renamed, folder),
        )
    if kind == "download":
        # Sonarr 4 tells of one import of several files under `episodeFiles`.
        arrived = [fields.get(names.file), *_list(fields.get(f"{names.file}s"))]
        return ArrEvent(
            name,
            present=_files(arrived, folder),
            gone=_files(fields.get("deletedFiles"), folder),
            before=_before(arrived, folder),
            folder=folder,
            episodes=_episodes(fields),
        )
    if kind == names.file_deleted and not _was_missing(fields):
        # The first Sonarr 3 named the episodes, and no file.
        if names.file not in fields:
            return ArrEvent(name, gone_folder=folder, gone_episodes=_episodes(fields))
        return ArrEvent(name, gone=_files([fields[names.file]], folder))
    if kind == names.owner_deleted and _is_true(fields.get("deletedFiles")):
        return ArrEvent(name, gone_folder=folder)
    return ArrEvent(name)


def _check_sender(sender: Sender, fields: Mapping[str, Any]) -> None:
    """Raises UsageError where the payload is another program's: what it speaks of says so, else
    its name, which people may change."""
    own = _NAMES[sender]
    if own.owner in fields:
        return
    for other, names in _NAMES.items():
        called = fields.get("instanceName")
        if other is not sender and (names.owner in fields or called == names.title):
            raise UsageError(
                f"this is a webhook of {names.title}, not of {own.title}: "
                f"its address is /api/v1/hooks/{other.value}"
            )
    strange = next((what for key, what in _STRANGE.items() if key in fields), None)
    if strange is not None:
        raise UsageError(f"this speaks of {strange}: strmctl follows Sonarr and Radarr alone")


def _folder(owner: Mapping[str, Any], names: _Names) -> str | None:
    """Radarr 2 names the film's file where no folder is known."""
    folder = _text(owner.get(names.folder))
    file = _text(owner.get("filePath"))
    if folder is None and file is not None:
        return file[: max(file.rfind("/"), file.rfind("\\"))] or None
    return folder


def _is_true(value: object) -> bool:
    # A version that writes it as text means the same.
    return value is True or (isinstance(value, str) and value.lower() == "true")


def _was_missing(fields: Mapping[str, Any]) -> bool:
    return (_text(fields.get("deleteReason")) or "").lower() == _MISSING


def _files(files: object, folder: str | None) -> list[Spellings]:
    """The spellings of the paths of `.strm` files."""
    found = [tuple(_spellings(_fields(file), folder)) for file in _list(files)]
    return [spellings for spellings in dict.fromkeys(found) if spellings]


def _before(files: Sequence[object], folder: str | None) -> dict[Spellings, Spellings]:
    """By the file, as `_files` spells it. Of imports only Sonarr 4 and Radarr 5 say it."""
    found: dict[Spellings, Spellings] = {}
    for file in map(_fields, files):
        path = _text(file.get("previousPath")) or _text(file.get("sourcePath"))
        earlier = {"path": path, "relativePath": file.get("previousRelativePath")}
        found[tuple(_spellings(file, folder))] = tuple(_spellings(earlier, folder))
    return {file: earlier for file, earlier in found.items() if file and earlier}


def _spellings(file: Mapping[str, Any], folder: str | None) -> Iterator[str]:
    path, relative = _text(file.get("path")), _text(file.get("relativePath"))
    if path is not None and library_path.is_strm(path):
        yield path
    if folder is not None and relative is not None and library_path.is_strm(relative):
        # Sonarr on Windows names files as Windows does.
        separator = "\\" if WINDOWS.match(folder) else "/"
        yield folder.rstrip(separator) + separator + relative


def _episodes(fields: Mapping[str, Any]) -> list[tuple[int, int]]:
    found = [_fields(episode) for episode in _list(fields.get("episodes"))]
    numbers = [(it.get("seasonNumber"), it.get("episodeNumber")) for it in found]
    return [(s, e) for s, e in numbers if isinstance(s, int) and isinstance(e, int)]


def _fields(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str | None:
    """None for what is no name: control characters, and half of a surrogate pair."""
    return value if isinstance(value, str) and value and not NO_NAME.search(value) else None
