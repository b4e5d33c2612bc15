"""What an option means without pydantic is what Typer says that it means."""

from pathlib import Path
from typing import Annotated, Any

import pytest
import typer
from hypothesis import given, strategies as st
from typer.core import TyperCommand
from typer.main import get_command

from strmctl.cli.frame.plain_values import PlainCommand, plain

WORDS = (
    "7",
    "-7",
    "007",
    "8",
    "0",
    "-0",
    "1.0",
    "1e3",
    "1_0",
    " 7",
    "\u0667",
    "+7",
    "",
    "x",
    "9" * 25,
)


def parsed(words: list[str], cls: type[TyperCommand]) -> dict[str, Any] | str:
    """The values of a command's parameters, or how it refuses them."""
    app = typer.Typer(add_completion=False)

    @app.command(cls=cls)
    def run(
        file: Annotated[Path, typer.Argument()],
        rest: Annotated[list[str] | None, typer.Argument()] = None,
        name: Annotated[str, typer.Option()] = "none",
        number: Annotated[int | None, typer.Option()] = None,
        bounded: Annotated[int, typer.Option(min=1, max=8)] = 3,
        numbers: Annotated[list[int] | None, typer.Option(max=8)] = None,
        share: Annotated[float | None, typer.Option()] = None,
        there: Annotated[Path | None, typer.Option(exists=True)] = None,
        loud: Annotated[int, typer.Option("-v", count=True)] = 0,
        flag: Annotated[bool, typer.Option("--flag")] = False,
    ) -> None:
        raise AssertionError("only parsed")

    try:
        return get_command(app).make_context("run", list(words)).params
    except typer.TyperException as error:
        return f"{error.exit_code} {error.format_message()}"


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["file"],
        ["file", "a", "b"],
        [""],
        [__file__],
        ["/proc"],
        ["a" * 5000],
        ["file", "--name", ""],
        ["file", "--name", "ü 7"],
        ["file", "--numbers", "7", "--numbers", "-3"],
        ["file", "--numbers", "7", "--numbers", "9"],
        ["file", "--share", "0.5"],
        ["file", "--share", "half"],
        ["file", "--there", "/nowhere/at/all"],
        ["file", "--there", __file__],
        ["file", "-vv", "--flag"],
        *(["file", option, word] for option in ("--number", "--bounded") for word in WORDS),
    ],
    ids=lambda words: " ".join(words)[:40] or "nothing",
)
def test_it_is_as_typer_has_it(words: list[str]) -> None:
    assert parsed(words, PlainCommand) == parsed(words, TyperCommand)


@given(st.text(max_size=8) | st.integers().map(str))
def test_a_number_is_as_typer_has_it(word: str) -> None:
    words = ["file", f"--bounded={word}", f"--number={word}"]
    assert parsed(words, PlainCommand) == parsed(words, TyperCommand)


def test_what_can_be_anything_is_left_to_typer() -> None:
    info = typer.models.OptionInfo()
    assert plain("0.5", float, info) is None
    assert plain(None, str, info) is None
