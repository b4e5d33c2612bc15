"""A table for people fits their terminal: empty columns go, what is too long is cut in its middle.

The same rows are tab-separated for cut and awk, with every column and every letter.
"""

import sys
from collections.abc import Iterator, Sequence
from enum import StrEnum
from shutil import get_terminal_size
from textwrap import wrap
from typing import Annotated

import typer
from msgspec import Struct

from strmctl.errors import UsageError

NOTHING = "-"
_GAP = "  "
_NARROWEST = 6
"""Columns: what is cut to less says nothing."""


class Form(StrEnum):
    """What `--format` takes."""

    TABLE = "table"
    TSV = "tsv"
    JSON = "json"


Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="|".join(Form),
        help="Default: table on a terminal, tsv in a pipe; json is --json.",
    ),
]


def form_of(given: str | None) -> Form | None:
    """Raises UsageError for what is none."""
    if given is None or given in list(Form):
        return None if given is None else Form(given)
    raise UsageError(f"--format {given!r}: it takes {', '.join(Form)}")


class Table(Struct, frozen=True):
    """`beneath` is a column that is shown below its row, wrapped, where people read it."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    beneath: str | None = None

    def lines(self, width: int) -> Iterator[str]:
        """The heading first; none is wider than `width` columns of a terminal."""
        shown = self._shown()
        if len(self.columns) == 1:
            yield self.columns[0]
            yield "─" * len(self.columns[0])
            for row in self.rows:
                yield from wrap(row[0], width, subsequent_indent=_GAP) or [""]
            return
        columns = [[self.columns[index], *(row[index] for row in self.rows)] for index in shown]
        widths = _fitting([max(map(_width, column)) for column in columns], width)
        right = [all(_is_number(text) for text in column[1:]) for column in columns]
        fitted = (
            [_field(text, wide, at_right) for text in column]
            for column, wide, at_right in zip(columns, widths, right, strict=True)
        )
        heading, *rows = zip(*fitted, strict=True)
        yield _GAP.join(heading).rstrip()
        yield "─" * (sum(widths) + len(_GAP) * (len(widths) - 1))
        indent = _GAP * 2
        for fields, note in zip(rows, self._notes(), strict=True):
            yield _GAP.join(fields).rstrip()
            yield from wrap(note, width, initial_indent=indent, subsequent_indent=indent)

    def _shown(self) -> list[int]:
        """The columns that hold something."""
        return [
            index
            for index, name in enumerate(self.columns)
            if name != self.beneath
            and (not self.rows or any(row[index] != NOTHING for row in self.rows))
        ] or [0]

    def _notes(self) -> list[str]:
        if self.beneath is None:
            return [""] * len(self.rows)
        index = list(self.columns).index(self.beneath)
        return ["" if row[index] == NOTHING else row[index] for row in self.rows]


def terminal_width() -> int:
    """Columns of the terminal; COLUMNS wins."""
    return get_terminal_size((80, 24)).columns


def is_for_people(form: Form | None) -> bool:
    return form is Form.TABLE or (form is None and sys.stdout.isatty())


def cut(text: str, width: int) -> str:
    """At most `width` columns wide; the middle goes, since names differ at both of their ends."""
    if _width(text) <= width:
        return text
    left, right = "", ""
    for index in range(len(text)):
        char = text[index // 2] if index % 2 == 0 else text[-1 - index // 2]
        if _width(left) + _width(right) + _width(char) + 1 > width:
            break
        left, right = (left + char, right) if index % 2 == 0 else (left, char + right)
    return f"{left}…{right}"


def _fitting(widths: Sequence[int], available: int) -> list[int]:
    """The widest are cut first, until all are beside each other."""
    fitted = list(widths)
    room = available - len(_GAP) * (len(widths) - 1)
    while sum(fitted) > room and max(fitted) > _NARROWEST:
        fitted[fitted.index(max(fitted))] -= 1
    return fitted


def _field(text: str, width: int, at_right: bool) -> str:
    shown = cut(text, width)
    padding = " " * (width - _width(shown))
    return padding + shown if at_right else shown + padding


def _is_number(text: str) -> bool:
    return text == NOTHING or text.replace(",", "").isdigit()


def _width(text: str) -> int:
    # Chinese letters take two columns, combining marks none.
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)
