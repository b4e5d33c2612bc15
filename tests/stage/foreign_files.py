"""Foreign `.strm` files of a test's library, and what `import` makes of them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stage.command_line import Strmctl
from strmctl.domain.selection import Selection
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.mappings import Mappings

Told = Mapping[str, Any]


def put(library: Path, path: str, content: str | bytes | None = None) -> Path:
    """Without a content, a URL of its own."""
    file = library / "library" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    text = f"https://cdn.example/{abs(hash(path))}.mp4\n" if content is None else content
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def imported(strmctl: Strmctl, *arguments: object, code: int = 0) -> dict[str, Told]:
    records = strmctl("import", "library", "--json", *arguments, code=code).records
    return {record["strm_path"]: record for record in records[:-1]}


def numbers(told: Told) -> tuple[object, ...]:
    return told["slug"], told["season"], told["episode"]


def resolved(library: Path) -> dict[str, tuple[str, Mapping[str, str]]]:
    """URL and headers, by path."""
    with Database.open(library / "strmctl.db") as database:
        rows = list(Mappings(database).select(Selection()))
    return {
        row.strm_path: (row.resolution.url, row.resolution.headers)
        for row in rows
        if row.resolution is not None
    }
