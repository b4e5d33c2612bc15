"""What is not clear is settled in a plan that people edit, or by questions."""

import csv
from pathlib import Path

import pytest

from stage.command_line import Strmctl
from stage.foreign_files import imported, numbers, put
from stage.library_tree import files

CLEAR = "Show (2020)/Season 01/Show (2020) S01E01.strm"
DATED = "Daily/Daily - 2020-05-04.strm"
SEQUEL = "Rocky/Rocky 2.strm"
TWICE = "Show (2020)/Season 01/Show (2020) S01E01 again.strm"


@pytest.fixture
def shelf(library: Path) -> Path:
    for path in (CLEAR, DATED, SEQUEL, TWICE):
        put(library, path)
    return library


def planned(strmctl: Strmctl, file: Path) -> dict[str, dict[str, str]]:
    strmctl("import", "library", "--plan", file)
    with file.open(newline="") as opened:
        return {line["path"]: line for line in csv.DictReader(opened)}


def save(file: Path, lines: list[dict[str, str]]) -> None:
    with file.open("w", newline="") as opened:
        writer = csv.DictWriter(opened, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)


def test_a_plan_says_what_is_not_clear_and_changes_nothing(
    strmctl: Strmctl, shelf: Path, tmp_path: Path
) -> None:
    before = files(shelf)
    lines = planned(strmctl, tmp_path / "plan.csv")
    assert files(shelf) == before
    assert lines.keys() == {CLEAR, DATED, SEQUEL, TWICE}
    clear = [path for path, line in lines.items() if not line["note"]]
    assert len(clear) == 1
    assert "date" in lines[DATED]["note"]
    assert "sequel" in lines[SEQUEL]["note"]
    assert strmctl("list", "--json").records[:-1] == []


def test_an_edited_plan_is_carried_out(strmctl: Strmctl, shelf: Path, tmp_path: Path) -> None:
    file = tmp_path / "plan.csv"
    lines = planned(strmctl, file)
    lines[DATED] |= {"season": "2020", "episode": "5", "tvdb": "71234", "language": "de"}
    lines[SEQUEL] |= {"title": "Rocky II", "year": "1979", "season": "", "episode": ""}
    save(file, [lines[DATED], lines[SEQUEL]])
    found = imported(strmctl, "--apply", file)
    assert {path: numbers(told) for path, told in found.items()} == {
        DATED: ("daily", 2020, 5),
        SEQUEL: ("rocky-ii-1979", None, None),
    }
    assert (found[DATED]["language"], found[DATED]["ids"]["tvdb"]) == ("de", 71234)
    # The lines that were taken out left their files alone.
    assert (shelf / "library" / CLEAR).read_text().startswith("https://cdn.example/")
    strmctl("undo")
    assert strmctl("list", "--json").records[:-1] == []


def test_an_unedited_plan_does_what_the_import_does(
    strmctl: Strmctl, shelf: Path, tmp_path: Path
) -> None:
    file = tmp_path / "plan.csv"
    lines = planned(strmctl, file)
    save(file, [line for line in lines.values() if not line["note"]])
    [told] = imported(strmctl, "--apply", file).values()
    assert numbers(told) == ("show-2020", 1, 1)
    assert told["title"] == "Show"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("title\nx\n", "no column 'path'"),
        ("path,colour\nx.strm,red\n", "unknown column 'colour'"),
        ("path,season\nx.strm,two\n", "line 2: season is not a number"),
        ("path,tvdb\nx.strm,-1\n", "line 2: tvdb_id is not such an id"),
        ("path\n../x.strm\n", "line 2: path is not relative"),
        ("path\nx.strm\nx.strm\n", "line 3: 'x.strm' stands there twice"),
    ],
    ids=["no path", "column", "number", "id", "outside", "twice"],
)
def test_a_plan_that_cannot_be_read(
    strmctl: Strmctl, shelf: Path, tmp_path: Path, text: str, reason: str
) -> None:
    file = tmp_path / "plan.csv"
    file.write_text(text)
    err = strmctl("import", "library", "--apply", file, code=2).err
    assert reason in err
    assert len(err.splitlines()) == 1


def test_a_line_that_settles_too_little(strmctl: Strmctl, shelf: Path, tmp_path: Path) -> None:
    file = tmp_path / "plan.csv"
    file.write_text(f"path,title,season\n{DATED},Daily,2020\n")
    [told] = imported(strmctl, "--apply", file, code=12).values()
    assert "without the other" in told["reason"]


def test_questions_settle_it(strmctl: Strmctl, library: Path) -> None:
    put(library, CLEAR)
    put(library, DATED)
    put(library, SEQUEL)
    answers = {DATED: "Daily\n\n2020\nfive\n5\n", SEQUEL: "Rocky II\n1979\n-\n-\n"}
    order = [path for path in planned(strmctl, library / "plan.csv") if path in answers]
    stdin = "".join(answers[path] for path in order)
    ended = strmctl("import", "library", "--json", "--interactive", stdin=stdin)
    found = {record["strm_path"]: record for record in ended.records[:-1]}
    assert {path: numbers(told) for path, told in found.items()} == {
        CLEAR: ("show-2020", 1, 1),
        DATED: ("daily", 2020, 5),
        SEQUEL: ("rocky-ii-1979", None, None),
    }


def test_no_answer_leaves_the_file_alone(strmctl: Strmctl, library: Path) -> None:
    put(library, DATED)
    ended = strmctl("import", "library", "--json", "--interactive", code=12)
    [told] = ended.records[:-1]
    assert told["outcome"] == "bad"


def test_one_way_to_settle_at_a_time(strmctl: Strmctl, shelf: Path, tmp_path: Path) -> None:
    file = tmp_path / "plan.csv"
    err = strmctl("import", "library", "--plan", file, "--apply", file, code=2).err
    assert "exclude each other" in err
