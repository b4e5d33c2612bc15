"""Help is for people: it shows no types, and a word on everything that may be given."""

import re

import pytest

from stage.command_line import Strmctl
from strmctl.cli.frame.command_names import NAMES


@pytest.mark.parametrize("command", ["", *NAMES])
def test_options(strmctl: Strmctl, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    text = strmctl(*command.replace("_", "-").split(), "--help").out
    options = [line.strip("│ *") for line in text.splitlines() if re.match(r"│[ *]*-", line)]
    assert len(options) > 6
    assert "()" not in text, "markup has swallowed a word"
    assert not re.search(r"<[a-z]+>", text), "a type where a word would do"
    for option in options:
        word = re.split(r"  +", option)[-1]
        assert re.search("[a-z]", word), "no word on what it is for"
        assert not word.startswith("-"), "no word on what it is for"
