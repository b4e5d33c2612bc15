"""What a doctor says to people, how it waits for others, and where it stops itself."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from stage.command_line import Strmctl
from stage.library_tree import files
from strmctl.storage.locks.run_lock import run_lock
from system.doctor.well import SECRET, UPSTREAM, Record, episode, replace_settings

Findings = Callable[..., list[Record]]

MANY = 30


@pytest.fixture
def many(strmctl: Strmctl, well: Path) -> Path:
    """MANY more episodes of another show."""
    rows = [f"a.to,long,1,{number},de,{UPSTREAM}" for number in range(1, MANY + 1)]
    csv = "\n".join(["site,slug,season,episode,language,url", *rows, ""])
    strmctl("write", "--from", "-", stdin=csv)
    return well


def test_all_is_well(strmctl: Strmctl, well: Path) -> None:
    ended = strmctl("doctor")
    assert (ended.out, ended.err) == ("", "no findings\n")
    assert strmctl("doctor", "--quiet").err == ""
    assert strmctl("doctor", "--json").records == [
        {"type": "summary", "errors": 0, "warnings": 0, "info": 0, "fixed": 0}
    ]


def test_the_shape_of_a_finding(well: Path, findings: Findings) -> None:
    episode(well, 2).unlink()
    assert findings(code=10) == [
        {
            "type": "finding",
            "severity": "error",
            "check": "missing",
            "subject": "Show/Season 01/Show S01E02.strm",
            "reason": "there is no such file: a.to/show S01E02 (de)",
            "remedy": "`strmctl rewrite --create-missing` makes it again, "
            "`strmctl prune` forgets it",
            "fixed": False,
        }
    ]


def test_errors_come_first_and_each_is_one_line(strmctl: Strmctl, well: Path) -> None:
    (well / "library" / "Bad.strm").write_bytes(b"nothing\n")
    (well / "library" / "Mine.strm").write_bytes(b"https://tv.test/live\n")
    episode(well, 2).unlink()
    ended = strmctl("doctor", code=10)
    assert [line.split()[:2] for line in ended.out.splitlines()] == [
        ["error", "missing"],
        ["warning", "bad"],
        ["info", "foreign"],
    ]
    assert ended.err == "1 error, 1 warning, 1 info\n"
    assert "\x1b" not in ended.out


def test_many_of_a_kind_are_counted(strmctl: Strmctl, many: Path, findings: Findings) -> None:
    for file in (many / "library" / "Long").rglob("*.strm"):
        file.unlink()
    lines = strmctl("doctor", code=10).out.splitlines()
    assert len(lines) == 6
    assert lines[-1] == f"error missing: {MANY - 5} more (-v shows them all)"
    assert len(strmctl("doctor", "-v", code=10).out.splitlines()) == MANY
    assert len(findings(code=10)) == MANY


def test_every_remedy_names_commands_that_exist(
    strmctl: Strmctl, well: Path, findings: Findings
) -> None:
    episode(well, 2).unlink()
    (well / "library" / "Bad.strm").write_bytes(b"nothing\n")
    (well / "library" / "Mine.strm").write_bytes(b"https://tv.test/live\n")
    help_text = strmctl("--help").out
    for found in findings(code=10):
        for command in re.findall(r"`strmctl ([a-z]+)", found["remedy"]):
            assert re.search(rf"\b{command}\b", help_text), command


def test_the_brake(strmctl: Strmctl, many: Path, findings: Findings) -> None:
    replace_settings(many, "public_base_url =", "# was =")
    replace_settings(many, "[proxy]", '[proxy]\npublic_base_url = "http://127.0.0.1:9"')
    before = files(many)

    found = findings("--fix", code=25)

    assert files(many) == before
    [stopped] = [item for item in found if item["check"] == "safety"]
    assert stopped["remedy"] == "`strmctl doctor --fix --force`"
    assert sum(item["check"] == "outdated" for item in found) == MANY + 4
    assert not any(item["fixed"] for item in found)

    fixed = [item for item in findings("--fix", "--force", code=0) if item["fixed"]]
    assert len(fixed) == MANY + 4
    assert all(":9/strm/stream" in text for text in files(many).values())


def test_what_was_mended_can_be_taken_back(
    strmctl: Strmctl, well: Path, findings: Findings
) -> None:
    file = episode(well, 1)
    before = b"\xef\xbb\xbf" + file.read_bytes()
    file.write_bytes(before)
    findings("--fix", code=0)
    assert file.read_bytes() != before
    strmctl("undo")
    assert file.read_bytes() == before


def test_mending_waits_for_other_runs_looking_does_not(
    strmctl: Strmctl, well: Path, findings: Findings
) -> None:
    with run_lock(well / "strmctl.db", "probe"):
        assert findings(code=0) == []
        assert "`strmctl probe`" in strmctl("doctor", "--fix", code=5).err
        assert "`strmctl probe`" in strmctl("doctor", "--rebuild", code=5).err
        assert strmctl("doctor", "--fix", "--wait", "0.2s", code=5).err.startswith("waiting")


def test_settings_that_hold_a_secret_are_not_quoted(well: Path, strmctl: Strmctl) -> None:
    replace_settings(well, 'egress = ""', f'egress = "ftp://me:{SECRET}@proxy"')
    ended = strmctl("doctor", code=3)
    assert SECRET not in ended.out + ended.err
    assert "upstream.egress" in ended.out
