"""`add --from`: a list says what there is; what is wrong in it keeps nothing else from coming."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from stage.command_line import Ended, Strmctl


@pytest.fixture
def begun(strmctl: Strmctl, library: Path) -> Path:
    strmctl("resolver", "new", "nas", "--type", "template")
    return library


def counts(ended: Ended) -> dict[str, Any]:
    summary = ended.records[-1]
    names = ("created", "updated", "unchanged", "failed", "unreleased")
    return {name: summary[name] for name in names if summary[name]}


def paths(folder: Path) -> list[str]:
    library = folder / "library"
    return sorted(str(path.relative_to(library)) for path in library.rglob("*.strm"))


LIST = """slug,season,episode,episode_title,title,released
show,1,1,One,A Show,2001-01-01
show,1,2,Two,A Show,2099-01-01
film,,,,A Film,
"""


def test_a_list_says_what_there_is(strmctl: Strmctl, begun: Path) -> None:
    (begun / "list.csv").write_text(LIST)
    call = ("add", "--resolver", "nas", "--from", "list.csv", "--language", "de", "--watch")
    assert counts(strmctl(*call, "--json")) == {"created": 2, "unreleased": 1}
    assert paths(begun) == ["A Film/A Film.strm", "A Show/Season 01/A Show S01E01.strm"]
    (begun / "list.csv").write_text(LIST.replace("2099", "2002"))
    assert counts(strmctl("add", "--watched", "--json")) == {"created": 1, "unchanged": 2}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        pytest.param("season,episode\n1,x\n", "list.csv:2: episode is not a number", id="number"),
        pytest.param("season,episode\n1\n", "list.csv:2: season and episode go", id="half"),
        pytest.param("season,colour\n1,red\n", "unknown column 'colour'", id="a column"),
        pytest.param("season,episode,released\n1,1,soon\n", "released is no date", id="a date"),
    ],
)
def test_a_list_that_cannot_be_read(strmctl: Strmctl, begun: Path, text: str, what: str) -> None:
    (begun / "list.csv").write_text(text)
    call = ("add", "--resolver", "nas", "show", "--from", "list.csv")
    assert what in strmctl(*call, code=2).err
    assert paths(begun) == []


BAD_ROWS = """season,episode,released,year
1,1,,
1,x,,
1,2,soon,
1,3,,old
1,4,,,too,many
1,5,,
"""


def test_bad_rows_are_named_and_the_rest_is_written(strmctl: Strmctl, begun: Path) -> None:
    """As `write --from` does."""
    (begun / "list.csv").write_text(BAD_ROWS)
    call = ("add", "--resolver", "nas", "show", "--from", "list.csv")
    planned = strmctl(*call, "--dry-run", "--json", code=12)
    assert counts(planned) == {"created": 3, "failed": 3}
    failed = [it["reason"] for it in planned.records if it.get("outcome") == "failed"]
    assert [reason[: len(f"{begun}/list.csv:3")] for reason in failed] == [
        f"{begun}/list.csv:{line}" for line in (3, 4, 6)
    ], "a job says by them why it failed"
    ended = strmctl(*call, "--watch", code=12)
    said = [line.removeprefix("strmctl: warning: ") for line in ended.err.splitlines()]
    file = begun / "list.csv"
    assert [line[: len(f"{file}:n: ") + 12] for line in said[:-1]] == [
        f"{file}:3: episode is n",
        f"{file}:4: released is ",
        f"{file}:6: 6 values for",
        said[3][: len(f"{file}:n: ") + 12],
    ]
    assert said[3].startswith("show 1 3: year")
    assert said[-1] == "2 created, 0 updated, 0 unchanged, 4 failed, 0 unreleased"
    assert len(paths(begun)) == 2
    file.write_text("season,episode\n1,x\n1,3\n")
    assert counts(strmctl("add", "--watched", "--json", code=12)) == {"created": 1, "failed": 1}


def test_what_a_full_disk_has_left_is_written_later(strmctl: Strmctl, begun: Path) -> None:
    """Its row has come, its file has not; the file of another run its owner has deleted."""
    (begun / "list.csv").write_text("season,episode\n1,1\n1,2\n")
    strmctl("add", "--resolver", "nas", "show", "--from", "list.csv", "--season", 1)
    call = ("add", "--resolver", "nas", "show", "--from", "list.csv", "--json")
    (begun / "library" / paths(begun)[1]).unlink()
    assert counts(strmctl(*call)) == {"unchanged": 2}
    with closing(sqlite3.connect(begun / "strmctl.db")) as connection, connection:
        connection.execute("UPDATE run SET finished_at = NULL")
    assert counts(strmctl(*call, "--dry-run")) == {"created": 1, "unchanged": 1}
    strmctl(*call)
    assert len(paths(begun)) == 2


def test_what_was_begun_is_not_new_to_the_brake(strmctl: Strmctl, begun: Path) -> None:
    rows = "".join(f"1,{number}\n" for number in range(25))
    (begun / "list.csv").write_text(f"season,episode\n{rows}")
    strmctl("add", "--resolver", "nas", "show", "--from", "list.csv", "--watch")
    for path in paths(begun)[1:]:
        (begun / "library" / path).unlink()
    with closing(sqlite3.connect(begun / "strmctl.db")) as connection, connection:
        connection.execute("UPDATE run SET finished_at = NULL")
    strmctl("add", "--watched")
    assert len(paths(begun)) == 25


def test_a_quiet_run_says_once_what_stays_wrong(strmctl: Strmctl, begun: Path) -> None:
    file = begun / "list.csv"
    text = "season,episode\n1,1\n1,x\n"
    file.write_text(text)
    strmctl("add", "--resolver", "nas", "show", "--from", "list.csv", "--watch", code=12)
    call = ("add", "--watched", "-q")
    said = strmctl(*call, code=12)
    assert said.out == f"{file}:3: episode is not a number from 0 to 99999: 'x'\n"
    assert said.err == "0 created, 0 updated, 1 unchanged, 1 failed, 0 unreleased\n"
    file.unlink()
    assert "list.csv: cannot be read" in strmctl(*call, code=12).out
    again = strmctl(*call, code=12)
    assert (again.out, again.err) == ("", "")
    assert (
        "list.csv: cannot be read" in strmctl("runs", "--limit", 1, "--json").records[0]["message"]
    )
    file.write_text(text.replace("x", "1"))
    assert strmctl(*call).out == ""
    file.write_text(text)
    assert "list.csv:3: episode is not" in strmctl(*call, code=12).out, (
        "the row was right meanwhile"
    )
    file.write_text(text + "1,y\n")
    assert strmctl(*call, code=12).out.count("\n") == 1, "the other was named before"
    file.unlink()
    assert "list.csv: cannot be read" in strmctl(*call, code=12).out, "it was there in between"


def test_a_brake_that_stands_hides_no_other_watch(strmctl: Strmctl, begun: Path) -> None:
    """Two lists of one series, in two languages: each is a finding of its own."""
    lists = {language: begun / f"{language}.csv" for language in ("de", "en", "fr")}
    for language, file in lists.items():
        file.write_text("season,episode\n1,1\n")
        named = ("show", "--from", file, "--language", language)
        strmctl("add", "--resolver", "nas", *named, "--watch")
    lists["de"].write_text("season,episode\n" + "".join(f"1,{it}\n" for it in range(60)))
    call = ("add", "--watched", "-q")
    assert "would be new at once" in strmctl(*call, code=25).err
    for language in ("en", "fr"):
        lists[language].unlink()
        said = strmctl(*call, code=25)
        assert f"{language}.csv: cannot be read" in said.out
        assert (len(said.out.splitlines()), said.err) == (1, "")
    again = strmctl(*call, code=25)
    assert (again.out, again.err) == ("", "")
