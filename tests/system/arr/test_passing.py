"""What was renamed or imported and then deleted while both events waited is forgotten."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from stage.command_line import Strmctl
from strmctl.domain.library.arr_event import Sender
from strmctl.domain.mapping import Resolution
from strmctl.domain.selection import Selection
from strmctl.services.arr.following import receive
from strmctl.settings.load import load
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.mappings import Mappings, StoredResolution

SHOW, FILM = "The Show (2020)", "The Film (2021)"
SEASON = f"{SHOW}/Season 01"
ONE, TWO = (f"{SEASON}/The Show (2020) S01E0{number}.strm" for number in (1, 2))
MOVIE = f"{FILM}/The Film (2021).strm"
A, B, C = f"{SEASON}/a.strm", f"{SHOW}/S1/b.strm", f"{SEASON}/c.strm"
OTHER_MOVIE = f"{FILM}/x.strm"
THERE = "/data/tv"
COLUMNS = "site,slug,season,episode,language,title,year,url"

Payload = dict[str, Any]


def rename(before: str, after: str, root: str = THERE) -> Payload:
    return renames({before: after}, root)


def renames(moved: dict[str, str], root: str = THERE) -> Payload:
    files = [{"previousPath": f"{root}/{a}", "path": f"{root}/{b}"} for a, b in moved.items()]
    return {"eventType": "Rename", "renamedEpisodeFiles": files}


def relative_rename(before: str, after: str) -> Payload:
    """Radarr once sent the path from before as the path."""
    old, new = (path.removeprefix(f"{FILM}/") for path in (before, after))
    file = {"previousRelativePath": old, "path": f"{THERE}/{before}", "relativePath": new}
    movie = {"folderPath": f"{THERE}/{FILM}"}
    return {"eventType": "Rename", "movie": movie, "renamedMovieFiles": [file]}


def imported(after: str, episode: int = 1, **file: str) -> Payload:
    return {
        "eventType": "Download",
        "series": {"path": f"{THERE}/{SHOW}"},
        "episodes": [{"seasonNumber": 1, "episodeNumber": episode}],
        "episodeFile": {"path": f"{THERE}/{after}", **file},
    }


def imported_film(after: str) -> Payload:
    movie = {"folderPath": f"{THERE}/{FILM}"}
    return {"eventType": "Download", "movie": movie, "movieFile": {"path": f"{THERE}/{after}"}}


def upgraded(before: str, after: str) -> Payload:
    more = {"isUpgrade": True, "deletedFiles": [{"path": f"{THERE}/{before}"}]}
    return imported(after) | more


def deleted(path: str, root: str = THERE) -> Payload:
    file = {"path": f"{root}/{path}"}
    if path.startswith(FILM):
        return {"eventType": "MovieFileDelete", "movieFile": file}
    return {"eventType": "EpisodeFileDelete", "episodeFile": file}


@pytest.fixture
def shelf(library: Path, strmctl: Strmctl, mode: str) -> Path:
    """The library's folder with two episodes and a film."""
    settings = library / "strmctl.toml"
    text = settings.read_text()
    assert 'mode = "proxy"' in text
    settings.write_text(text.replace('mode = "proxy"', f'mode = "{mode}"'))
    rows = [
        COLUMNS,
        "a.to,the-show,1,1,de,The Show,2020,https://cdn.test/1.mp4",
        "a.to,the-show,1,2,de,The Show,2020,https://cdn.test/2.mp4",
        "a.to,the-film,,,de,The Film,2021,https://cdn.test/3.mp4",
    ]
    strmctl("write", "--from", "-", stdin="\n".join([*rows, ""]))
    return library / "library"


MODES = pytest.mark.parametrize("mode", ["proxy", "direct"])
"""In mode direct no file says whose it is."""

Follow = Callable[..., list[tuple[str, str]]]


@pytest.fixture
def follow(shelf: Path, database: Database) -> Follow:
    """Each event in its turn, all of them after all that happened; what became of their files."""
    settings = load(shelf.parent / "strmctl.toml").settings

    def carry_out(*events: Payload) -> list[tuple[str, str]]:
        senders = [Sender.RADARR if "ovie" in " ".join(it) else Sender.SONARR for it in events]
        done = [receive(settings, database, *it) for it in zip(senders, events, strict=True)]
        return [(file.strm_path, file.outcome) for it in done for file in it.files]

    return carry_out


def rows(database: Database) -> dict[str, int]:
    return {row.strm_path: row.id for row in Mappings(database).select(Selection())}


@pytest.mark.parametrize(
    ("gone", "events"),
    [
        pytest.param(ONE, {A: rename(ONE, A)}, id="renamed"),
        pytest.param(ONE, {B: rename(ONE, B)}, id="into another folder"),
        pytest.param(ONE, {A: rename(ONE, A), B: rename(A, B)}, id="renamed twice"),
        pytest.param(MOVIE, {OTHER_MOVIE: relative_rename(MOVIE, OTHER_MOVIE)}, id="relative"),
        pytest.param(ONE, {A: imported(A, sourcePath=f"{THERE}/{ONE}")}, id="from the library"),
        pytest.param(ONE, {A: imported(A, sourcePath="/downloads/x.strm")}, id="from elsewhere"),
        pytest.param(TWO, {B: imported(B, 2)}, id="sonarr 3's import"),
        pytest.param(MOVIE, {OTHER_MOVIE: imported_film(OTHER_MOVIE)}, id="radarr's import"),
        pytest.param(ONE, {A: upgraded(ONE, A)}, id="an upgrade"),
    ],
)
@MODES
def test_92_what_was_moved_and_deleted_since_is_forgotten(
    shelf: Path, database: Database, follow: Follow, gone: str, events: dict[str, Payload]
) -> None:
    before = rows(database)
    (shelf / gone).unlink()
    *_, last = events
    moved = [(path, "moved") for path in events]
    assert follow(*events.values(), deleted(last)) == [*moved, (last, "removed")]
    assert rows(database) == {path: number for path, number in before.items() if path != gone}


@pytest.mark.parametrize("mode", ["direct"])
@pytest.mark.parametrize("held", ["https://cdn.test/1.mp4", "https://mine.test/x.mp4"])
def test_92_a_link_that_was_renewed_while_its_file_was_moved_is_in_the_file(
    shelf: Path, database: Database, follow: Follow, held: str
) -> None:
    """The run stored it and found no file at the old place."""
    newer = "https://cdn.test/1.mp4?token=2"
    (shelf / ONE).rename(shelf / A)
    mappings = Mappings(database)
    row = mappings.at([ONE])[ONE]
    mappings.store_resolutions(
        [StoredResolution(row.identity, Resolution(newer, resolved_at=datetime.now(UTC)))]
    )
    (shelf / A).write_text(f"{held}\n")
    is_own = "cdn" in held
    assert follow(rename(ONE, A)) == [(A, "moved" if is_own else "foreign")]
    assert (shelf / A).read_text() == f"{newer if is_own else held}\n"


@MODES
def test_92_what_was_moved_twice_is_one_mapping(
    shelf: Path, database: Database, follow: Follow
) -> None:
    """An upgrade says that the file of before is deleted."""
    before = rows(database)
    (shelf / B).parent.mkdir()
    (shelf / ONE).rename(shelf / B)
    assert follow(upgraded(ONE, A), rename(A, B)) == [(A, "moved"), (B, "moved")]
    assert rows(database)[B] == before[ONE]


@MODES
def test_92_another_file_has_the_name_by_now(
    shelf: Path, database: Database, follow: Follow
) -> None:
    before = rows(database)
    (shelf / TWO).replace(shelf / ONE)
    found = follow(rename(ONE, A), deleted(A), rename(TWO, ONE))
    assert found == [(A, "moved"), (A, "removed"), (ONE, "moved")]
    assert rows(database) == {ONE: before[TWO], MOVIE: before[MOVIE]}


@MODES
def test_92_a_chain_of_names_of_which_one_was_deleted(
    shelf: Path, database: Database, follow: Follow
) -> None:
    before = rows(database)
    (shelf / ONE).unlink()
    (shelf / TWO).rename(shelf / C)
    found = follow(renames({ONE: TWO, TWO: C}), deleted(TWO))
    assert sorted(found) == sorted([(TWO, "moved"), (C, "moved"), (TWO, "removed")])
    assert rows(database) == {C: before[TWO], MOVIE: before[MOVIE]}


@MODES
def test_92_windows_and_a_folder_that_they_see_elsewhere(
    shelf: Path, database: Database, follow: Follow
) -> None:
    (shelf / ONE).unlink()
    folder = "D:\\tv"
    assert follow(rename(ONE, A, folder), deleted(A, folder)) == [(A, "moved"), (A, "removed")]


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(rename(TWO, A), id="its file is there"),
        pytest.param(rename(C, A), id="nobody's file"),
        pytest.param(imported(A, 2), id="another episode"),
        pytest.param(imported(A, 3), id="an episode that nobody has"),
        pytest.param(imported_film(OTHER_MOVIE), id="the film is there"),
        pytest.param(rename(ONE, "../../x.strm"), id="up"),
        pytest.param(rename(ONE, ".hidden/x.strm"), id="hidden"),
    ],
)
@MODES
def test_92_nobody_else_is_moved(
    shelf: Path, database: Database, follow: Follow, event: Payload
) -> None:
    before = rows(database)
    (shelf / ONE).unlink()
    assert {outcome for _, outcome in follow(event)} <= {"not_found", "unchanged"}
    assert rows(database) == before


@MODES
def test_92_the_path_is_another_s(shelf: Path, database: Database, follow: Follow) -> None:
    """Whose file is missing too: a disk may be away."""
    before = rows(database)
    for path in (ONE, TWO):
        (shelf / path).unlink()
    assert follow(rename(ONE, TWO)) == [(f"{THERE}/{TWO}", "not_found")]
    assert rows(database) == before


@MODES
def test_92_two_languages_that_lack_their_files_stay(
    shelf: Path, database: Database, follow: Follow, strmctl: Strmctl
) -> None:
    english = "a.to,the-show,1,1,en,The Show,2020,https://cdn.test/4.mp4"
    strmctl("write", "--from", "-", stdin=f"{COLUMNS}\n{english}\n")
    for file in shelf.rglob("*S01E01*"):
        file.unlink()
    before = rows(database)
    assert [outcome for _, outcome in follow(imported(A))] == ["not_found"]
    assert rows(database) == before
