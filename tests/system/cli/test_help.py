"""Help is for people: it shows no types, and a word on everything that may be given."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from rich.text import Text

from stage.command_line import Strmctl
from strmctl.cli.frame.app import app
from strmctl.cli.frame.command_names import NAMES


@pytest.mark.parametrize("command", ["", *NAMES])
def test_options(strmctl: Strmctl, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    text = strmctl(*command.replace("_", "-").split(), "--help").out
    options = [line.strip("│ *") for line in text.splitlines() if re.match(r"│[ *]*-", line)]
    assert len(options) > 6
    assert "()" not in text, "markup has swallowed a word"
    assert str(2**63 - 1) not in text, "SQLite's bound in place of a word"
    assert "[[" not in text, "brackets in brackets"
    assert not re.search(r"<[a-z]+>", text), "a type where a word would do"
    for option in options:
        word = re.split(r"  +", option)[-1]
        assert re.search("[a-z]", word), "no word on what it is for"
        assert not word.startswith("-"), "no word on what it is for"


def test_no_word_is_taken_for_markup(strmctl: Strmctl) -> None:
    strmctl("--help")  # Which registers every command.
    top: Any = typer.main.get_command(app)
    assert len(top.commands) == len(NAMES)
    for command in (top, *top.commands.values()):
        for help_ in _helps(command):
            assert Text.from_markup(help_).plain == help_.replace("\\[", "["), command.name


def _helps(command: Any) -> Iterator[str]:
    yield from filter(None, (command.help, command.epilog))
    yield from filter(None, (getattr(it, "help", None) for it in command.params))
