"""CSV, JSON and NDJSON as rows with their line numbers; a bad row does not end the input."""

import csv
import json
import re
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import PurePath
from typing import TYPE_CHECKING, TextIO

from strmctl.domain.counted import quoted
from strmctl.errors import UsageError
from strmctl.services.writing.entry import BadRow, Row

if TYPE_CHECKING:
    from _csv import Reader as CsvReader

COLUMNS_IN_ORDER = tuple(
    "site slug season episode language provider title year path url headers"
    " tvdb_id tmdb_id imdb_id episode_title quality release_group".split()
)
COLUMNS = frozenset(COLUMNS_IN_ORDER)
OF_LIST = frozenset(
    "type id strm_path state provider_used resolved_at expires_at last_probed_at fail_count"
    " playback_url resolved_url muted_until last_reason outcome".split()
)
"""What the JSON of `list`, `show`, `write` and `import` holds besides, and the page's export:
`strm_path` and `resolved_url` stand in for `path` and `url`, the others are read over."""
_SIGNS_OF_LIST = frozenset(("strm_path", "fail_count"))
"""One of them is in each of these. Others' lists have `id`, `type` and `state` too: read over, an
`id` that was meant for IMDb's would be lost without a word."""
_AS_FLAGS = {name: f"{name}_id" for name in ("tvdb", "tmdb", "imdb")}
"""`write` calls its flags so, and so do the ids of a mapping's JSON."""
_NEEDED = ("site", "slug", "language")
_DELIMITERS = (",", ";", "\t")
_NDJSON = (".ndjson", ".jsonl")
_JSON = (".json", *_NDJSON)
_SPACE = re.compile(r"\s*")
_SUMMARY = "summary"
_FORMULA = frozenset("=+-@\t\r")


def read_rows(
    text: TextIO,
    name: str,
    *,
    needed: Sequence[str] = _NEEDED,
    more: Sequence[str] = (),
) -> Iterator[Row | BadRow]:
    """The format is that of the name's extension, else that of the first character.

    `more` are columns beside COLUMNS. Open `text` with newline="". Raises UsageError for an empty
    input and for CSV columns that are unknown or missing.
    """
    known = (*COLUMNS_IN_ORDER, *more)
    number, first = _first_line(text)
    lines = chain([first], text)
    extension = PurePath(name).suffix.lower()
    # Standard input and names such as list.txt say nothing of the format.
    if extension == ".csv" or (extension not in _JSON and first.lstrip()[:1] not in ("[", "{")):
        return _csv_rows(lines, number, needed, known)
    if extension in _NDJSON or (first.lstrip()[:1] == "{" and first.rstrip()[-1:] == "}"):
        return filter(_is_no_summary, _ndjson_rows(lines, number, known))
    return filter(_is_no_summary, _json_rows("".join(lines), number, known))


def _is_no_summary(row: Row | BadRow) -> bool:
    # The last line of what `list --json` prints.
    return isinstance(row, BadRow) or row.fields.get("type") != _SUMMARY


def _first_line(text: TextIO) -> tuple[int, str]:
    """The first line that is not blank, and its number; raises UsageError where all are, and for
    what is no UTF-8."""
    number = 1
    for line in text:
        # Excel's "Unicode text" is UTF-16, half of which are NUL.
        if "\0" in line:
            raise UsageError("is not text in UTF-8: save it as UTF-8")
        if line.strip():
            return number, line
        number += 1
    raise UsageError("is empty")


def _csv_rows(
    lines: Iterator[str], number: int, needed: Sequence[str], known: Sequence[str]
) -> Iterator[Row | BadRow]:
    head = next(lines)
    # Excel writes semicolons where the comma is the decimal mark.
    delimiter = next((mark for mark in _DELIMITERS if mark in head), ",")
    records = csv.reader(
        chain([head], lines), delimiter=delimiter, strict=True, skipinitialspace=True
    )
    try:
        columns = [_name(name.strip().lower()) for name in next(records, [])]
    except csv.Error as error:
        raise UsageError(f"line {number}: not a line of CSV column names: {error}") from None
    _check_columns(columns, needed, known)
    return _csv_body(records, columns, number)


def _csv_body(records: "CsvReader", columns: Sequence[str], number: int) -> Iterator[Row | BadRow]:
    while True:
        line = number + records.line_num
        try:
            values = next(records, None)
        # One quote too many spoils its record; csv.reader goes on behind it.
        except csv.Error as error:
            yield BadRow(line, f"not CSV: {error}")
            continue
        if values is None:
            return
        # A title with a comma and without quotes would shift everything behind it.
        if len(values) > len(columns):
            yield BadRow(line, f"{len(values)} values for {len(columns)} columns")
        elif any(value.strip() for value in values):
            yield Row(line, dict(zip(columns, map(_cell, values), strict=False)))


def _cell(value: str) -> str:
    # So the page's export keeps a spreadsheet from taking `+1 (2013)` for a formula.
    return value[1:] if value[:1] == "'" and value[1:2] in _FORMULA else value


def _check_columns(columns: Sequence[str], needed: Sequence[str], known: Sequence[str]) -> None:
    unknown = _unknown(set(columns), known)
    if unknown:
        raise UsageError(f"unknown column {quoted(*unknown)}: known are {', '.join(known)}")
    missing = [name for name in needed if name not in columns]
    if missing:
        raise UsageError(f"no column {missing[0]!r}: site, slug and language are needed")
    if len(set(columns)) < len(columns):
        raise UsageError("a column stands there twice")


def _ndjson_rows(lines: Iterator[str], number: int, known: Sequence[str]) -> Iterator[Row | BadRow]:
    for line, text in enumerate(lines, number):
        if text.strip():
            try:
                yield _json_row(line, json.loads(text), known)
            # A hundred thousand brackets make json raise RecursionError.
            except (ValueError, RecursionError):
                yield BadRow(line, "not one line of JSON")


def _json_rows(text: str, number: int, known: Sequence[str]) -> Iterator[Row | BadRow]:
    """Objects and arrays of them, one behind the other; what follows an error cannot be read."""
    reader = _JsonReader(text, number, known)
    try:
        while reader.mark():
            if reader.takes("["):
                yield from _elements(reader)
            else:
                yield reader.row()
    except (ValueError, RecursionError):
        yield BadRow(reader.line, "not JSON: this and what follows was not read")


def _elements(reader: "_JsonReader") -> Iterator[Row | BadRow]:
    """Raises ValueError, RecursionError."""
    while not reader.takes("]"):
        yield reader.row()
        if not reader.takes(",") and reader.mark() != "]":
            raise ValueError


class _JsonReader:
    """`line` is where the next thing begins."""

    def __init__(self, text: str, number: int, known: Sequence[str]) -> None:
        self.line = number
        self._text, self._known = text, known
        self._position = self._counted = 0
        self._decode = json.JSONDecoder().raw_decode

    def mark(self) -> str:
        """The character that comes next, "" at the end."""
        space = _SPACE.match(self._text, self._position)
        assert space is not None, "it matches nothing as well"
        self._position = space.end()
        self.line += self._text.count("\n", self._counted, self._position)
        self._counted = self._position
        return self._text[self._position : self._position + 1]

    def takes(self, mark: str) -> bool:
        is_next = self.mark() == mark
        self._position += is_next
        return is_next

    def row(self) -> Row | BadRow:
        """Raises ValueError, RecursionError."""
        self.mark()
        value, self._position = self._decode(self._text, self._position)
        return _json_row(self.line, value, self._known)


def _name(written: str) -> str:
    name = written.replace("-", "_")
    return _AS_FLAGS.get(name, name)


def _unknown(names: set[str], known: Sequence[str]) -> list[str]:
    of_list = OF_LIST if names & _SIGNS_OF_LIST else frozenset()
    return sorted(names - of_list - set(known))


def _json_row(line: int, value: object, known: Sequence[str]) -> Row | BadRow:
    if not isinstance(value, dict):
        return BadRow(line, "not a JSON object")
    ids = value.pop("ids", None)
    if ids is not None and not (isinstance(ids, dict) and ids.keys() <= _AS_FLAGS.keys()):
        return BadRow(line, 'ids is not an object such as {"imdb": "tt…"}')
    items = [*value.items(), *(ids or {}).items()]
    fields = {_name(key): item for key, item in items}
    if len(fields) < len(items):
        keys = [_name(key) for key, _ in items]
        twice = next(key for key in keys if keys.count(key) > 1)
        return BadRow(line, f"the key {quoted(twice, *keys)} stands there twice: keep one")
    unknown = _unknown(set(fields), known)
    if unknown and value.get("type") != _SUMMARY:
        names = ", ".join(known)
        return BadRow(line, f"unknown key {quoted(*unknown)}: known are {names}")
    return Row(line, fields)
