"""The library against the database, in one pass over the tree; memory stays flat."""

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial

from strmctl.domain.counted import counted
from strmctl.domain.selection import Selection
from strmctl.domain.urls.playback_url import NoProof
from strmctl.errors import SettingsError
from strmctl.services.doctor.clock import TOLERATED
from strmctl.services.doctor.comparison import Comparison, missing, signed_by_others
from strmctl.services.doctor.finding import Finding
from strmctl.services.doctor.installation import Installation
from strmctl.services.keys import in_force
from strmctl.services.keys.playback_urls import PlaybackUrls
from strmctl.services.library import tree
from strmctl.storage.database.connection import Database
from strmctl.storage.files.library_survey import LibrarySurvey, Oddity
from strmctl.storage.files.library_tree import is_folder, trouble_with
from strmctl.storage.tables.mappings import Mappings


def library_there(installation: Installation) -> Iterator[Finding]:
    library = installation.settings.library
    # What a player node has in place of one is not looked at.
    trouble = "" if installation.is_player else trouble_with(library)
    if trouble:
        rows = installation.rows()
        known_empty = installation.usable_database() is not None and not rows
        # With mappings it is a share that is not mounted: a folder made there would hide it.
        safe = known_empty and not os.path.lexists(library)
        though = f", though it has {counted(rows, 'mapping')}" if rows else ""
        yield Finding.error(
            "library",
            str(library),
            f"the library {trouble}{though}",
            "mount it, or correct `library`" if rows else f"`mkdir -p {library}`",
            partial(library.mkdir, parents=True, exist_ok=True) if safe else None,
        )


def library_writable(installation: Installation) -> Iterator[Finding]:
    library = installation.settings.library
    if is_folder(library) and not installation.files.is_writable():
        yield Finding.error(
            "library",
            str(library),
            "it cannot be written",
            "give it to the user that runs strmctl, or mount it for writing",
        )


def library_matches(installation: Installation) -> Iterator[Finding]:
    """One look at all files, with a database or without; what is odd comes out between."""
    settings = installation.settings
    if not is_folder(settings.library):
        return
    odd: list[Finding] = []
    survey = LibrarySurvey(settings.library, lambda *what: odd.append(_odd(installation, *what)))
    database = installation.usable_database()
    if database is None:
        found = _only_surveyed(survey)
    else:
        found = _compared(installation, database, survey)
    for finding in found:
        yield from _emptied(odd)
        yield finding
    yield from _emptied(odd)


def _only_surveyed(survey: LibrarySurvey) -> Iterator[Finding]:
    for _ in survey.strm_paths():
        yield from ()


def _compared(
    installation: Installation, database: Database, survey: LibrarySurvey
) -> Iterator[Finding]:
    """What is missing comes last, once it is known what has moved."""
    files, urls, key_ids = installation.files, _urls(installation), installation.key_ids()
    proof = in_force.proof(installation.settings) if urls else NoProof()
    comparison = Comparison(database, files, installation.settings, urls, key_ids)
    count = 0
    for batch in tree.look(files, survey.strm_paths(), proof):
        count += len(batch)
        yield from comparison.compare(batch)
    yield from signed_by_others(comparison.other_keys, key_ids)
    rows = installation.rows()
    # One line for the mount in place of 5,000 missing files.
    if rows and not count and survey.is_complete:
        yield _empty(installation, rows)
    else:
        yield from missing(Mappings(database).select(Selection()), files, comparison.moved)
    yield from _from_the_future(installation, survey.newest)


def _urls(installation: Installation) -> PlaybackUrls | None:
    with suppress(SettingsError):
        return PlaybackUrls(installation.settings)
    return None


def _emptied(odd: list[Finding]) -> list[Finding]:
    found = odd.copy()
    odd.clear()
    return found


def _empty(installation: Installation, rows: int) -> Finding:
    return Finding.error(
        "library",
        str(installation.settings.library),
        f"it is empty, though it has {counted(rows, 'mapping')}",
        "mount it, or write it anew with `strmctl rewrite --create-missing --force`",
    )


def _from_the_future(installation: Installation, newest: float) -> Iterator[Finding]:
    ahead = newest - time.time()
    if ahead > TOLERATED.total_seconds():
        yield Finding.warning(
            "clock",
            str(installation.settings.library),
            f"its file system dates files {ahead:.0f} s into the future",
            "set the clocks of this machine and of the file server by NTP",
        )


def _odd(installation: Installation, oddity: Oddity, path: str, word: str) -> Finding:
    match oddity:
        case Oddity.LEFTOVER:
            return Finding.warning(
                "leftover",
                path,
                "a killed run has left it",
                "`strmctl doctor --fix`",
                partial(installation.files.remove_leftover, path),
            )
        case Oddity.UNREADABLE:
            reason = f"the folder cannot be read: {word}"
            return Finding.error("unreadable", path, reason, "let strmctl's user read it")
        case Oddity.LINK:
            reason = "a symbolic link that leads out of the library: it is not followed"
            return Finding.warning("link", path, reason, "remove it, or mount the folder there")
        case Oddity.SAME_NAME:
            reason = f"{word} beside it is the same name to Windows, macOS and many shares"
            return Finding.warning("same_name", path, reason, "rename one of the two")
        case Oddity.UNDECODABLE:
            reason = "its name is not UTF-8: it is left out"
            return Finding.warning("name", path, reason, "rename it")
