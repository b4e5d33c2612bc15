"""The server's log, on stderr or in a file, has one line for each record, as text or as JSON.

An exception's text may hold secrets, so only its class and where it was raised are logged.
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
    """`json` has every step, `text` has them with one -v; with two the libraries log too.

    Started again, it opens the file again: logrotate may have moved it. Raises SettingsError.
    """
    handler = _handler(serve.log_file)
    is_json = serve.log_format is LogFormat.JSON
    handler.setFormatter(JsonLines(serve.node_name) if is_json else TextLines(serve.node))
    handler.addFilter(_with_request_id)
    root = logging.getLogger()
    # The kept lines belong to this process, not to these settings.
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
    # It warns of runs that are still on when they are due again; maintenance logs how each ends.
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
    """A line of the log for people; `request` is "" where it is about none."""

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
    """Those of this process, the newest first; none where no log was set up."""
    found = (it for it in logging.getLogger().handlers if isinstance(it, Recent))
    return [line for handler in found for line in handler.lines()]


class TextLines(logging.Formatter):
    """For people, with `-` where a line is about no request."""

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

    ASCII alone: readers of lines take some other characters for the end of one.
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
    """Added where the record is made: a formatter may run in another context."""
    record.request_id = request_id.get()
    return True


def _request_of(record: logging.LogRecord) -> str:
    return getattr(record, "request_id", "")


def _is_news(record: logging.LogRecord) -> bool:
    """strmctl itself has logged a body that ends too early on purpose, and why it cannot start."""
    known = ("without completing response", "startup failed. Exiting")
    return not any(words in str(record.msg) for words in known)


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
    """The text on one line, without characters that steer a terminal."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def _error_of(record: logging.LogRecord) -> list[str] | None:
    """Its class and the places that it passed, the innermost first; None for no exception."""
    if not record.exc_info or record.exc_info[0] is None:
        return None
    kind, _, trace = record.exc_info
    return [kind.__name__, *_places(trace)]


def _places(trace: TracebackType | None) -> list[str]:
    frames = reversed(traceback.extract_tb(trace))
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
