"""Whether Jellyfin or Emby shows the item of a file: its API finds items by folder, not by path.

A library's own children first (a film's file, a show's folder), then all that is below the show.
What a server does not answer in the documented form is not known, and never held against it.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from strmctl.domain.library.path_spelling import compared
from strmctl.services.notifying.connection import Connection, UndeliveredError

_FOLDERS = ("/Library/VirtualFolders", "/Library/VirtualFolders/Query")
"""Emby documents the second one alone, Jellyfin has the first one alone."""

_ITEMS = "/Items"
_PAGE = 2000
_ALL_PAGES = 50
_ASKED: Mapping[str, str | int] = {
    "Fields": "Path,MediaSourceCount",
    "EnableImages": "false",
    "EnableUserData": "false",
    "Limit": _PAGE,
}


class _Item(Struct, frozen=True):
    """`versions` is how many files the item has: only the first one's path is told."""

    id: str
    path: str
    versions: int


class Items:
    """Asks for each folder once; made anew for each look."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._libraries: Sequence[_Item] | None = None
        self._below: dict[tuple[str, bool], Sequence[_Item] | None] = {}
        self._is_asked = False

    async def is_there(self, path: str) -> bool | None:
        """None where the server does not tell."""
        wanted = compared(path)
        libraries = await self._watched()
        if libraries is None:
            return None
        for library in _holding(libraries, wanted):
            children = await self._items(library.id, recursive=False)
            # Emby's and Jellyfin's versions differ: what is not understood is no failure.
            if children is None or _are_elsewhere(children, library, libraries):
                return None
            if _shows(children, wanted):
                return True
            for folder in _holding(children, wanted):
                below = await self._items(folder.id, recursive=True)
                if below is None:
                    return None
                if _shows(below, wanted):
                    return True
        return False

    async def is_watched(self, path: str) -> bool:
        libraries = await self._watched()
        return libraries is None or any(_holding(libraries, compared(path)))

    async def _watched(self) -> Sequence[_Item] | None:
        if not self._is_asked:
            self._is_asked = True
            self._libraries = _libraries(await virtual_folders(self._connection))
        return self._libraries

    async def _items(self, parent: str, *, recursive: bool) -> Sequence[_Item] | None:
        key = parent, recursive
        if key not in self._below:
            self._below[key] = await self._pages(parent, recursive=recursive)
        return self._below[key]

    async def _pages(self, parent: str, *, recursive: bool) -> Sequence[_Item] | None:
        found: list[_Item] = []
        for number in range(_ALL_PAGES):
            below = {"ParentId": parent, "Recursive": str(recursive).lower()}
            asked = {**_ASKED, **below, "StartIndex": number * _PAGE}
            page = await _asked(self._connection, _ITEMS, asked)
            items = page.get("Items") if isinstance(page, dict) else None
            if not isinstance(items, list):
                return None
            found += _items(items)
            if len(items) < _PAGE:
                return found
        return None


async def virtual_folders(connection: Connection) -> list[Any] | None:
    """Its libraries; None where it does not tell."""
    for path in _FOLDERS:
        document = await _asked(connection, path, {})
        if isinstance(document, dict):
            document = document.get("Items")
        if isinstance(document, list):
            return document
    return None


async def _asked(connection: Connection, path: str, asked: Mapping[str, str | int]) -> object:
    try:
        return json.loads(await connection.get(path, asked))
    except (UndeliveredError, ValueError, RecursionError):
        return None


def locations(folders: object) -> list[str] | None:
    """From `[{"Name": …, "Locations": [path, …]}, …]`."""
    if not isinstance(folders, list):
        return None
    found = [folder.get("Locations") for folder in folders if isinstance(folder, dict)]
    lists = [paths for paths in found if isinstance(paths, list)]
    return [path for paths in lists for path in paths if isinstance(path, str)]


def _libraries(folders: object) -> Sequence[_Item] | None:
    """A server that tells no library, or none's id, tells nothing."""
    if not isinstance(folders, list) or not folders:
        return None
    found = [
        _Item(folder["ItemId"], path, 1)
        for folder in folders
        if isinstance(folder, dict) and isinstance(folder.get("ItemId"), str)
        for path in locations([folder]) or ()
    ]
    return found or None


def _items(items: Sequence[Any]) -> Iterator[_Item]:
    for item in items:
        if not isinstance(item, dict):
            continue
        name, path, versions = (item.get(key) for key in ("Id", "Path", "MediaSourceCount"))
        if isinstance(name, str) and isinstance(path, str):
            yield _Item(name, path, versions if isinstance(versions, int) else 1)


def _shows(items: Sequence[_Item], wanted: str) -> bool:
    """Versions of a film in one folder are one item, which tells one path."""
    folder = wanted.rpartition("/")[0]
    return any(
        (own := compared(item.path)) == wanted
        # Jellyfin and Emby make "Film - 1080p.strm" and "Film - 720p.strm" one item.
        or (item.versions > 1 and own.rpartition("/")[0] == folder)
        for item in items
    )


def _are_elsewhere(children: Sequence[_Item], library: _Item, libraries: Sequence[_Item]) -> bool:
    """Whether none lies in its library's folders: both can tell clients other paths than those
    that they watch ("path substitution", "shared network folder")."""
    own = [it for it in libraries if it.id == library.id]
    return bool(children) and not any(_holding(own, compared(child.path)) for child in children)


def _holding(folders: Sequence[_Item], wanted: str) -> list[_Item]:
    return [item for item in folders if wanted.startswith(compared(item.path).rstrip("/") + "/")]
