"""Memory does not grow with the library: what ten times as many mappings cost more is little."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench.stage import large_library
from stage.command_line import Strmctl
from strmctl.storage.database.connection import Database
from system.scale.measuring import peak_mib

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

FEW, MANY = 5000, 50_000
MANY_FILES = 20_000
"""To write a file takes a hundred times as long as a row; `--long` writes as many as rows."""
ROW_BYTES = 64
"""What a run may keep of a row, such as its id, or of a file, such as its path's hash."""


def most_mib(many: int) -> float:
    return 4 + (many - FEW) * ROW_BYTES / 2**20


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("list",), id="list"),
        pytest.param(("list", "--json"), id="list --json"),
    ],
)
def test_reading(arguments: tuple[str, ...], library: Path) -> None:
    peaks = []
    for count in (FEW, MANY):
        database = library / f"{count}.db"
        large_library.fill(database, count, datetime.now(UTC))
        peaks.append(peak_mib(library, *arguments, "--database", database))
    assert peaks[1] - peaks[0] < most_mib(MANY), peaks


def test_importing_and_rewriting(is_long: bool, strmctl: Strmctl, library: Path) -> None:
    count = MANY if is_long else MANY_FILES
    few = list(changed(strmctl, library, FEW))
    many = list(changed(strmctl, library, count))
    growth = [after - before for before, after in zip(few, many, strict=True)]
    assert max(growth) < most_mib(count), (few, many)


def changed(strmctl: Strmctl, library: Path, count: int) -> Iterator[float]:
    """The peaks of an import into an empty database, and of a rewrite of what was imported."""
    files = (library / "library").rglob("*.strm")
    settle(library, "http://before.example")
    rows = "\n".join(f"a.to,series-{n // 100},1,{n % 100},German" for n in range(count))
    strmctl("-q", "write", "--from", "-", stdin=f"site,slug,season,episode,language\n{rows}")
    imported = library / f"imported-{count}.db"
    Database.open(imported).close()
    yield peak_mib(library, "-q", "import", "--force", "library", "--database", imported)
    settle(library, f"http://after-{count}.example")
    yield peak_mib(library, "-q", "rewrite", "--force", "--database", imported)
    assert all(f"//after-{count}." in file.read_text() for file in files)


def settle(library: Path, base_url: str) -> None:
    (library / "strmctl.toml").write_text(f'[proxy]\npublic_base_url = "{base_url}"\n')
