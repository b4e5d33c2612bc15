"""Whose a file of mode direct is that lies where no row says: the URL in it tells.

Several rows may have one URL, as those of a double episode do: a file is that of one whose own is
gone, before it is a second one of another.
"""

from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Table
from pathlib import PurePosixPath

from strmctl.domain import playback_url, strm_text
from strmctl.domain.mapping import Mapping
from strmctl.errors import ItemError
from strmctl.storage.database import Database
from strmctl.storage.resolved_urls import resolving_to
from strmctl.storage.strm_file import Content, LibraryFiles


class UrlOwners:
    """For one look at the library, batch by batch: no row is given to two files while another
    one lacks its file."""

    def __init__(self, database: Database, files: LibraryFiles) -> None:
        self._database, self._files = database, files
        self._given: set[int] = set()

    def find(self, urls: Table[str, str]) -> dict[str, Mapping]:
        """By path, for the URLs in files by their paths."""
        paths: dict[str, list[str]] = {}
        for path, url in urls.items():
            paths.setdefault(url, []).append(path)
        found: dict[str, Mapping] = {}
        for url, rows in resolving_to(self._database, paths).items():
            if len(rows) == 1:
                found |= dict.fromkeys(paths[url], rows[0])
            else:
                found |= self._shared(paths[url], rows)
        return found

    def _shared(self, paths: Sequence[str], rows: Sequence[Mapping]) -> dict[str, Mapping]:
        """A file that has kept its name goes to the row of that name."""
        contents = self._files.read_all(row.strm_path for row in rows)
        lacking = {
            row.id: row
            for row in rows
            if row.id not in self._given and not is_at_home(row, contents[row.strm_path])
        }
        namesakes: dict[str, list[Mapping]] = {}
        for row in rows:
            namesakes.setdefault(_name(row.strm_path), []).append(row)
        found: dict[str, Mapping] = {}
        for path in paths:
            same = namesakes.get(_name(path), [])
            in_place = (row for row in same if self._files.is_one(row.strm_path, path))
            owner = next(in_place, None) or _taken(lacking, same)
            if owner is not None:
                found[path] = owner
        for path in paths:
            if path not in found:
                found[path] = lacking.pop(next(iter(lacking))) if lacking else rows[0]
        self._given |= {row.id for row in found.values()}
        return found


def is_at_home(row: Mapping, content: Content) -> bool:
    """Whether what its path holds is the row's, or cannot be looked at."""
    if isinstance(content, ItemError):
        return True
    url = strm_text.parse(content or b"").url
    return url is not None and (
        playback_url.identity_in(url) == row.identity
        or (row.resolution is not None and row.resolution.url == url)
    )


def _taken(lacking: dict[int, Mapping], rows: Iterable[Mapping]) -> Mapping | None:
    """The first of the rows that lacks its file, which is one fewer then."""
    return next((lacking.pop(row.id) for row in rows if row.id in lacking), None)


def _name(path: str) -> str:
    return PurePosixPath(path).name.casefold()
