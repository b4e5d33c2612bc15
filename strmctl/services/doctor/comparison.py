"""Each `.strm` against its row: where it should be, what it should hold."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping as Table, Sequence

from strmctl.domain.counted import counted
from strmctl.domain.identity import Identity
from strmctl.domain.library import strm_text
from strmctl.domain.mapping import Mapping
from strmctl.domain.urls import playback_url
from strmctl.services.doctor.finding import Finding, Severity
from strmctl.services.keys.playback_urls import PlaybackUrls
from strmctl.services.library import ownership
from strmctl.services.library.ownership import UrlOwners
from strmctl.services.library.tree import NO_URL, Kind, TreeFile
from strmctl.settings.model import Mode, Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.files.strm_file import LibraryFiles
from strmctl.storage.tables.mappings import Mappings

_REWRITE = "`strmctl rewrite`"
_MISSING = "`strmctl rewrite --create-missing` makes it again, `strmctl prune` forgets it"
_EDITED = "move it away and run `strmctl rewrite --create-missing`, or keep it"


class Comparison:
    """`urls` is None where no key is usable: then contents are not compared.

    `moved` collects the ids of rows whose file lies elsewhere; `other_keys` counts, by key id,
    the files that another key than the first has signed.
    """

    def __init__(
        self,
        database: Database,
        files: LibraryFiles,
        settings: Settings,
        urls: PlaybackUrls | None,
        key_ids: Sequence[str],
    ) -> None:
        self._files, self._mappings = files, Mappings(database)
        self._url_owners = UrlOwners(database, files)
        self._urls, self._key_ids = urls, key_ids
        self._direct = settings.proxy.mode is Mode.DIRECT
        self.moved: set[int] = set()
        self.other_keys: Counter[str] = Counter()

    def compare(self, batch: Sequence[TreeFile]) -> Iterator[Finding]:
        owners = self._mappings.owners(file.strm_path for file in batch)
        named = {file.identity for file in batch if file.identity is not None}
        rows = self._mappings.known({*owners.values(), *named})
        homes = self._homes(batch, owners, rows)
        at_home = self._files.read_all(home.strm_path for home in homes.values())
        for file in batch:
            owner = owners.get(file.strm_path)
            row = rows[owner] if owner is not None else None
            home = homes.get(file.strm_path)
            if home is not None and row is not None:
                yield _taken(file, home, row)
            elif home is not None and self._files.is_one(file.strm_path, home.strm_path):
                yield from self._in_place(file, home)
            elif home is not None:
                yield self._elsewhere(file, home, at_home[home.strm_path])
            elif row is not None:
                yield from self._in_place(file, row)
            else:
                yield _unknown(file)

    def _homes(
        self,
        batch: Sequence[TreeFile],
        owners: Table[str, Identity],
        rows: Table[Identity, Mapping],
    ) -> dict[str, Mapping]:
        """The rows of what the files hold, where that is another than the one at their path."""
        found = {
            file.strm_path: rows[file.identity]
            for file in batch
            if file.identity is not None
            and file.identity in rows
            and owners.get(file.strm_path) != file.identity
        }
        # In the other modes the URL in the file names its identity.
        if not self._direct:
            return found
        unowned = [it for it in batch if it.kind is Kind.FOREIGN and it.strm_path not in owners]
        urls = {file.strm_path: file.url for file in unowned if file.url}
        return found | self._url_owners.find(urls)

    def _elsewhere(self, file: TreeFile, home: Mapping, at_home: object) -> Finding:
        still_there = isinstance(at_home, bytes) and self._is_of(at_home, home)
        if still_there or home.id in self.moved:
            reason = f"the same as {home.strm_path}: {home.identity}"
            return Finding.warning("duplicate", file.strm_path, reason, "remove one of the two")
        self.moved.add(home.id)
        reason = f"was at {home.strm_path}: {home.identity}"
        return Finding.warning("moved", file.strm_path, reason, "`strmctl import`")

    def _is_of(self, content: bytes, row: Mapping) -> bool:
        url = strm_text.parse(content).url
        resolved = row.resolution.url if row.resolution else None
        return url is not None and (
            playback_url.identity_in(url) == row.identity or (self._direct and url == resolved)
        )

    def _in_place(self, file: TreeFile, row: Mapping) -> Iterator[Finding]:
        is_read = file.url is not None or file.reason == NO_URL
        if not is_read or ownership.is_foreign(file.content, (row,), self._mappings):
            reason = file.reason or f"holds something else than {row.identity}"
            yield Finding.warning("edited", file.strm_path, reason, _EDITED)
            return
        shall = self._url_of(row)
        if shall is None or self._renewed(file, row, shall) == file.content:
            return
        # After `keys add` that is every file: one line a key, with the number.
        if self._is_of_another_key(file, shall):
            return
        reason = _difference(file, shall)
        yield Finding.warning("outdated", file.strm_path, reason, _REWRITE)

    def _renewed(self, file: TreeFile, row: Mapping, shall: str) -> bytes:
        if not self._direct or row.resolution is None:
            return strm_text.with_playback_url(file.content, shall)
        return strm_text.with_upstream_url(file.content, shall, row.resolution.headers)

    def _is_of_another_key(self, file: TreeFile, shall: str) -> bool:
        """They are counted, since after a change of keys these may be all files."""
        key_id = playback_url.key_id_in(file.url or "")
        if key_id is None or not self._key_ids or key_id == self._key_ids[0]:
            return False
        self.other_keys[key_id] += 1
        return True

    def _url_of(self, row: Mapping) -> str | None:
        if self._direct:
            return row.resolution.url if row.resolution else None
        return self._urls.of(row) if self._urls else None


def missing(
    mappings: Iterable[Mapping], files: LibraryFiles, moved: Iterable[int]
) -> Iterator[Finding]:
    known = set(moved)
    for mapping in mappings:
        if mapping.id in known:
            continue
        if not _is_inside(mapping.strm_path):
            reason = f"it is no path in the library: {mapping.identity}"
            remedy = f"`strmctl remove {mapping.id}`, then `strmctl write` it again"
            yield Finding.error("path", mapping.strm_path, reason, remedy)
        elif not files.exists(mapping.strm_path):
            reason = f"there is no such file: {mapping.identity}"
            yield Finding.error("missing", mapping.strm_path, reason, _MISSING)


def signed_by_others(counts: Table[str, int], key_ids: Sequence[str]) -> Iterator[Finding]:
    for key_id, number in sorted(counts.items()):
        accepted = key_id in key_ids
        yield Finding(
            Severity.WARNING if accepted else Severity.ERROR,
            "key",
            key_id,
            f"{counted(number, 'file')} signed with it, "
            + ("which is not the first key any more" if accepted else "which is no key in force"),
            f"{_REWRITE}, then `strmctl keys retire {key_id}`" if accepted else _REWRITE,
        )


def _is_inside(strm_path: str) -> bool:
    parts = strm_path.split("/")
    return not (strm_path.startswith("/") or ".." in parts)


def _taken(file: TreeFile, home: Mapping, row: Mapping) -> Finding:
    return Finding.warning(
        "edited",
        file.strm_path,
        f"holds the URL of {home.identity}, but its path is that of {row.identity}",
        "`strmctl import` if files changed places; `strmctl rewrite --overwrite` makes it its own",
    )


def _unknown(file: TreeFile) -> Finding:
    match file.kind:
        case Kind.OWN:
            reason = f"the database does not know it: {file.identity}"
            remedy = "`strmctl import` adopts it, `strmctl prune` removes it"
            return Finding.warning("orphaned", file.strm_path, reason, remedy)
        case Kind.FOREIGN:
            reason = "holds a URL that is not strmctl's"
            remedy = "`strmctl import` adopts it, or says why it cannot"
            return Finding.info("foreign", file.strm_path, reason, remedy)
        case Kind.BAD:
            return Finding.warning("bad", file.strm_path, file.reason, "correct or remove it")


def _difference(file: TreeFile, shall: str) -> str:
    """What is not as the settings want it; no part of either URL."""
    if file.url is None:
        return file.reason
    if file.identity is None or playback_url.identity_in(shall) is None:
        return "holds another kind of URL than proxy.mode wants"
    if file.url == shall:
        return "holds white space, a byte order mark or lines beyond its URL"
    if file.url.partition(playback_url.PATH)[0] != shall.partition(playback_url.PATH)[0]:
        return "holds another base URL than proxy.public_base_url"
    return "holds another form of its playback URL" if file.proved else "its proof does not verify"
