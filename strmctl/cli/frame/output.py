"""Results go to stdout, everything else to stderr; every result exists as text and as JSON."""

import json
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

import typer

from strmctl.errors import StrmctlError
from strmctl.services.reports.records import timestamp

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID


class UnwritableError(StrmctlError):
    """The disk below stdout is full, for example."""


class Progress(Protocol):
    def advance(self, n: int = 1) -> None: ...


class _NoProgress:
    def advance(self, n: int = 1) -> None:
        return


@dataclass(frozen=True, slots=True)
class Output:
    """How one run speaks; `text=None` says nothing where JSON is not asked for."""

    json: bool = False
    quiet: bool = False
    verbose: int = 0
    color: bool = True

    def record(self, record: Mapping[str, object], text: str | None = None) -> None:
        """One thing, the only one or one of many: a line of JSON, or text."""
        if self.json:
            _write(encode(record))
        elif text is not None:
            _write(printable(text))

    def marked(self, word: str, color: str, text: str) -> None:
        """A line of text that begins with a word, coloured on a terminal; silent with --json."""
        if not self.json:
            shown = typer.style(word, fg=color) if self.color and sys.stdout.isatty() else word
            _write(f"{shown} {printable(text)}")

    def summary(self, record: Mapping[str, object], text: str | None = None) -> None:
        """The last line of NDJSON; as text a note, so that piped results stay pure."""
        if self.json:
            _write(encode({"type": "summary", **record}))
        elif text is not None:
            self.note(text)

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Drawn on a terminal, tab-separated without a heading when piped; silent with --json."""
        if self.json:
            return
        if sys.stdout.isatty():
            self._draw(columns, rows)
            return
        for row in rows:
            _write("\t".join(cell(value) for value in row))

    def note(self, text: str) -> None:
        """For people, on stderr, unless quiet."""
        if not self.quiet:
            _write_error(text)

    def warn(self, text: str) -> None:
        """On stderr, always: a line of JSON, or text."""
        if self.json:
            _write_error(encode({"type": "warning", "message": printable(text)}))
        else:
            _write_error(f"strmctl: warning: {text}")

    @contextmanager
    def progress(self, description: str, total: int | None = None) -> Iterator[Progress]:
        """A bar on a terminal's stderr; nothing under cron, in a pipe or when quiet."""
        if self.quiet or not sys.stderr.isatty():
            yield _NoProgress()
            return
        from rich.console import Console
        from rich.progress import Progress as Bars

        console = Console(stderr=True, no_color=not self.color)
        with Bars(console=console, transient=True) as bars:
            yield _Bar(bars, bars.add_task(printable(description), total=total))

    def _draw(self, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        from rich import box
        from rich.console import Console
        from rich.table import Table
        from rich.text import Text

        table = Table(*columns, box=box.SIMPLE_HEAD, pad_edge=False)
        for row in rows:
            table.add_row(*(Text(cell(value)) for value in row))
        Console(no_color=not self.color, highlight=False).print(table)


class _Bar:
    def __init__(self, bars: "Bars", task: "TaskID") -> None:
        self._bars, self._task = bars, task

    def advance(self, n: int = 1) -> None:
        self._bars.advance(self._task, n)


def encode(record: Mapping[str, object]) -> str:
    """One line of JSON; datetimes as RFC 3339 UTC, paths and enumerations as text."""
    return json.dumps(record, ensure_ascii=False, default=_plain, separators=(",", ":"))


def printable(text: str) -> str:
    """Without the control characters that could steer a terminal; line breaks and tabs stay."""
    return "".join(
        char if char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cs") else "�"
        for char in text
    )


def cell(value: object) -> str:
    """One field of a table: one line, no tabs, `-` for nothing."""
    if value is None or value == "":
        return "-"
    text = timestamp(value) if isinstance(value, datetime) else str(value)
    return printable(" ".join(str(text).split()))


def _plain(value: object) -> object:
    return timestamp(value) if isinstance(value, datetime) else str(value)


@contextmanager
def writing() -> Iterator[None]:
    """What stdout refuses as UnwritableError; that its reader has left is another thing."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise UnwritableError(f"the results cannot be written: {error.strerror}") from error


def _write(line: str) -> None:
    with writing():
        sys.stdout.write(line + "\n")


def _write_error(line: str) -> None:
    sys.stderr.write(printable(line) + "\n")
