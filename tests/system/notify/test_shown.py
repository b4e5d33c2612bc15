"""A notice is done when the server shows the change, not when it has said OK."""

import unicodedata
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from strmctl.domain.notice import FileChange
from strmctl.services.notifying.outbox import Delivery, deliver
from strmctl.settings.model import NotifySettings, NotifyType, Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.notices import Notices
from system.notify.real_jellyfin import ROOT, JellyfinLibrary
from system.notify.real_kodi import KodiLibrary
from system.notify.servers import KODI_TOKEN, TOKEN, Server, serving

CREATED, MODIFIED, DELETED = FileChange.CREATED, FileChange.MODIFIED, FileChange.DELETED
SHOWS = [f"Show {number}/Season 01/Show {number} S01E01.strm" for number in range(1, 6)]
FILM = "Film (2020)/Film (2020).strm"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "media"
    for path in [*SHOWS, FILM]:
        (folder / path).parent.mkdir(parents=True)
        (folder / path).write_text("http://127.0.0.1/x\n")
    return folder


@pytest.fixture
def kodi(folder: Path) -> KodiLibrary:
    return KodiLibrary(folder)


@pytest.fixture
def kodi_at(kodi: KodiLibrary) -> Iterator[Server]:
    with serving(kodi.speaks) as server:
        yield server


@pytest.fixture
def jellyfin() -> JellyfinLibrary:
    return JellyfinLibrary()


@pytest.fixture
def jellyfin_at(jellyfin: JellyfinLibrary) -> Iterator[Server]:
    with serving(jellyfin.speaks) as server:
        yield server


def record(database: Database, changes: Mapping[str, FileChange]) -> None:
    with Notices(database).recording(["tv"], changes):
        pass


def waiting(database: Database) -> int:
    return sum(backlog.count for backlog in Notices(database).backlogs().values())


class Telling:
    """One server's table; `at` moves the clock."""

    def __init__(self, database: Database, server: Server, kind: str, library: str) -> None:
        token = KODI_TOKEN if kind == "kodi" else TOKEN
        table = NotifySettings("tv", NotifyType(kind), server.url, token, library)
        self._settings = Settings(library=Path("/here"), notify=[table])
        self._database = database

    async def __call__(self, **later: float) -> Delivery | None:
        now = datetime.now(UTC) + timedelta(seconds=1) + timedelta(**later)
        found = await deliver(self._settings, self._database, now)
        return found[0] if found else None


async def test_86_kodi_scans_one_show_after_another(
    database: Database, folder: Path, kodi: KodiLibrary, kodi_at: Server
) -> None:
    tell = Telling(database, kodi_at, "kodi", str(folder))
    record(database, dict.fromkeys([*SHOWS, FILM], CREATED))
    assert await tell() == Delivery("tv", 6)
    assert kodi.shown == {str(folder / path) for path in [*SHOWS, FILM]}
    assert sorted(kodi.done) == sorted(f"{folder}/{path.split('/')[0]}/" for path in [*SHOWS, FILM])


@pytest.mark.parametrize("gone", [SHOWS[0], FILM], ids=["episode", "film"])
async def test_86_kodi_cleans_when_it_has_scanned(
    database: Database, folder: Path, kodi: KodiLibrary, kodi_at: Server, gone: str
) -> None:
    kodi.shown = {str(folder / path) for path in [*SHOWS, FILM]}
    (folder / gone).unlink()
    moved = SHOWS[1].replace("E01", "E02")
    (folder / SHOWS[1]).rename(folder / moved)
    record(database, {gone: DELETED, SHOWS[1]: DELETED, moved: CREATED})
    tell = Telling(database, kodi_at, "kodi", str(folder))
    assert await tell() == Delivery("tv", 3)
    assert kodi.shown == {str(path) for path in folder.rglob("*.strm")}
    assert kodi.done == [f"{folder}/Show 2/", "clean"]


async def test_86_a_scan_of_somebody_else_is_not_ended(
    database: Database, folder: Path, kodi: KodiLibrary, kodi_at: Server
) -> None:
    tell = Telling(database, kodi_at, "kodi", str(folder))
    kodi._answer("VideoLibrary.Scan", {"directory": f"{folder}/Show 1/"})
    record(database, {SHOWS[1]: CREATED})
    assert await tell() == Delivery("tv", 1)
    assert kodi.done == [f"{folder}/Show 1/", f"{folder}/Show 2/"]


async def test_86_one_refused_folder_does_not_hold_the_others(
    database: Database, folder: Path, kodi: KodiLibrary, kodi_at: Server
) -> None:
    tell = Telling(database, kodi_at, "kodi", str(folder))
    kodi.refuses.add(f"{folder}/Show 2/")
    record(database, dict.fromkeys(SHOWS, CREATED))
    delivery = await tell()
    assert delivery == Delivery("tv", 4, "it answers with JSON-RPC error -32100")
    record(database, {FILM: CREATED})
    assert await tell() == Delivery("tv", 1), "a new change need not wait for the refused one"
    kodi.refuses.clear()
    assert await tell(minutes=1) == Delivery("tv", 1)
    assert waiting(database) == 0


async def test_86_what_kodi_does_not_show_is_not_done(
    database: Database, folder: Path, kodi: KodiLibrary, kodi_at: Server
) -> None:
    """Its source has no content set: it says OK, scans, and adds nothing."""
    tell = Telling(database, kodi_at, "kodi", str(folder))
    kodi.has_content = False
    record(database, {FILM: CREATED})
    delivery = await tell()
    assert delivery is not None
    assert delivery.delivered == 0
    assert "does not show" in str(delivery.reason)
    assert "does not show" in Notices(database).backlogs()["tv"].reason
    kodi.has_content = True
    assert await tell(minutes=1) == Delivery("tv", 1)


async def test_86_a_scan_that_outlasts_the_patience_is_not_begun_again(
    database: Database, folder: Path, kodi: KodiLibrary, kodi_at: Server
) -> None:
    tell = Telling(database, kodi_at, "kodi", str(folder))
    record(database, {FILM: CREATED})
    [notice] = Notices(database).claim("tv", datetime.now(UTC), datetime.now(UTC), 1)
    kodi._answer("VideoLibrary.Scan", {"directory": f"{folder}/Film (2020)/"})
    Notices(database).postpone([notice], datetime.now(UTC))
    assert await tell() == Delivery("tv", 1)
    assert kodi.done == [f"{folder}/Film (2020)/"]


async def test_86_kodi_shows_the_parts_of_a_film_as_one(
    database: Database, folder: Path, kodi: KodiLibrary, kodi_at: Server
) -> None:
    parts = [f"Film, The (2020)/Film, The (2020) cd{number}.strm" for number in (1, 2)]
    paths = [f"{folder}/{part}" for part in parts]
    kodi.stacked = f"stack://{' , '.join(path.replace(',', ',,') for path in paths)}"
    record(database, dict.fromkeys(parts, CREATED))
    assert await Telling(database, kodi_at, "kodi", str(folder))() == Delivery("tv", 2)
    assert waiting(database) == 0


@pytest.mark.parametrize("kind", ["jellyfin", "emby"])
async def test_86_jellyfin_and_emby_are_asked_for_the_item(
    database: Database, jellyfin: JellyfinLibrary, jellyfin_at: Server, kind: str
) -> None:
    tell = Telling(database, jellyfin_at, kind, ROOT)
    jellyfin.shown = {f"{ROOT}/{path}" for path in SHOWS[:2]}
    record(database, {SHOWS[0]: DELETED, SHOWS[2]: CREATED, FILM: CREATED, SHOWS[1]: MODIFIED})
    assert await tell() == Delivery("tv", 4, waiting=3)
    assert waiting(database) == 3
    assert await tell(seconds=30) is None, "they look a minute later"
    jellyfin.looks()
    assert await tell(minutes=2) == Delivery("tv", 3)
    assert waiting(database) == 0
    assert len(jellyfin_at.posts()) == 1


async def test_86_an_emby_that_has_what_it_documents_alone(
    database: Database, jellyfin: JellyfinLibrary, jellyfin_at: Server
) -> None:
    jellyfin.only_query = True
    tell = Telling(database, jellyfin_at, "emby", ROOT)
    record(database, {FILM: CREATED})
    assert await tell() == Delivery("tv", 1, waiting=1), "it was looked for"
    jellyfin.looks()
    assert await tell(minutes=2) == Delivery("tv", 1)


async def test_86_a_server_that_tells_other_paths_than_it_watches(
    database: Database, jellyfin: JellyfinLibrary, jellyfin_at: Server
) -> None:
    """Its owner has set path substitutions: what it tells cannot be compared, so 204 has to do."""
    jellyfin.tells_as = "smb://nas/strm"
    jellyfin.shown = {f"{ROOT}/{path}" for path in SHOWS}
    tell = Telling(database, jellyfin_at, "jellyfin", ROOT)
    record(database, {FILM: CREATED, SHOWS[0]: DELETED})
    assert await tell() == Delivery("tv", 2)
    assert waiting(database) == 0
    assert len(jellyfin.heard) == 2


async def test_86_accents_are_shown_in_two_ways(
    database: Database, jellyfin: JellyfinLibrary, jellyfin_at: Server
) -> None:
    """A server on macOS may decompose them."""
    film = "Caf\u00e9 (2019)/Caf\u00e9 (2019).strm"
    jellyfin.shown = {unicodedata.normalize("NFD", f"{ROOT}/{film}")}
    tell = Telling(database, jellyfin_at, "jellyfin", ROOT)
    record(database, {film: MODIFIED})
    assert await tell() == Delivery("tv", 1)
    assert waiting(database) == 0


async def test_86_what_a_server_forgets_is_told_again(
    database: Database, jellyfin: JellyfinLibrary, jellyfin_at: Server
) -> None:
    """It was restarted before it had looked."""
    tell = Telling(database, jellyfin_at, "jellyfin", ROOT)
    record(database, {FILM: CREATED})
    await tell()
    jellyfin.heard.clear()
    assert await tell(minutes=2) == Delivery("tv", 0, waiting=1)
    record(database, {SHOWS[0]: CREATED})
    assert await tell(minutes=2) == Delivery("tv", 1, waiting=1), "others do not wait for it"
    assert await tell(minutes=20) == Delivery("tv", 2, waiting=2)
    jellyfin.looks()
    assert await tell(minutes=30) == Delivery("tv", 2)


async def test_86_a_path_of_no_library_is_not_done(
    database: Database, jellyfin: JellyfinLibrary, jellyfin_at: Server
) -> None:
    """It answers 204 to a path that it will never look at."""
    jellyfin.root = "/somewhere/else"
    tell = Telling(database, jellyfin_at, "jellyfin", ROOT)
    record(database, {FILM: CREATED})
    delivery = await tell()
    assert delivery is not None
    assert delivery.reason == f"{ROOT}/Film (2020) belongs to none of its libraries"
    assert waiting(database) == 1
