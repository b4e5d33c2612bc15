"""The server's log, on stderr or in a file: one line a record, as text or as JSON.

What an exception says may hold secrets, so only its class and where it came from are told.
"""

import json
import logging
import os
import sys
import traceback
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from msgspec import Struct

from strmctl.errors import SettingsError
from strmctl.settings.model import LogFormat, ServeSettings
from strmctl.tracing import fields_of, request_id

_LONGEST_TEXT = 2000
_KEPT_LINES, _KEPT_SECONDS = 5000, 3600
_OWN_LOG = "strmctl"


def start_log(serve: ServeSettings, *, verbose: int, quiet: bool) -> None:
    """`json` tells every step, `text` does so with one -v; twice lets the libraries speak too.

    Begun again, the file is opened again: what rotates logs has moved it. Raises SettingsError.
    """
    handler = _handler(serve.log_file)
    is_json = serve.log_format is LogFormat.JSON
    handler.setFormatter(JsonLines(serve.node_name) if is_json else TextLines(serve.node))
    handler.addFilter(_with_request_id)
    root = logging.getLogger()
    # What it has kept is of this process, not of these settings.
    kept = [it for it in root.handlers if isinstance(it, Recent)] or [Recent()]
    former = [it for it in root.handlers if it not in kept]
    root.handlers[:] = [handler, *kept]
    for each in former:
        each.close()
    root.setLevel(logging.DEBUG if verbose > 1 else logging.WARNING)
    every_step = verbose or is_json
    level = logging.DEBUG if every_step else logging.INFO
    logging.getLogger(_OWN_LOG).setLevel(logging.WARNING if quiet else level)
    logging.getLogger("uvicorn.error").addFilter(_is_news)
    # httpx and httpcore log whole URLs, and a resolver's may hold a key.
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # A run that is not over when it is due again is no news; maintenance tells how each ended.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)


def check_log(serve: ServeSettings) -> None:
    """Raises SettingsError where the log could not be written."""
    _handler(serve.log_file).close()


def _handler(file: Path | None) -> logging.Handler:
    if file is None:
        return logging.StreamHandler(sys.stderr)
    try:
        # It says who played what.
        with suppress(FileExistsError):
            os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o640))
        return logging.FileHandler(file, encoding="utf-8")
    except OSError as error:
        raise SettingsError(
            f"serve.log_file: {file}: cannot be written: {error.strerror}"
        ) from None


class Line(Struct, frozen=True):
    """Of the log, as people read it; `request` is "" where none is meant."""

    at: datetime
    level: str
    request: str
    text: str


class Recent(logging.Handler):
    """The lines of the last hour of this process, 5,000 at most."""

    def __init__(self) -> None:
        super().__init__()
        self.addFilter(_with_request_id)
        self._lines: deque[Line] = deque(maxlen=_KEPT_LINES)

    def emit(self, record: logging.LogRecord) -> None:
        error = _error_of(record)
        try:
            text = _shortened(record.getMessage())
        except (TypeError, ValueError):  # Its arguments do not fit: stderr names the place.
            text = str(record.msg)
        text += f": {error[0]}" if error else ""
        at = datetime.fromtimestamp(record.created, UTC)
        line = Line(at, record.levelname.lower(), _request_of(record), printable(text))
        self._lines.append(line)

    def lines(self) -> list[Line]:
        """The newest first."""
        now = datetime.now(UTC)
        # A list first: other threads append meanwhile.
        kept = [it for it in list(self._lines) if (now - it.at).total_seconds() <= _KEPT_SECONDS]
        return kept[::-1]


def recent_lines() -> list[Line]:
    """Of this process, the newest first; nothing where no log was set up."""
    found = (it for it in logging.getLogger().handlers if isinstance(it, Recent))
    return [line for handler in found for line in handler.lines()]


class TextLines(logging.Formatter):
    """For people; `-` where no request is meant, and no node where the settings name none."""

    def __init__(self, node: str = "") -> None:
        super().__init__()
        self._node = f"{printable(node)} " if node else ""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created).isoformat(" ", "milliseconds")  # noqa: DTZ006
        text = f"{record.name}: {_shortened(record.getMessage())}"
        where = f"{self._node}{record.levelname} [{_request_of(record) or '-'}]"
        line = f"{at} {where} {printable(text)}"
        error = _error_of(record)
        return line if error is None else f"{line}: {printable(' < '.join(error))}"


class JsonLines(logging.Formatter):
    """For programs: `time` (RFC 3339 in UTC), `level`, `logger`, `request_id`, `message`, `node`,
    fields.

    ASCII alone, so that nothing that reads lines takes a character for the end of one.
    """

    def __init__(self, node: str = "") -> None:
        super().__init__()
        self._node = node

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC)
        document: dict[str, object] = {
            "time": f"{at.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "request_id": _request_of(record) or None,
            "message": _shortened(record.getMessage()),
            "node": self._node,
        }
        error = _error_of(record)
        if error is not None:
            document |= {"error": error[0], "where": error[1:]}
        # U+2028 and U+0085 end a line for some readers of logs; JSON's escapes do not.
        return json.dumps({**_plain(fields_of(record)), **document})


def _with_request_id(record: logging.LogRecord) -> bool:
    """Where the record is made, since a formatter may run elsewhere."""
    record.request_id = request_id.get()
    return True


def _request_of(record: logging.LogRecord) -> str:
    return getattr(record, "request_id", "")


def _is_news(record: logging.LogRecord) -> bool:
    """What ends too early on purpose, and what cannot start, have lines of their own already."""
    told = ("without completing response", "startup failed. Exiting")
    return not any(words in str(record.msg) for words in told)


def _plain(values: Mapping[str, object]) -> Mapping[str, object]:
    return {
        name: value if _is_plain(value) else _shortened(str(value))
        for name, value in values.items()
    }


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, int | float)


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else text[:_LONGEST_TEXT] + "…"


def printable(text: str) -> str:
    """On one line, and nothing in it steers a terminal."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def _error_of(record: logging.LogRecord) -> list[str] | None:
    """Its class and where it went through, the innermost place first; None for no exception."""
    if not record.exc_info or record.exc_info[0] is None:
        return None
    kind, _, trace = record.exc_info
    return [kind.__name__, *_places(trace)]


def _places(trace: TracebackType | None) -> list[str]:
    frames = reversed(traceback.extract_tb(trace))
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
