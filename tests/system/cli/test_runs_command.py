"""`strmctl runs` shows each run with its counts and reasons; `| head` leaves none half done."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from stage.command_line import Strmctl, happened

URL = "https://cdn.example/a.mp4"
FILES = 1050
"""More than a run changes before it says so for the first time."""


def adopted(strmctl: Strmctl, library: Path, number: int) -> list[Path]:
    files = [library / "library" / f"Show S01E{it:04}.strm" for it in range(1, number + 1)]
    for file in files:
        file.write_text(f"{URL}?{file.name}".replace(" ", "_"))
    strmctl("import", "library")
    return files


def test_a_run_is_recorded(strmctl: Strmctl, library: Path) -> None:
    adopted(strmctl, library, 2)
    found, summary = strmctl("runs", "--json").records
    assert summary == {"type": "summary", "runs": 1}
    assert (found["type"], found["command"], found["arguments"]) == ("run", "import", ["library"])
    assert (found["state"], found["exit_code"], found["cause"]) == ("succeeded", 0, "cron")
    assert happened(found["counts"]) == {"adopted": 2}
    assert found["seconds"] >= 0
    assert found["undo"] == strmctl("undo", "--list", "--json").records[0]["run"]
    assert "import library" in strmctl("runs").out


def test_one_that_failed_says_why(strmctl: Strmctl, library: Path) -> None:
    adopted(strmctl, library, 30)
    strmctl("remove", "--series", "show", code=25)
    newest = strmctl("runs", "--limit", 1, "--json").records[0]
    assert (newest["command"], newest["state"], newest["exit_code"]) == ("remove", "failed", 25)
    assert newest["message"].startswith("30 of 30 would change")
    assert newest["undo"] is None


def test_an_item_that_failed_is_why(strmctl: Strmctl, library: Path) -> None:
    (library / "library" / "Bad S01E01.strm").write_text("no address\n")
    (library / "library" / "Good S01E01.strm").write_text(f"{URL}\n")
    strmctl("import", "library", code=12)
    newest = strmctl("runs", "--limit", 1, "--json").records[0]
    assert newest["message"].startswith("bad Bad S01E01.strm: ")
    assert happened(newest["counts"]) == {"adopted": 1, "bad": 1}


def test_a_resolver_in_trouble_is_why_before_a_single_link(strmctl: Strmctl, library: Path) -> None:
    asked = library / "gone.asked"
    # The link that is gone fails first.
    after = f"until [ -e {asked} ]; do sleep 0.05; done; exit 1"
    with (library / "strmctl.toml").open("a") as settings:
        for site, script in (("gone", f"touch {asked}; exit 66"), ("down", after)):
            settings.write(
                f'\n[resolvers.{site}]\nsites = ["{site}"]\ntype = "command"\n'
                f'command = ["sh", "-c", "{script}"]\n'
            )
    for site in ("gone", "down"):
        strmctl("write", "--site", site, "--slug", "film", "--language", "de")
    strmctl("refresh", "--all", code=12)
    newest = strmctl("runs", "--limit", 1, "--json").records[0]
    assert newest["message"].startswith("resolver 'down': ")


def test_what_only_looks_is_no_run(strmctl: Strmctl, library: Path) -> None:
    for command in ("list", "stats", "runs"):
        strmctl(command, "--json")
    assert strmctl("runs", "--json").document == {"type": "summary", "runs": 0}


def test_the_newest_come_first(strmctl: Strmctl, library: Path) -> None:
    adopted(strmctl, library, 1)
    strmctl("rewrite")
    strmctl("undo")
    commands = [found["command"] for found in strmctl("runs", "--json").records[:-1]]
    assert commands == ["undo", "rewrite", "import"]


def test_85_a_closed_pipe_ends_the_printing_not_the_work(strmctl: Strmctl, library: Path) -> None:
    files = adopted(strmctl, library, FILES)
    environment = os.environ | {"STRM_PUBLIC_BASE_URL": "http://elsewhere.example:9999"}
    command = [sys.executable, "-m", "strmctl", "rewrite", "--force"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read()
    assert process.returncode == 128 + signal.SIGPIPE
    assert said == f"{FILES} rewritten\n"
    assert all("//elsewhere.example:9999/" in file.read_text() for file in files)
    newest = strmctl("runs", "--limit", 1, "--json").records[0]
    assert (newest["state"], happened(newest["counts"])) == ("succeeded", {"rewritten": FILES})


def test_85_what_does_not_work_ends_with_its_pipe(strmctl: Strmctl, library: Path) -> None:
    adopted(strmctl, library, 300)
    command = [sys.executable, "-m", "strmctl", "list", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert json.loads(process.stdout.readline())["type"] == "mapping"
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 128 + signal.SIGPIPE
