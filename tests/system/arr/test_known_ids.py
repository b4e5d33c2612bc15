"""What Sonarr and Radarr call a series or film is kept with its mappings, once and for all."""

from pathlib import Path

from stage.arr import Send, payload
from strmctl.domain.external_ids import ExternalIds
from strmctl.domain.library import arr_about
from strmctl.domain.selection import Selection
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.mappings import Mappings

SEASON = "The Show (2020)/Season 01"
SONARR_S = ExternalIds(imdb="tt9900001", tvdb=370001, tmdb=90001)


def ids(database: Database) -> dict[str, ExternalIds]:
    return {row.strm_path: row.ids for row in Mappings(database).select(Selection()) if row.ids}


def test_a_rename_says_the_ids(shelf: Path, database: Database, send: Send) -> None:
    assert ids(database) == {}
    new = [f"{SEASON}/The Show - S01E0{number} - Part {number}.strm" for number in (1, 2)]
    for number, path in enumerate(new, 1):
        (shelf / SEASON / f"The Show (2020) S01E0{number}.strm").rename(shelf / path)
    send("sonarr-rename")
    assert ids(database) == dict.fromkeys(new, SONARR_S)
    # The same event again: nothing is left to learn.
    assert {file.outcome for file in send("sonarr-rename").files} == {"unchanged"}


def test_what_the_row_knows_stays(shelf: Path, database: Database, send: Send) -> None:
    with database.transaction() as connection:
        connection.execute("UPDATE strm_mapping SET tvdb_id = 7")
    (shelf / "The Film (2021)/The Film (2021).strm").rename(
        shelf / "The Film (2021)/The Film (2021) SDTV.strm"
    )
    send("radarr-rename")
    film = ids(database)["The Film (2021)/The Film (2021) SDTV.strm"]
    assert film.tvdb == 7
    assert film.tmdb == payload("radarr-rename")["movie"]["tmdbId"]


def test_zeros_and_other_nonsense_say_nothing() -> None:
    owner = {"title": "\x00", "year": 0, "tvdbId": 0, "imdbId": "", "tmdbId": "x"}
    assert arr_about.read(owner) == arr_about.NOTHING
