"""docs/peers.md says for each row which tests show it, and leaves none out."""

import re
from pathlib import Path

ROOT = next(path for path in Path(__file__).parents if (path / "pyproject.toml").exists())
TABLE = ROOT / "docs" / "peers.md"
ALWAYS_SHOWN = range(1, 44)

_ROW = re.compile(r"^\| (\d+) \|.*\|([^|]*)\|$", re.MULTILINE)


def shown_by() -> dict[int, list[str]]:
    """The names of the tests in the table, by the number of their row."""
    rows = _ROW.findall(TABLE.read_text(encoding="utf-8"))
    return {int(number): re.findall(r"`(\w+)`", tests) for number, tests in rows}


def names_of_tests() -> list[str]:
    files = (ROOT / "tests").rglob("test_*.py")
    sources = [path.read_text(encoding="utf-8") for path in files]
    return re.findall(r"^ *(?:async )?def (test_\d{2,3}_\w+)\(", "\n".join(sources), re.MULTILINE)


def test_every_row_has_its_tests() -> None:
    shown = shown_by()
    assert list(shown) == sorted(shown)
    assert set(ALWAYS_SHOWN) <= shown.keys()
    for number, names in shown.items():
        assert names, number
        assert all(name.startswith(f"test_{number:02}_") for name in names), number


def test_every_test_of_the_first_rows_stands_in_the_table() -> None:
    in_table = {name for names in shown_by().values() for name in names}
    existing = set(names_of_tests())
    assert in_table <= existing
    assert {name for name in existing - in_table if number_of(name) in ALWAYS_SHOWN} == set()


def test_every_row_that_a_test_shows_stands_in_the_table() -> None:
    assert {number_of(name) for name in names_of_tests()} <= shown_by().keys()


def number_of(name: str) -> int:
    return int(name.split("_")[1])
