"""Writes thousands of entries from one input: batch by batch, and bad rows do not stop it."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from msgspec import Struct, structs

from strmctl.domain.counted import counted
from strmctl.domain.identity import Identity
from strmctl.domain.library.library_path import Naming
from strmctl.domain.mapping import Resolution
from strmctl.errors import ItemError, ResolverError, StrmctlError, UsageError
from strmctl.resolvers.contract import Reason
from strmctl.services.keys.playback_urls import PlaybackUrls
from strmctl.services.library.files import library_files, templates
from strmctl.services.library.mounted import check_may_be_made, check_mounted
from strmctl.services.writing.entry import BadRow, Entry, Row, entry
from strmctl.services.writing.write import Answers, Writer, Written
from strmctl.settings.model import Mode, Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.database.file_system import is_disk_full
from strmctl.storage.files.strm_file import LibraryFiles
from strmctl.storage.locks.run_lock import writing
from strmctl.storage.tables.mappings import Mappings

_AT_ONCE = 8
# One transaction a batch; a smaller one where each entry waits for a resolver.
_BATCH = 2000
_BATCH_RESOLVED = 64


class Result(Struct, frozen=True):
    """What became of the entry in a line; `written` may have failed to resolve as well."""

    line: int
    written: Written | None = None
    error: StrmctlError | None = None


@contextmanager
def batches(
    settings: Settings,
    *,
    resolve: bool = False,
    force: bool = False,
    sidecars: bool = False,
    command: str = "write",
) -> Iterator["Batches"]:
    """`command` is what `undo` calls it. Nothing is made where the keys or the library cannot be
    used; a missing database is."""
    urls = PlaybackUrls(settings)
    check_may_be_made(settings)
    LibraryFiles(settings.library).check_writable()
    with Database.open(settings.database) as database, writing(settings.database):
        files = library_files(settings, database)
        writer = Writer(
            database,
            files,
            urls,
            templates=templates(settings),
            mode=settings.proxy.mode,
            force=force,
            command=command,
        )
        yield Batches(settings, database, writer, resolve=resolve, sidecars=sidecars)
        # Not in a finally: a run that failed stays open in the journal, so `undo` knows it.
        writer.finish()


class Batches:
    """`resolve` asks resolvers about everything, else they are asked where the mode needs it.

    `sidecars` writes a `.nfo` beside each file, and the subtitles of what is resolved.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        writer: Writer,
        *,
        resolve: bool = False,
        sidecars: bool = False,
    ) -> None:
        self._settings = settings
        self._mappings = Mappings(database)
        self._writer = writer
        self._resolve = resolve
        self._written = 0
        self._asks = resolve or settings.proxy.mode is Mode.DIRECT
        self._sidecars = sidecars
        self._egress: dict[str, str | None] = {}

    def write(self, rows: Iterable[Row | BadRow]) -> Iterator[Result]:
        """Results come after each batch, bad rows as soon as they are read.

        Raises ItemError where the disk is full: all that is left would fail for that reason.
        """
        lines: dict[Identity, int] = {}
        waiting: list[tuple[int, Entry]] = []
        for row in rows:
            try:
                item = _entry(row)
                # Else the order of two rows for one identity would decide, and spreadsheets sort.
                if item.identity in lines:
                    first = lines[item.identity]
                    raise UsageError(f"{item.identity} stands in line {first} already")
            except UsageError as error:
                yield Result(row.line, error=error)
                continue
            lines[item.identity] = row.line
            # In a JSON array many may stand in one line.
            waiting.append((row.line, item))
            if len(waiting) >= (_BATCH_RESOLVED if self._asks else _BATCH):
                yield from self._write_while_there_is_room(waiting)
                waiting = []
        yield from self._write_while_there_is_room(waiting)

    def write_one(self, item: Entry) -> Written:
        """Raises what kept it from being written; not being resolved does not."""
        [result] = self._write([(0, item)])
        if result.written is None:
            raise result.error or StrmctlError("not written")
        return result.written

    def _write_while_there_is_room(self, entries: Sequence[tuple[int, Entry]]) -> Iterator[Result]:
        results = list(self._write(entries))
        full = next((it.error for it in results if is_disk_full(it.error)), None)
        for result in results:
            if full is None or result.written is not None:
                self._written += result.written is not None
                yield result
        if full is not None:
            raise ItemError(f"{full}: {counted(self._written, 'file')} done") from full

    def _write(self, entries: Sequence[tuple[int, Entry]]) -> Iterator[Result]:
        items = [item for _, item in entries]
        check_mounted(self._settings, self._mappings.database, but=self._paths(items))
        answers = self._answers(items)
        results = self._writer.write(items, answers)
        if self._sidecars:
            results = self._with_sidecars(results, answers)
        for (line, _), result in zip(entries, results, strict=True):
            if isinstance(result, Written):
                yield Result(line, result, result.unresolved or result.incomplete)
            else:
                yield Result(line, error=result)

    def _paths(self, entries: Sequence[Entry]) -> Iterator[str]:
        """The paths of entries that have a row: written again, deleted files come back."""
        for row in self._mappings.known(item.identity for item in entries).values():
            yield row.strm_path

    def _with_sidecars(
        self, results: Sequence[Written | StrmctlError], answers: Answers
    ) -> list[Written | StrmctlError]:
        # Without sidecars the upstream's client is not imported.
        import asyncio

        from strmctl.services.library.sidecars import Beside, Item

        items = []
        for mapping in (it.mapping for it in results if isinstance(it, Written)):
            answer = answers.get(mapping.identity)
            resolution = answer if isinstance(answer, Resolution) else None
            items.append(Item(mapping, resolution, self._egress.get(mapping.identity.site)))
        beside = Beside(self._settings, self._writer.journal.beside)
        troubles = iter(asyncio.run(beside.write(items)))
        return [
            structs.replace(result, incomplete=next(troubles))
            if isinstance(result, Written)
            else result
            for result in results
        ]

    def _answers(self, entries: Sequence[Entry]) -> Answers:
        asked = [item for item in entries if self._asks and item.resolution is None]
        if not asked:
            return {}
        import asyncio  # Most entries ask nobody.

        return asyncio.run(self._ask(asked))

    async def _ask(self, entries: Sequence[Entry]) -> Answers:
        import asyncio

        from strmctl.services.resolving.opening import resolving

        # Resolvers are small services at home, or scripts that start a process each time.
        limit = asyncio.Semaphore(_AT_ONCE)
        identities = [item.identity for item in entries]
        async with resolving(self._settings, self._mappings) as service:
            service.introduce(self._namings(entries))
            self._egress |= {it.site: service.egress(it.site) for it in identities}

            async def ask(identity: Identity) -> Resolution | ResolverError:
                async with limit:
                    try:
                        if self._resolve:
                            return await service.renew(identity, Reason.CREATE, failed=None)
                        return await service.current(identity, Reason.CREATE)
                    except ResolverError as error:
                        return error

            answers = await asyncio.gather(*map(ask, identities))
        return dict(zip(identities, answers, strict=True))

    def _namings(self, entries: Sequence[Entry]) -> dict[Identity, Naming]:
        """What the entries say; what they leave out is as the rows have it."""
        rows = self._mappings.known(item.identity for item in entries)
        return {item.identity: item.naming.or_else(rows.get(item.identity)) for item in entries}


def _entry(row: Row | BadRow) -> Entry:
    if isinstance(row, BadRow):
        raise UsageError(row.reason)
    return entry(row.fields)
