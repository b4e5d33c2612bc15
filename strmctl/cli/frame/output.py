"""Results go to stdout, everything else to stderr; every result exists as text and as JSON."""

import json
import os
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
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


@dataclass(slots=True)
class Work:
    """What a run does beside printing, so that its end can say how much of it was done.

    While it `goes_on`, a closed pipe ends the printing alone: `| head` shall leave nothing half
    done. Where nothing is changed there is nothing to go on with.
    """

    goes_on: bool = False
    pipe_is_closed: bool = False
    doing: str = ""
    done: int = 0
    total: int | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    reason: str | None = None

    def reset(self) -> None:
        self.goes_on = self.pipe_is_closed = False
        self.counts, self.reason = {}, None
        self.begin("", None)

    def take(self, record: Mapping[str, object]) -> None:
        """What the record of the run says later: its counts, and why something of it failed."""
        if record.get("outcome") == "failed" and record.get("reason"):
            self.reason = self.reason or str(record["reason"])

    def take_summary(self, record: Mapping[str, object]) -> None:
        self.counts = {name: it for name, it in record.items() if type(it) is int}

    def begin(self, doing: str, total: int | None) -> None:
        self.doing, self.done, self.total = doing, 0, total

    def advance(self, n: int = 1) -> None:
        self.done += n

    def numbers(self) -> dict[str, int]:
        """Nothing where nobody knows how much there is."""
        return {} if self.total is None else {"done": self.done, "total": self.total}

    def __str__(self) -> str:
        """`changing: 1,000 of 2,000 done`; "" where nothing was begun."""
        of = "" if self.total is None else f" of {self.total:,}"
        return f"{self.doing.lower()}: {self.done:,}{of} done" if self.doing else ""


WORK = Work()
"""Of this process's run: a signal ends it wherever it is, and asks nobody but this."""


@dataclass(frozen=True, slots=True)
class Output:
    """How one run speaks; `text=None` says nothing where JSON is not asked for."""

    json: bool = False
    quiet: bool = False
    verbose: int = 0
    color: bool = True

    def record(self, record: Mapping[str, object], text: str | None = None) -> None:
        """One thing, the only one or one of many: a line of JSON, or text."""
        WORK.take(record)
        if self.json:
            self._write(encode(record))
        elif text is not None:
            self._write(printable(text))

    def marked(self, word: str, color: str, text: str) -> None:
        """A line of text that begins with a word, coloured on a terminal; silent with --json."""
        if not self.json:
            shown = typer.style(word, fg=color) if self.color and sys.stdout.isatty() else word
            self._write(f"{shown} {printable(text)}")

    def summary(
        self, record: Mapping[str, object], text: str | None = None, *, keep: bool = False
    ) -> None:
        """The last line of NDJSON; as text a note, so that piped results stay pure.

        `keep`: a quiet run has had something to say, so this belongs to it.
        """
        WORK.take_summary(record)
        if self.json and not WORK.pipe_is_closed:
            self._write(encode({"type": "summary", **record}))
        elif text is not None and keep:
            _write_error(text)
        elif text is not None:
            self.note(text)

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Drawn on a terminal, tab-separated without a heading when piped; silent with --json."""
        if self.json:
            return
        # cut and awk want tabs, people want columns.
        if sys.stdout.isatty():
            self._draw(columns, rows)
            return
        for row in rows:
            self._write("\t".join(cell(value) for value in row))

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
        WORK.begin(description, total)
        # cron would mail a bar that redraws itself as thousands of lines.
        if self.quiet or not sys.stderr.isatty():
            yield WORK
            return
        from rich.console import Console
        from rich.progress import Progress as Bars

        console = Console(stderr=True, no_color=not self.color)
        with Bars(console=console, transient=True) as bars:
            yield _Bar(bars, bars.add_task(printable(description), total=total))

    def _write(self, line: str) -> None:
        if WORK.pipe_is_closed:
            return
        try:
            with writing():
                sys.stdout.write(line + "\n")
        except BrokenPipeError:
            # `rewrite | head -1` must not leave half of the library rewritten.
            if not WORK.goes_on:
                raise
            # From now on the work goes on in silence (EPIPE, `| head`).
            WORK.pipe_is_closed = True
            forget_stdout()

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
        WORK.advance(n)
        self._bars.advance(self._task, n)


def encode(record: Mapping[str, object]) -> str:
    """One line of JSON; datetimes as RFC 3339 UTC, paths and enumerations as text."""
    # NDJSON: one document a line, which jq and grep expect.
    return json.dumps(record, ensure_ascii=False, default=_plain, separators=(",", ":"))


# A title from an upstream may hold ESC, which some terminals obey.
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
        # ENOSPC below stdout: a report that was cut off must not look whole.
        raise UnwritableError(f"the results cannot be written: {error.strerror}") from error


def forget_stdout() -> None:
    """What is still buffered has nowhere to go at exit."""
    # Python flushes stdout at its end, and would complain of the closed pipe there.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _write_error(line: str) -> None:
    sys.stderr.write(printable(line) + "\n")
