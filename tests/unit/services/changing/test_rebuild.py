"""A lost database comes back from the tree: every own file is a mapping again, none is touched."""

from pathlib import Path

import pytest

from strmctl.domain.identity import Identity
from strmctl.domain.mapping import Mapping
from strmctl.domain.selection import Selection
from strmctl.errors import ItemError
from strmctl.services.changing.import_ import Importing
from strmctl.services.changing.rebuild import rebuild, set_aside
from strmctl.services.keys.playback_urls import PlaybackUrls
from strmctl.settings.model import ProxySettings, Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.files.strm_file import LibraryFiles
from strmctl.storage.tables.mappings import Mappings

IDENTITIES = [
    Identity("a.to", "show", "de", 1, 1),
    Identity("a.to", "show", "de", 1, 2, "VOE"),
    Identity("a.to", "film", "en"),
]
PATHS = ["Show (2020)/Season 01/Show S01E01.strm", "Show (2020)/Season 01/x.strm", "Film.strm"]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings(
        library=tmp_path / "library",
        database=tmp_path / "strmctl.db",
        proxy=ProxySettings(secret=("k" * 32,)),
    )
    urls = PlaybackUrls(settings)
    for identity, path in zip(IDENTITIES, PATHS, strict=True):
        file = settings.library / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(urls.of(Mapping(0, identity, path, extension=".mp4")) + "\n")
    return settings


def rows(settings: Settings) -> dict[str, Mapping]:
    with Database.open(settings.database) as database:
        return {row.strm_path: row for row in Mappings(database).select(Selection())}


def told(settings: Settings) -> list[str]:
    return [getattr(it, "kind", "created") for it in rebuild(settings)]


def test_every_own_file_is_a_row_again(settings: Settings) -> None:
    (settings.library / "Foreign (2001).strm").write_text("https://cdn.example/a.mp4\n")
    assert sorted(told(settings)) == ["created", "created", "created", "foreign"]
    found = rows(settings)
    assert {path: row.identity for path, row in found.items()} == dict(
        zip(PATHS, IDENTITIES, strict=True)
    )
    assert {row.extension for row in found.values()} == {".mp4"}
    assert (found[PATHS[0]].title, found[PATHS[0]].year) == ("Show", 2020)
    assert sorted(told(settings)) == ["foreign", "unchanged", "unchanged", "unchanged"]


def test_what_the_database_knows_stays(settings: Settings) -> None:
    list(rebuild(settings))
    with Database.open(settings.database) as database:
        [first, *_] = Mappings(database).select(Selection())
        Mappings(database).remove([first.id + 1])
    assert sorted(told(settings)) == ["created", "unchanged", "unchanged"]
    assert rows(settings)[first.strm_path] == first


def test_a_damaged_database_is_put_aside_with_its_log(settings: Settings) -> None:
    settings.database.write_bytes(b"damaged")
    Path(f"{settings.database}-wal").write_bytes(b"log")
    aside = set_aside(settings.database)
    assert aside is not None
    assert aside.read_bytes() == b"damaged"
    assert Path(f"{aside}-wal").read_bytes() == b"log"
    list(rebuild(settings))
    assert set(rows(settings)) == set(PATHS)


def test_nothing_is_put_aside_where_nothing_is(settings: Settings) -> None:
    assert set_aside(settings.database) is None


def test_a_library_that_is_away_makes_no_database(settings: Settings) -> None:
    settings.library.rename(settings.library.with_name("away"))
    with pytest.raises(ItemError, match="not there"):
        list(rebuild(settings))
    assert not settings.database.exists()


def test_a_folder_that_cannot_be_read_is_one_finding(settings: Settings) -> None:
    """Gone before it was looked at, as a folder is that root may not read."""
    with Database.open(settings.database) as database:
        files = LibraryFiles(settings.library)
        [finding] = Importing(settings, database, files).plan("nowhere")
    assert (getattr(finding, "kind", ""), finding.strm_path) == ("bad", "nowhere")
