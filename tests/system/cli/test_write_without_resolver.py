"""`write` says what is missing where no resolver answers for the site."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from stage.command_line import Strmctl

MISSING = "no resolver answers for a.to, so what has no URL does not play: `strmctl resolver new"
ONE = ("--site", "a.to", "--slug", "film", "--language", "de")


def test_one_that_is_new(strmctl: Strmctl, library: Path) -> None:
    assert MISSING in strmctl("write", *ONE).err
    assert strmctl("write", *ONE).err == ""
    strmctl("resolver", "new", "mine", "--type", "template", "--site", "A.to")
    assert strmctl("write", *ONE, "--season", 1, "--episode", 1).err == ""


@pytest.mark.parametrize("sites", ["a.*", "*"])
def test_a_glob_answers_for_it(strmctl: Strmctl, library: Path, sites: str) -> None:
    strmctl("resolver", "new", "mine", "--type", "template", "--site", sites)
    assert strmctl("write", *ONE).err == ""


def test_one_with_a_url(strmctl: Strmctl, library: Path) -> None:
    assert strmctl("write", *ONE, "--url", "https://cdn.example/1").err == ""


def test_many_on_a_terminal(strmctl: Strmctl, library: Path) -> None:
    """Scripts read the summary from the last line, people read on."""
    (library / "all.csv").write_text("site,slug,language\na.to,x,de\na.to,y,de\n")
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "strmctl", "write", "--from", "all.csv"]
    subprocess.run(command, stderr=theirs, stdin=subprocess.DEVNULL, check=True)
    os.close(theirs)
    said = os.read(ours, 100_000).decode()
    os.close(ours)
    assert said.count(MISSING) == 1
