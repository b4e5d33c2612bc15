"""docs/peers.md says for each row which tests show it, and leaves none out."""

import re
from pathlib import Path

ROWS = range(1, 44)
FOLDER = Path(__file__).parent
TABLE = FOLDER.parents[1] / "docs" / "peers.md"

_ROW = re.compile(r"^\| (\d+) \|.*\|([^|]*)\|$", re.MULTILINE)


def shown_by() -> dict[int, list[str]]:
    """The names of the tests in the table, by the number of their row."""
    rows = _ROW.findall(TABLE.read_text(encoding="utf-8"))
    return {int(number): re.findall(r"`(\w+)`", tests) for number, tests in rows}


def names_of_tests() -> list[str]:
    sources = [path.read_text(encoding="utf-8") for path in FOLDER.glob("test_*.py")]
    return re.findall(r"^(?:async )?def (test_\d\d_\w+)\(", "".join(sources), re.MULTILINE)


def test_every_row_has_its_tests() -> None:
    shown = shown_by()
    assert list(shown) == list(ROWS)
    for number, names in shown.items():
        assert names, number
        assert all(name.startswith(f"test_{number:02}_") for name in names), number


def test_every_test_stands_in_the_table() -> None:
    in_table = [name for names in shown_by().values() for name in names]
    assert sorted(in_table) == sorted(names_of_tests())
