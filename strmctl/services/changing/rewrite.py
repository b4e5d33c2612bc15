"""Every `.strm` as the settings want it; one that is so already, or holds another's, stays.

A file that is not there is not made again unasked: it may have been moved, and `import` finds it.
"""

from collections.abc import Iterable, Iterator
from itertools import islice

from strmctl.domain.change import Action, Change, Finding, Step
from strmctl.domain.library import strm_text
from strmctl.domain.mapping import Mapping
from strmctl.domain.selection import Selection
from strmctl.errors import ItemError
from strmctl.services.keys.playback_urls import PlaybackUrls
from strmctl.services.library import strays
from strmctl.services.library.direct_files import lacks_headers
from strmctl.services.library.ownership import check_own
from strmctl.settings.model import Mode, Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.files.strm_file import Content, LibraryFiles
from strmctl.storage.tables.mappings import Mappings

_BATCH = 1000

MISSING, MOVED, FOREIGN, UNRESOLVED = "missing", "moved", "foreign", "unresolved"
LEFT = (MISSING, MOVED, FOREIGN, UNRESOLVED)
"""The findings that say that a file is not as the settings want it."""


class Rewriting:
    """A planner; raises SettingsError where no usable key is to be had.

    `overwrite` replaces what is not strmctl's own, `create_missing` makes files that are nowhere
    in the library. `lacking_headers` counts the links that do not play without headers which the
    mode does not send.
    """

    def __init__(
        self, settings: Settings, *, overwrite: bool = False, create_missing: bool = False
    ) -> None:
        self._settings = settings
        self._urls = PlaybackUrls(settings)
        self._mode = settings.proxy.mode
        self._direct = self._mode is Mode.DIRECT
        self._overwrite, self._create_missing = overwrite, create_missing
        self._moved: dict[int, str] | None = None
        self.lacking_headers = 0

    def plan(self, database: Database, files: LibraryFiles, selection: Selection) -> Iterator[Step]:
        mappings = Mappings(database)
        selected = mappings.select(selection)
        while batch := list(islice(selected, _BATCH)):
            contents = files.read_all(mapping.strm_path for mapping in batch)
            if self._moved is None and self._creates(contents.values()):
                self._moved = strays.homes(database, files, self._settings)
            for mapping in batch:
                yield self._step(mapping, contents[mapping.strm_path], mappings)

    def _creates(self, contents: Iterable[Content]) -> bool:
        return self._create_missing and any(content is None for content in contents)

    def _step(self, mapping: Mapping, before: Content, mappings: Mappings) -> Step:
        if isinstance(before, ItemError):
            return _left("bad", mapping, str(before))
        url = self._url(mapping)
        if url is None:
            return _left(UNRESOLVED, mapping, "mode direct needs a URL: run `strmctl refresh`")
        if before is None:
            return self._missing(mapping, url)
        # Comments and Kodi's options in the file are its owner's.
        after = self._content(mapping, before, url)
        self._count_headers(mapping, after)
        # A new mtime costs Jellyfin a probe of the file.
        if after == before:
            return _left("unchanged", mapping)
        try:
            if not self._overwrite:
                check_own(mapping.strm_path, before, (mapping,), mappings)
        except ItemError:
            return _left(FOREIGN, mapping, "holds something else: --overwrite replaces it")
        return Change(Action.REWRITTEN, mapping.strm_path, mapping, mapping, before, after)

    def _missing(self, mapping: Mapping, url: str) -> Step:
        if not self._create_missing:
            return _left(
                MISSING,
                mapping,
                "there is no such file: `strmctl import` finds it if it was moved, "
                "--create-missing makes it again, `strmctl prune` forgets it",
            )
        # Sonarr has renamed it: another file at the old path would be a duplicate.
        home = (self._moved or {}).get(mapping.id)
        if home is not None:
            return _left(MOVED, mapping, f"it is at {home} by now: `strmctl import` follows it")
        after = strm_text.render(url)
        self._count_headers(mapping, after)
        return Change(Action.CREATED, mapping.strm_path, mapping, mapping, None, after)

    def _url(self, mapping: Mapping) -> str | None:
        if not self._direct:
            return self._urls.of(mapping)
        return None if mapping.resolution is None else mapping.resolution.url

    def _content(self, mapping: Mapping, before: bytes, url: str) -> bytes:
        if not self._direct or mapping.resolution is None:
            return strm_text.with_playback_url(before, url)
        return strm_text.with_upstream_url(before, url, mapping.resolution.headers)

    def _count_headers(self, mapping: Mapping, after: bytes) -> None:
        self.lacking_headers += lacks_headers(self._mode, mapping.resolution, after)


def _left(kind: str, mapping: Mapping, reason: str = "") -> Finding:
    return Finding(kind, mapping.strm_path, reason, mapping)
