"""`strmctl undo`: the last run is taken back, and what was changed since is not."""

from pathlib import Path

import pytest

from stage.command_line import Strmctl
from stage.library_tree import files
from strmctl.storage.locks.run_lock import run_lock

URL = "https://cdn.example/a.mp4"
FILM = "Film (2001).strm"


@pytest.fixture
def adopted(strmctl: Strmctl, library: Path) -> Path:
    """The file of an adopted film."""
    file = library / "library" / FILM
    file.write_text(f"#KODIPROP:a=b\r\n{URL}")
    strmctl("import", "library")
    return file


def test_what_the_last_run_did_is_taken_back(strmctl: Strmctl, adopted: Path) -> None:
    restored, summary = strmctl("undo", "--json").records
    assert restored["type"] == "undo"
    assert (restored["outcome"], restored["strm_path"]) == ("restored", FILM)
    assert summary.items() >= {"type": "summary", "restored": 1, "failed": 0}.items()
    assert summary["command"] == "import"
    assert adopted.read_bytes() == f"#KODIPROP:a=b\r\n{URL}".encode()
    assert strmctl("list").out == ""


def test_the_summary_says_what_of_when(strmctl: Strmctl, adopted: Path) -> None:
    said = strmctl("undo").err
    assert said.startswith("`strmctl import` of 20")
    assert "1 restored" in said


def test_nothing_to_undo_is_well(strmctl: Strmctl, library: Path) -> None:
    assert strmctl("undo").err == "nothing to undo\n"
    assert strmctl("undo", "--json").document["restored"] == 0


def test_twice_takes_back_no_more(strmctl: Strmctl, adopted: Path) -> None:
    strmctl("undo")
    assert strmctl("undo").err == "nothing to undo\n"


def test_a_dry_run_only_tells(strmctl: Strmctl, adopted: Path, library: Path) -> None:
    before = files(library)
    restored, summary = strmctl("undo", "--dry-run", "--json").records
    assert (restored["strm_path"], summary["dry_run"]) == (FILM, True)
    assert files(library) == before
    strmctl("undo")
    assert files(library) != before


def test_what_was_changed_since_is_left_alone(strmctl: Strmctl, adopted: Path) -> None:
    other = adopted.with_name("Other (2002).strm")
    other.write_text(URL)
    strmctl("undo")
    strmctl("import", "library")
    adopted.write_text("https://mine.example/b.mp4\n")
    *records, summary = strmctl("undo", "--json", code=12).records
    assert {record["strm_path"]: record["outcome"] for record in records} == {
        FILM: "failed",
        "Other (2002).strm": "restored",
    }
    assert (summary["restored"], summary["failed"]) == (1, 1)
    assert adopted.read_text() == "https://mine.example/b.mp4\n"
    assert other.read_text() == URL


def test_only_one_run_at_a_time(strmctl: Strmctl, adopted: Path, library: Path) -> None:
    with run_lock(library / "strmctl.db", "rewrite"):
        assert "strmctl rewrite" in strmctl("undo", code=5).err
    strmctl("undo")


def test_85_undo_goes_back_run_by_run(strmctl: Strmctl, library: Path) -> None:
    """Adopted, based elsewhere, removed: back to the foreign file in three steps."""
    file = library / "library" / FILM
    file.write_text(URL)
    contents = [file.read_bytes()]
    strmctl("import", "library")
    contents.append(file.read_bytes())
    rebase(library, "http://elsewhere.example:9999")
    strmctl("rewrite")
    contents.append(file.read_bytes())
    strmctl("remove", FILM)
    assert not file.exists()
    assert len(set(contents)) == 3
    rebase(library, "http://127.0.0.1:8888")
    for content in reversed(contents):
        assert strmctl("undo", "--json").records[-1]["failed"] == 0
        assert file.read_bytes() == content
    assert strmctl("undo").err == "nothing to undo\n"


def rebase(library: Path, base_url: str) -> None:
    settings = library / "strmctl.toml"
    kept = [it for it in settings.read_text().splitlines() if "public_base_url" not in it]
    at = kept.index("[proxy]") + 1
    settings.write_text("\n".join([*kept[:at], f'public_base_url = "{base_url}"', *kept[at:]]))


def test_85_the_journal_holds_twenty_runs(strmctl: Strmctl, library: Path) -> None:
    for number in range(23):
        (library / "library" / f"{'ABCDEFGHIJKLMNOPQRSTUVW'[number]}lm (2001).strm").write_text(URL)
        strmctl("import", "library")
    *runs, summary = strmctl("undo", "--list", "--json").records
    assert summary == {"type": "summary", "runs": 20}
    assert [run["command"] for run in runs] == ["import"] * 20
    numbers = [run["run"] for run in runs]
    assert numbers == sorted(numbers, reverse=True)
    for _ in range(20):
        assert strmctl("undo", "--json").records[-1]["restored"] == 1
    assert strmctl("undo").err == "nothing to undo\n"
    assert strmctl("list", "--json").records[-1]["count"] == 3


def test_85_one_run_alone_is_taken_back(strmctl: Strmctl, adopted: Path) -> None:
    other = adopted.with_name("Other (2002).strm")
    other.write_text(URL)
    strmctl("import", "library")
    _last, first, _summary = strmctl("undo", "--list", "--json").records
    assert strmctl("undo", first["run"], "--json").records[-1]["restored"] == 1
    assert adopted.read_text() != other.read_text()
    assert URL in adopted.read_text()
    assert "is not in the journal" in strmctl("undo", first["run"] + 7, code=2).err


@pytest.mark.parametrize("dry", [[], ["--dry-run"]], ids=["done", "shown"])
def test_a_move_that_is_taken_back_is_one_thing(
    strmctl: Strmctl, library: Path, dry: list[str]
) -> None:
    written = strmctl(
        "write", "--site", "a.to", "--slug", "a", "--language", "de", "--json"
    ).document
    strmctl("set", "1", "--title", "Beta")
    restored, summary = strmctl("undo", "--json", *dry).records
    assert (restored["id"], restored["outcome"], restored["strm_path"]) == (
        1, "restored", written["strm_path"]
    )  # fmt: skip
    assert (summary["restored"], summary["removed"]) == (1, 0)
    assert (library / "library" / written["strm_path"]).exists() == (not dry)
