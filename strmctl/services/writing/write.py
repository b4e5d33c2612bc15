"""Registers entries and writes their files; the same entry again changes nothing.

A row is committed before its file appears, and a file is moved before its row says so. Whenever
a run is killed, every file is old or new, no row is lost, and the same run again completes what
is missing.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping as Table, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

from msgspec import Struct

from strmctl.domain.identity import Identity
from strmctl.domain.library import library_path, strm_text
from strmctl.domain.library.library_path import AS_IT_COMES
from strmctl.domain.library.naming import Templates
from strmctl.domain.mapping import Mapping, Resolution
from strmctl.errors import ItemError, ResolverError, StrmctlError, UsageError
from strmctl.services.keys.playback_urls import PlaybackUrls
from strmctl.services.library import ownership
from strmctl.services.library.direct_files import lacks_headers
from strmctl.services.library.ownership import Twin
from strmctl.services.writing import plan
from strmctl.services.writing.entry import Entry
from strmctl.services.writing.journal import WriteJournal
from strmctl.services.writing.places import Places, of_their_series
from strmctl.services.writing.plan import Outcome, Plan
from strmctl.settings.model import Mode
from strmctl.storage.database.connection import Database
from strmctl.storage.files.strm_file import Content, LibraryFiles
from strmctl.storage.tables.mappings import Mappings, Registration, StoredResolution

if TYPE_CHECKING:
    from strmctl.services.resolving.ending import Endings

Answers = Table[Identity, Resolution | ResolverError]
"""What resolvers have said about the identities that they were asked about."""


class Written(Struct, frozen=True):
    """`lacks_headers`: the URL needs request headers that the mode does not send.

    `unresolved` is why there is no resolution though one was asked for, `incomplete` which of its
    sidecars could not be had; `beside` is the same episode in the same language, asked of another
    provider, where this one is new.
    """

    mapping: Mapping
    playback_url: str
    outcome: Outcome
    lacks_headers: bool = False
    unresolved: ResolverError | None = None
    beside: Identity | None = None
    incomplete: ItemError | None = None


class Writer:
    """Mode `direct` puts upstream URLs into the files instead of playback URLs.

    Raises ItemError where the library as a whole cannot be written.
    """

    def __init__(
        self,
        database: Database,
        files: LibraryFiles,
        urls: PlaybackUrls,
        *,
        templates: Templates = AS_IT_COMES,
        mode: Mode = Mode.PROXY,
        force: bool = False,
        command: str = "write",
    ) -> None:
        self._templates = templates
        self._mode = mode
        self._direct = mode is Mode.DIRECT
        self._force = force
        self._urls = urls
        self._database = database
        self._mappings = Mappings(database)
        self._files = files
        self.journal = WriteJournal(database, command)
        self._beside: dict[Identity, Identity] = {}

    @cached_property
    def _endings(self) -> "Endings":
        # Most entries have no URL: the patterns of all CDNs need not be compiled for them.
        from strmctl.services.resolving.ending import Endings

        return Endings(self._database)

    def write(
        self, entries: Sequence[Entry], answers: Answers | None = None
    ) -> list[Written | StrmctlError]:
        """One result an entry, in their order; every identity stands there once."""
        results: dict[Identity, Written | StrmctlError] = {}
        waiting = entries
        while waiting:
            results |= self._write_apart(waiting, answers or {})
            waiting = [entry for entry in waiting if entry.identity not in results]
        return [results[entry.identity] for entry in entries]

    def finish(self) -> None:
        """Close the journal: everything has been written."""
        self.journal.finish()

    def _write_apart(
        self, entries: Sequence[Entry], answers: Answers
    ) -> dict[Identity, Written | StrmctlError]:
        """Without results for those that are left for later, since one before them may have
        their file, and only now that it is written the disk tells."""
        failed: dict[Identity, StrmctlError] = {}
        with self._database.transaction():
            rows = self._mappings.known(entry.identity for entry in entries)
            entries, series = of_their_series(entries, rows, self._mappings)
            places = self._places(entries, Places(self._templates, rows, series), failed)
            twins = ownership.in_batch(places, self._files)
            # On macOS, Windows and SMB shares "Dark" and "dark" are one file.
            for twin in twins:
                del places[twin.identity]
            plans = self._plans(entries, rows, places, answers, failed)
            moved = self._move_files([plan for plan in plans if plan.moved_from], failed)
            # A row must not say that a file is where the disk has refused it.
            plans = [plan for plan in plans if plan.target.identity not in failed]
            self._register(plans)
            rows = self._mappings.known(plan.target.identity for plan in plans)
            self.journal.add(plans, rows, moved)
        self._write_files([plan for plan in plans if not plan.moved_from], failed)
        self.journal.done(plan for plan in plans if plan.target.identity not in failed)
        written: dict[Identity, Written | StrmctlError] = {
            plan.target.identity: self._written(plan, rows[plan.target.identity], answers)
            for plan in plans
        }
        return written | failed | self._refused(twins)

    def _refused(self, twins: Iterable[Twin]) -> dict[Identity, StrmctlError]:
        refusals = {twin.identity: ownership.refusal(twin, self._files) for twin in twins}
        return {identity: error for identity, error in refusals.items() if error is not None}

    def _plans(
        self,
        entries: Sequence[Entry],
        rows: Table[Identity, Mapping],
        places: Table[Identity, str],
        answers: Answers,
        failed: dict[Identity, StrmctlError],
    ) -> list[Plan]:
        contents = self._files.read_all(_paths_to_read(places, rows))
        new = {key: path for key, path in places.items() if not _is_at(rows.get(key), path)}
        failed |= self._refused(
            ownership.in_library(new, contents, self._database, direct=self._direct)
        )
        plans = []
        for entry in entries:
            path, row = places.get(entry.identity), rows.get(entry.identity)
            if path is not None and entry.identity not in failed:
                try:
                    answer = self._given(entry) or _answer(answers, entry.identity)
                    target = plan.target(entry, row, path, answer)
                    plans.append(self._plan(entry, row, target, contents, answers))
                except StrmctlError as error:
                    failed[entry.identity] = error
        return plans

    def _given(self, entry: Entry) -> Resolution | None:
        """What the user gives, with its end as far as the URL tells it."""
        given = entry.resolution
        return given and replace(
            given, expires_at=self._endings.with_end(given, datetime.now(UTC)).expires_at
        )

    def _places(
        self,
        entries: Sequence[Entry],
        named: Places,
        failed: dict[Identity, StrmctlError],
    ) -> dict[Identity, str]:
        candidates = {entry.identity: named.of(entry) for entry in entries}
        listed = {it.identity: it.place for it in entries if it.place and it.path is None}
        wished = {key: path for key, path in listed.items() if key not in named.rows}
        owners = self._mappings.owners(chain(wished.values(), *candidates.values()))
        editions: dict[object, set[Identity]] = defaultdict(set)
        for identity in self._mappings.siblings(candidates):
            editions[library_path.work(identity)].add(identity)
        places: dict[Identity, str] = {}
        for identity, paths in candidates.items():
            siblings = editions[library_path.work(identity)]
            self._beside |= _of_another_provider(identity, siblings)
            try:
                # What `list` printed elsewhere, or with another language since.
                if (path := wished.get(identity, "")) in {"", *owners}:
                    others = siblings - {identity}
                    path = library_path.choose_path(identity, paths, others, owners.get)
            except UsageError as error:
                failed[identity] = error
            else:
                places[identity] = path
                owners[path] = identity
                siblings.add(identity)
        return places

    def _plan(
        self,
        entry: Entry,
        row: Mapping | None,
        target: Mapping,
        contents: Table[str, Content],
        answers: Answers,
    ) -> Plan:
        before = contents[target.strm_path]
        if isinstance(before, ItemError):
            raise before
        if not self._force:
            versions = (target,) if row is None else (target, row)
            ownership.check_own(target.strm_path, before, versions, self._mappings)
        # What stands around the URL is its owner's, and goes along to the new place.
        kept = before
        if kept is None and row is not None:
            old = contents[row.strm_path]
            kept = None if isinstance(old, ItemError) else old
        url = self._url(target, answers.get(target.identity))
        if self._direct and target.resolution is not None:
            headers = target.resolution.headers
            # Who gives options for Kodi has it play the file.
            if entry.options:
                kept = strm_text.render(url, strm_text.parse(kept or b"").comments, entry.options)
            content = strm_text.with_upstream_url(kept or b"", url, headers)
        else:
            content = strm_text.with_playback_url(kept or b"", url)
        return Plan(row, target, before, content)

    def _url(self, target: Mapping, answer: Resolution | ResolverError | None) -> str:
        if not self._direct:
            return self._urls.of(target)
        if target.resolution is not None:
            return target.resolution.url
        if isinstance(answer, ResolverError):
            raise answer
        raise ItemError(f"{target.identity}: mode direct needs a URL: give one or a resolver")

    def _move_files(
        self, plans: Sequence[Plan], failed: dict[Identity, StrmctlError]
    ) -> dict[Identity, bytes]:
        """What the files held that were removed at their old places."""
        self._write_files(plans, failed)
        moved: dict[Identity, bytes] = {}
        for planned in plans:
            if planned.row is not None and planned.target.identity not in failed:
                try:
                    old = self._remove_own(planned.row, planned.path)
                except ItemError as error:
                    failed[planned.target.identity] = error
                else:
                    if old is not None:
                        moved[planned.target.identity] = old
                        with suppress(ItemError):
                            self._files.move_sidecars(planned.row.strm_path, planned.path)
        return moved

    def _remove_own(self, row: Mapping, path: str) -> bytes | None:
        """What the file held; None where it is foreign or that at the new path, or there was
        none."""
        # A rename that only changes the case: the old path is the new file.
        if self._files.is_one(row.strm_path, path):
            return None
        content = self._files.read(row.strm_path)
        if content is None or ownership.is_foreign(content, (row,), self._mappings):
            return None
        self._files.remove(row.strm_path)
        return content

    def _register(self, plans: Sequence[Plan]) -> None:
        targets = [plan.target for plan in plans if plan.changes_row]
        self._mappings.register(
            [
                Registration(
                    new.identity,
                    new.strm_path,
                    new.title,
                    new.year,
                    new.ids,
                    new.episode_title,
                    new.quality,
                    new.release_group,
                )
                for new in targets
            ]
        )
        self._mappings.store_resolutions(
            [
                StoredResolution(new.identity, new.resolution, new.extension)
                for new in (plan.target for plan in plans if plan.changes_resolution)
                if new.resolution is not None
            ]
        )

    def _write_files(self, plans: Iterable[Plan], failed: dict[Identity, StrmctlError]) -> None:
        changed = [plan for plan in plans if plan.changes_file]
        errors = self._files.write_all(
            {plan.path: plan.content for plan in changed},
            {plan.path: plan.moved_from for plan in changed if plan.moved_from is not None},
        )
        failed |= {
            plan.target.identity: errors[plan.path] for plan in changed if plan.path in errors
        }

    def _written(self, plan: Plan, row: Mapping, answers: Answers) -> Written:
        answer = answers.get(row.identity)
        return Written(
            mapping=row,
            playback_url=self._urls.of(row),
            outcome=plan.outcome,
            lacks_headers=lacks_headers(self._mode, row.resolution, plan.content),
            unresolved=answer if isinstance(answer, ResolverError) else None,
            beside=self._beside.get(row.identity) if plan.outcome is Outcome.CREATED else None,
        )


def _of_another_provider(
    identity: Identity, siblings: Iterable[Identity]
) -> dict[Identity, Identity]:
    """Any one of the same language."""
    others = [
        other
        for other in siblings
        if other.language == identity.language and other.provider != identity.provider
    ]
    return {identity: others[0]} if others else {}


def _is_at(row: Mapping | None, path: str) -> bool:
    return row is not None and row.strm_path == path


def _paths_to_read(places: Table[Identity, str], rows: Table[Identity, Mapping]) -> list[str]:
    return [*places.values(), *(rows[key].strm_path for key in places if key in rows)]


def _answer(answers: Answers, identity: Identity) -> Resolution | None:
    answer = answers.get(identity)
    return answer if isinstance(answer, Resolution) else None
