"""The tree tells whose its files are: rows follow moved files, foreign files become mappings.

No file is touched but a foreign one that is adopted. A row stays where it is while its file does,
and a path belongs to the row that has it: what contradicts that is told, never overwritten.
"""

from collections.abc import Iterator, Mapping as Table, Sequence
from datetime import UTC, datetime
from types import MappingProxyType

from msgspec import structs

from strmctl.domain.change import Action, Change, Finding, Step
from strmctl.domain.identity import Identity
from strmctl.domain.library import file_name, strm_text
from strmctl.domain.mapping import Mapping, as_unknown
from strmctl.domain.urls import playback_url
from strmctl.errors import ItemError, UpstreamError, UsageError
from strmctl.services.changing.adoption import Adopting, Adoption, given_resolution
from strmctl.services.keys.in_force import proof
from strmctl.services.keys.playback_urls import PlaybackUrls
from strmctl.services.library.ownership import UrlOwners, is_at_home
from strmctl.services.library.tree import Kind, TreeFile, classify, look
from strmctl.services.resolving.ending import Endings
from strmctl.settings.model import Mode, Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.files.library_tree import strm_paths
from strmctl.storage.files.nfo_files import NfoFiles
from strmctl.storage.files.strm_file import Content, LibraryFiles
from strmctl.storage.tables.mappings import Mappings
from strmctl.storage.tables.resolved_urls import have_resolved_to
from strmctl.storage.tables.sightings import Settled, Sighting, Sightings

BAD, UNCHANGED, DUPLICATE, TAKEN, CONFLICT, FOREIGN, LINK = (
    "bad", "unchanged", "duplicate", "taken", "conflict", "foreign", "link"
)  # fmt: skip


class Importing:
    """A planner; without `adoption` foreign files are only told. Raises SettingsError where no
    usable key is to be had."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        files: LibraryFiles,
        adoption: Adoption | None = None,
    ) -> None:
        self._library = settings.library
        self._direct = settings.proxy.mode is Mode.DIRECT
        self._proof, self._urls = proof(settings), PlaybackUrls(settings)
        self._database, self._files = database, files
        self._mappings, self._endings = Mappings(database), Endings(database)
        self._url_owners = UrlOwners(database, files)
        self._adopting: Adopting | None = None
        if adoption is not None:
            self._adopting = Adopting(adoption, database, NfoFiles(settings.library))

    def plan(
        self,
        below: str = "",
        *,
        only: Sequence[str] | None = None,
        passed: Table[str, Mapping] = MappingProxyType({}),
    ) -> Iterator[Step]:
        """`below` is a folder of the library; with `only` these paths are looked at. `passed` are
        paths where files of rows have been and are not any more. Two looks, since what becomes of
        a file depends on files that are met later."""
        with Sightings(self._database) as sightings:
            yield from self._first_look(below, only, sightings)
            # One that is refused has a file at another of the paths.
            sightings.add(Sighting(path, row_id=row.id) for path, row in passed.items())
            sightings.settle()
            for page in sightings.settled():
                yield from self._second_look(page, sightings)

    def _first_look(
        self, below: str, only: Sequence[str] | None, sightings: Sightings
    ) -> Iterator[Step]:
        unseen: list[Finding] = []

        def unreadable(folder: str, error: ItemError) -> None:
            unseen.append(Finding(BAD, folder or ".", str(error)))

        def linked(folder: str) -> None:
            # A link to /mnt/films would let a change in the library reach files outside of it.
            if not self._files.is_inside(folder):
                reason = "a symbolic link out of the library: not followed: mount the folder there"
                unseen.append(Finding(LINK, folder, reason))

        walk = strm_paths(self._library, below, unreadable=unreadable, linked=linked)
        for batch in look(self._files, walk if only is None else only, self._proof):
            yield from self._sort(batch, sightings)
        yield from unseen

    def _sort(self, batch: Sequence[TreeFile], sightings: Sightings) -> Iterator[Step]:
        rows = self._rows(batch)
        displaced = {path: row for path, row in rows.items() if row.strm_path != path}
        # A copy is no move: the row's own file decides which it is.
        homes = self._files.read_all({row.strm_path for row in displaced.values()})
        seen: list[Sighting] = []
        for file in batch:
            row = rows.get(file.strm_path)
            if file.kind is Kind.BAD:
                yield Finding(BAD, file.strm_path, file.reason)
            elif row is None:
                extension = playback_url.extension_in(file.url or "") if file.identity else ""
                seen.append(Sighting(file.strm_path, file.identity, extension=extension))
            # mergerfs and links show one file at two paths.
            elif self._is_in_place(file, row):
                yield Finding(UNCHANGED, file.strm_path, mapping=row)
            elif (finding := _still_at_home(file, row, homes[row.strm_path])) is not None:
                yield finding
            else:
                seen.append(Sighting(file.strm_path, row_id=row.id))
        for twin in sightings.add(seen):
            reason = "another file holds the same: remove one of them"
            yield Finding(DUPLICATE, twin.strm_path, reason, rows.get(twin.strm_path))

    def _is_in_place(self, file: TreeFile, row: Mapping) -> bool:
        """Also where the row's path leads there through a link."""
        path = file.strm_path
        return row.strm_path == path or self._files.is_one(row.strm_path, path)

    def _rows(self, batch: Sequence[TreeFile]) -> dict[str, Mapping]:
        """By path, the row that the file's content is of: its identity tells, or its URL."""
        rows = self._mappings.known(file.identity for file in batch if file.identity)
        found = {it.strm_path: rows[it.identity] for it in batch if it.identity in rows}
        foreign = {it.strm_path: it.url for it in batch if it.kind is Kind.FOREIGN and it.url}
        if not self._direct or not foreign:
            return found
        owners = self._mappings.at(foreign)
        own = {path: row for path, row in owners.items() if _resolves_to(row, foreign[path])}
        others = {path: url for path, url in foreign.items() if path not in own}
        return found | own | self._url_owners.find(others)

    def _second_look(self, page: Sequence[Settled], sightings: Sightings) -> Iterator[Step]:
        ids = {item.owner_id for item in page} | {item.sighting.row_id for item in page}
        rows = self._mappings.with_ids(number for number in ids if number is not None)
        foreign: list[Settled] = []
        for item in page:
            path, row_id = item.sighting.strm_path, item.sighting.row_id
            if row_id is None and item.sighting.identity is None:
                foreign.append(item)
            elif item.owner_id is not None:
                yield _taken(path, rows[item.owner_id], rows.get(row_id or 0))
            elif row_id is not None:
                row = rows[row_id]
                yield Change(Action.MOVED, path, row, structs.replace(row, strm_path=path))
            else:
                yield Change(Action.CREATED, path, row_after=_new(item.sighting))
        if foreign:
            yield from self._foreign(foreign, rows, sightings)

    def _foreign(
        self, page: Sequence[Settled], rows: Table[int, Mapping], sightings: Sightings
    ) -> Iterator[Step]:
        contents = self._files.read_all(item.sighting.strm_path for item in page)
        owned: dict[TreeFile, Mapping] = {}
        free: dict[Sighting, TreeFile] = {}
        for item in page:
            path = item.sighting.strm_path
            file = classify(path, contents[path], self._proof)
            if file.kind is not Kind.FOREIGN:
                yield Finding(BAD, path, file.reason or "has changed while it was looked at")
            elif self._adopting is None:
                yield Finding(FOREIGN, path, "holds a direct URL: `strmctl import` adopts it")
            elif item.owner_id is not None:
                owned[file] = rows[item.owner_id]
            else:
                free[item.sighting] = file
        yield from self._put_in_place(owned)
        if self._adopting is not None:
            yield from self._adopt(free, self._adopting, sightings)

    def _put_in_place(self, owned: Table[TreeFile, Mapping]) -> Iterator[Step]:
        """Files of rows, with URLs that somebody else has put there: the rows take them over."""
        known = have_resolved_to(
            self._database, [(row.id, file.url) for file, row in owned.items() if file.url]
        )
        for file, row in owned.items():
            # A play may have healed the link before Sonarr renamed the file.
            is_known = _resolves_to(row, file.url) or (row.id, file.url) in known
            try:
                after = row if is_known else self._resolved(row, file)
            except UpstreamError as error:
                yield Finding(BAD, file.strm_path, str(error))
                continue
            change = self._change(Action.UPDATED, file, row, after)
            is_change = change.changes_row or change.changes_file
            yield change if is_change else Finding(UNCHANGED, file.strm_path, mapping=row)

    def _adopt(
        self, files: Table[Sighting, TreeFile], adopting: Adopting, sightings: Sightings
    ) -> Iterator[Step]:
        waiting: dict[Sighting, list[Mapping]] = {}
        for sighting, file in files.items():
            try:
                waiting[sighting] = adopting.mappings(file)
            except (UsageError, UpstreamError) as error:
                yield Finding(BAD, file.strm_path, str(error))
        while waiting:
            # A film's second version is known by it where the first has the film's name already.
            best = {sighting: found[0] for sighting, found in waiting.items()}
            known = self._mappings.known(mapping.identity for mapping in best.values())
            refused = self._claim(best, known, sightings)
            for sighting, mapping in best.items():
                if sighting not in refused:
                    after = self._dated(mapping)
                    yield self._change(Action.ADOPTED, files[sighting], None, after)
                elif len(waiting[sighting]) == 1:
                    yield _conflict(mapping, known.get(mapping.identity))
            waiting = {key: waiting[key][1:] for key in refused if len(waiting[key]) > 1}

    def _claim(
        self,
        best: Table[Sighting, Mapping],
        known: Table[Identity, Mapping],
        sightings: Sightings,
    ) -> list[Sighting]:
        """Files whose identity another file or row has, in their order."""
        free = [(key, it.identity) for key, it in best.items() if it.identity not in known]
        refused = set(sightings.claim(free))
        return [key for key, it in best.items() if it.identity in known or key in refused]

    def _resolved(self, row: Mapping, file: TreeFile) -> Mapping:
        """With the file's URL, of which nothing is known yet."""
        return as_unknown(self._dated(structs.replace(row, resolution=given_resolution(file))))

    def _dated(self, row: Mapping) -> Mapping:
        assert row.resolution is not None, "a file holds a URL"
        resolution = self._endings.with_end(row.resolution, datetime.now(UTC))
        return structs.replace(row, resolution=resolution, updated_at=resolution.resolved_at)

    def _change(
        self, action: Action, file: TreeFile, before: Mapping | None, after: Mapping
    ) -> Change:
        content = file.content
        if not self._direct:
            content = strm_text.with_playback_url(content, self._urls.of(after))
        elif action is Action.ADOPTED and after.resolution and after.resolution.url != file.url:
            # What was taken out of another proxy's URL: left there, it would come back as new.
            url, headers = after.resolution.url, after.resolution.headers
            content = strm_text.with_upstream_url(content, url, headers)
        return Change(action, file.strm_path, before, after, file.content, content)


def _new(sighting: Sighting) -> Mapping:
    assert sighting.identity is not None, "own files name one"
    name = file_name.read(sighting.strm_path, wants_language=False)
    return Mapping(
        id=0,
        identity=sighting.identity,
        strm_path=sighting.strm_path,
        title=name.title,
        year=name.year,
        ids=name.ids,
        extension=sighting.extension,
    )


def _still_at_home(file: TreeFile, row: Mapping, content: Content) -> Finding | None:
    """None where the row's own file is gone, or holds something else by now."""
    if isinstance(content, ItemError):
        reason = f"belongs to {row.strm_path}, which cannot be looked at: {content}"
        return Finding(BAD, file.strm_path, reason, row)
    if not is_at_home(row, content):
        return None
    reason = f"holds the same as {row.strm_path}: remove one of them"
    return Finding(DUPLICATE, file.strm_path, reason, row)


def _resolves_to(row: Mapping, url: str | None) -> bool:
    return row.resolution is not None and row.resolution.url == url


def _taken(path: str, owner: Mapping, row: Mapping | None) -> Finding:
    reason = (
        f"holds another's playback URL, but the path belongs to {owner.identity}: `strmctl rewrite "
        "--overwrite` makes the file its own again, `strmctl remove` forgets it"
    )
    return Finding(TAKEN, path, reason, row)


def _conflict(mapping: Mapping, other: Mapping | None) -> Finding:
    whose = f"as {other.strm_path} does" if other else "as another file does"
    reason = (
        f"its name says {mapping.identity}, {whose}: rename it, or settle it with `import --plan`"
    )
    return Finding(CONFLICT, mapping.strm_path, reason)
