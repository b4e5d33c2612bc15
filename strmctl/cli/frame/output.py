"""Results go to stdout, everything else to stderr; every result exists as text and as JSON."""

import json
import os
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from io import TextIOWrapper
from typing import Protocol, TextIO

import typer
from msgspec import Struct, field

from strmctl.cli.frame.tables import NOTHING, Form, Table, terminal_width
from strmctl.domain.counted import timestamp
from strmctl.errors import StrmctlError


class UnwritableError(StrmctlError):
    """The disk below stdout is full, for example."""


class Progress(Protocol):
    def advance(self, n: int = 1) -> None: ...


class Work(Struct):
    """What a run does beside printing, so that its end can say how much of it was done.

    While it `goes_on`, a closed pipe ends the printing alone: `| head` shall leave nothing half
    done. Where nothing is changed there is nothing to go on with.
    """

    goes_on: bool = False
    pipe_is_closed: bool = False
    doing: str = ""
    done: int = 0
    failed: int = 0
    item: str = ""
    total: int | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    reason: str | None = None

    def reset(self) -> None:
        self.goes_on = self.pipe_is_closed = False
        self.counts, self.reason = {}, None
        self.begin("", None)

    def take(self, record: Mapping[str, object]) -> None:
        """What the record of the run says later: its counts, and why something of it failed."""
        self.item = str(record.get("strm_path") or self.item)
        if record.get("outcome") == "failed" or record.get("state") == "dead":
            self.failed += 1
        if record.get("outcome") in ("failed", "bad") and record.get("reason"):
            self.reason = self.reason or str(record["reason"])

    def take_summary(self, record: Mapping[str, object]) -> None:
        self.counts = {name: it for name, it in record.items() if type(it) is int}

    def begin(self, doing: str, total: int | None) -> None:
        self.doing, self.done, self.failed, self.item, self.total = doing, 0, 0, "", total

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
"""How far this process's run is: a signal may end it anywhere, and then asks this."""


class Output(Struct, frozen=True):
    """How one run speaks; `text=None` says nothing where JSON is not asked for."""

    json: bool = False
    quiet: bool = False
    verbose: int = 0
    color: bool = True
    form: Form | None = None
    """What --format says; None is a table on a terminal, and tab-separated in a pipe."""

    def record(self, record: Mapping[str, object], text: str | None = None) -> None:
        """One thing, the only one or one of many: a line of JSON, or text."""
        WORK.take(record)
        if self.json:
            self._write(encode(record))
        elif text is not None:
            self._write(printable(text))

    def because(self, reasons: Iterable[str]) -> None:
        """Why the run does not end well, the first first; `runs` and the page say it later."""
        WORK.reason = next(iter(reasons), WORK.reason)

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
            say(text)
        elif text is not None:
            self.note(text)

    @property
    def is_for_people(self) -> bool:
        """Whether a table is drawn; else its rows are tab-separated."""
        # cut and awk want tabs, people want columns.
        return not self.json and (
            self.form is Form.TABLE or (self.form is None and sys.stdout.isatty())
        )

    def table(
        self,
        columns: Sequence[str],
        rows: Iterable[Sequence[object]],
        *,
        beneath: str | None = None,
        nothing: str = "no matches",
    ) -> None:
        """Drawn on a terminal, tab-separated without a heading when piped; silent with --json.

        The column `beneath` is drawn below its row. `nothing` says that there are no rows.
        """
        if self.json:
            return
        texts = ([cell(value) for value in row] for row in rows)
        if not self.is_for_people:
            for row in texts:
                self._write("\t".join(row))
        elif found := list(texts):
            self._draw(Table(columns, found, beneath))
        else:
            # A heading above nothing looks like a fault.
            self.note(nothing)

    def _draw(self, table: Table) -> None:
        heading, *lines = table.lines(terminal_width())
        colored = self.color and sys.stdout.isatty()
        self._write(typer.style(heading, bold=True) if colored else heading)
        for line in lines:
            self._write(line)

    def note(self, text: str) -> None:
        """For people, on stderr, unless quiet; with --json a line of JSON as well."""
        if not self.quiet:
            say(encode({"type": "note", "message": text}) if self.json else text)

    def warn(self, text: str) -> None:
        """On stderr, always: a line of JSON, or text."""
        if self.json:
            say(encode({"type": "warning", "message": printable(text)}))
        else:
            say(f"strmctl: warning: {text}")

    @contextmanager
    def progress(self, description: str, total: int | None = None) -> Iterator[Progress]:
        """A bar on a terminal's stderr; nothing under cron, in a pipe or when quiet."""
        WORK.begin(description, total)
        # cron would mail a bar that redraws itself as thousands of lines.
        if self.quiet or not sys.stderr.isatty():
            yield WORK
            return
        from strmctl.cli.frame.progress import bar

        with bar(WORK, printable(description), total, color=self.color) as shown:
            yield shown

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


def encode(record: Mapping[str, object]) -> str:
    """One line of JSON; datetimes as RFC 3339 UTC, paths and enumerations as text."""
    # NDJSON: one document a line, which jq and grep expect.
    ascii_alone = not _is_utf8(sys.stdout)
    return json.dumps(record, ensure_ascii=ascii_alone, default=_plain, separators=(",", ":"))


def speak_as_the_locale_can() -> None:
    """What a terminal of ISO 8859-1 has no letter for is shown as `?`: no run may end of it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper) and not _is_utf8(stream):
            stream.reconfigure(errors="replace")


def _is_utf8(stream: TextIO) -> bool:
    # Without an encoding it takes any letter, as a StringIO does.
    return (stream.encoding or "utf-8").lower().replace("_", "-") in ("utf-8", "utf8")


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
        return NOTHING
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


def say(text: str) -> None:
    """On stderr. What it refuses is lost: the exit code still tells how the run ended."""
    try:
        sys.stderr.write(printable(text) + "\n")
    except BrokenPipeError:
        raise
    except OSError:
        # ENOSPC below cron's log; what is buffered would be refused again and again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
