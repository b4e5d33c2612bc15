"""Where the library has a file or folder that Sonarr or Radarr names by a path of their own.

A mapping of their folders onto the library's decides; without one the longest end of their path
that the library has counts. What such a mapping would be is read out of paths that did not match.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from strmctl.domain.library import library_path
from strmctl.domain.library.path_spelling import WINDOWS, compared_as, composed
from strmctl.errors import UsageError

NO_NAME = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_DEPTH_MAX = 64
_SEASON = re.compile(r"specials?|(season|series|staffel|saison)[ ._-]*\d+", re.IGNORECASE)
"""A name that every show's folder has says nothing about where the show is."""

Spellings = Sequence[str]
"""One file's path, and how else the event spells it: its `path` may be the one from before."""

Paths = Sequence[tuple[str, str]]
"""Folders there, and the library's folders, relative to it, that they are."""


def file_candidates(spellings: Spellings, library: str, paths: Paths = ()) -> list[str]:
    """Where a file may lie in the library, relative to it, the best first: the longest.

    At least a folder and a name agree, unless the library has the same path for both or `paths`
    maps a folder.
    """
    found = [place for path in spellings for place in _candidates(path, library, paths, shortest=2)]
    return [place for place in _in_either_form(found) if _is_usable(place)]


def folder_candidates(path: str, library: str, paths: Paths = ()) -> list[str]:
    """Likewise; one name may be all, since a show's folder often lies right in the library."""
    return _in_either_form(_candidates(path, library, paths, shortest=1))


def _in_either_form(places: Iterable[str]) -> list[str]:
    forms = ((place, composed(place), unicodedata.normalize("NFD", place)) for place in places)
    return list(dict.fromkeys(chain.from_iterable(forms)))


def mapping_of(theirs: str, ours: Iterable[str], *, least: int = 2) -> tuple[str, str] | None:
    """The folders that would have made `theirs` one of `ours`: what both paths end with is the
    same below them, `least` names or more. None where nothing fits, or two fit as well."""
    parts = _parts(theirs)
    if parts is None:
        return None
    best: dict[tuple[str, str], int] = {}
    for path in ours:
        own = path.split("/")
        common = _common_end(_alike(parts, theirs), _alike(own, theirs))
        if common >= least and not (common == 1 and _SEASON.fullmatch(own[-1])):
            best[_folder(theirs, parts, common), "/".join(own[: len(own) - common])] = common
    longest = max(best.values(), default=0)
    fitting = [pair for pair, common in best.items() if common == longest]
    return fitting[0] if len(fitting) == 1 else None


def root_mapping(root: str, shows: Iterable[str], folders: Iterable[str]) -> tuple[str, int] | None:
    """The library's folder that holds most of the `shows` below their `root`, and how many.

    `folders` are all of the library's, relative to it; None where it has none of the shows.
    """
    depth = len(_parts(root) or ())
    wanted = {
        "/".join(_alike((_parts(show) or [])[depth:], root)) for show in shows_below(root, shows)
    }
    found: Counter[str] = Counter()
    for folder in folders:
        own = folder.split("/")
        for start in range(len(own)):
            if "/".join(_alike(own[start:], root)) in wanted:
                found["/".join(own[:start])] += 1
    # If several folders hold as many shows, the one with the shortest path is the library's own.
    return min(found.items(), key=lambda item: (-item[1], len(item[0])), default=None)


def shows_below(root: str, shows: Iterable[str]) -> list[str]:
    base = _parts(root)
    if base is None:
        return []
    return [
        show
        for show in shows
        if (parts := _parts(show)) is not None
        and _place(show) == _place(root)
        and _begins(parts, base, root)
        and len(parts) > len(base)
    ]


def mapped(path: str, paths: Paths) -> str | None:
    """The path's place in the library by the longest of the folders that it lies in."""
    parts = _parts(path)
    if parts is None:
        return None
    for there, here in sorted(paths, key=lambda pair: -len(pair[0])):
        base = _parts(there) or []
        # In TOML a backslash is written twice, so that people write a share with slashes.
        if there.startswith("//") and path.startswith("\\\\"):
            there = there.replace("/", "\\")
        if _place(path) == _place(there) and _begins(parts, base, there):
            return "/".join([*filter(None, here.split("/")), *parts[len(base) :]])
    return None


def _candidates(path: str, library: str, paths: Paths, shortest: int) -> Iterator[str]:
    parts = _parts(path)
    if parts is None:
        return
    place = mapped(path, paths)
    if place is not None:
        yield from [place] if place else ()
        return
    root = _parts(library) or []
    same = len(root) if root and _begins(parts, root, library) else None
    if same is not None and same < len(parts):
        yield "/".join(parts[same:])
    for start in range(len(parts) - shortest + 1):
        if start != same:
            yield "/".join(parts[start:])


def _begins(parts: Sequence[str], base: Sequence[str], spelled: str) -> bool:
    return _alike(parts[: len(base)], spelled) == _alike(base, spelled)


def _place(path: str) -> str:
    """The drive, `\\\\` for a share, "" where there is one root."""
    return path[:2].lower() if WINDOWS.match(path) else ""


def _alike(parts: Sequence[str], spelled: str) -> list[str]:
    return [compared_as(spelled, part) for part in parts]


def _common_end(one: Sequence[str], other: Sequence[str]) -> int:
    count = 0
    for first, second in zip(reversed(one), reversed(other), strict=False):
        if first != second:
            break
        count += 1
    return count


def _folder(theirs: str, parts: Sequence[str], common: int) -> str:
    """`theirs` without the last parts, which both have in common; in their own spelling."""
    left = parts[: len(parts) - common]
    if theirs.startswith("\\\\"):
        return "\\\\" + "\\".join(left)
    if WINDOWS.match(theirs):
        return "\\".join([theirs[:2], *left]) if left else theirs[:3]
    return "/" + "/".join(left)


def _parts(path: str) -> list[str] | None:
    """None for a path that is not absolute, leads anywhere but straight down, or is none at all:
    each of its parts is tried as the beginning."""
    if WINDOWS.match(path):
        # A backslash is a letter of a name to Linux, so only here it parts names.
        parts = re.split(r"[\\/]", path)[1:]
    elif path.startswith("/"):
        parts = path.split("/")[1:]
    else:
        return None
    parts = [part for part in parts if part]
    # A webhook comes from the network: no path of it may climb.
    if len(parts) > _DEPTH_MAX or any(part in (".", "..") for part in parts):
        return None
    return parts


def _is_usable(strm_path: str) -> bool:
    try:
        library_path.explicit(strm_path)
    except UsageError:
        return False
    return True
