"""What a table looks like where people read it."""

import pytest
from hypothesis import given, strategies as st
from rich.cells import cell_len

from strmctl.cli.frame.tables import Table, cut

PATH = "Some Long Series (2019)/Season 01/Some Long Series (2019) S01E02.strm"


def drawn(table: Table, width: int = 80) -> str:
    return "\n".join(table.lines(width))


def test_columns_stand_below_each_other() -> None:
    table = Table(("id", "state", "path"), (("1", "alive", "a.strm"), ("22", "dead", "b.strm")))
    assert drawn(table) == (
        "id  state  path\n─────────────────\n 1  alive  a.strm\n22  dead   b.strm"
    )


def test_empty_columns_go() -> None:
    table = Table(("id", "provider", "path"), (("1", "-", "a"), ("2", "-", "b")))
    assert drawn(table) == "id  path\n────────\n 1  a\n 2  b"


def test_the_widest_is_cut_in_its_middle() -> None:
    lines = drawn(Table(("id", "path"), (("1", PATH),)), 40).splitlines()
    assert lines[2] == " 1  Some Long Series (…2019) S01E02.strm"


def test_a_reason_stands_below_its_row() -> None:
    table = Table(
        ("id", "ended", "reason"), (("1", "failed", "it is too long"), ("2", "ok", "-")), "reason"
    )
    assert drawn(table, 14) == (
        "id  ended\n──────────\n 1  failed\n    it is too\n    long\n 2  ok"
    )


def test_one_column_is_wrapped() -> None:
    table = Table(("what needs attention",), (("series-05: 48 episodes dead",),))
    assert drawn(table, 20) == (
        "what needs attention\n────────────────────\nseries-05: 48\n  episodes dead"
    )


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        pytest.param("short", 5, "short", id="it fits"),
        pytest.param("abcdefgh", 5, "ab…gh", id="odd"),
        pytest.param("abcdefgh", 6, "abc…gh", id="even"),
        pytest.param("一二三四五", 6, "一…五", id="letters of two columns"),
        pytest.param("ab", 1, "…", id="no room"),
    ],
)
def test_the_middle_goes_where_a_text_is_too_long(text: str, width: int, shown: str) -> None:
    assert cut(text, width) == shown


@given(st.text(st.characters(exclude_categories=("C", "Z"))), st.integers(1, 40))
def test_what_is_cut_fits(text: str, width: int) -> None:
    assert cell_len(cut(text, width)) <= width


_CELLS = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=60)


@given(st.lists(st.tuples(_CELLS, _CELLS, _CELLS, _CELLS), min_size=1, max_size=5))
def test_no_line_is_wider_than_the_terminal(rows: list[tuple[str, ...]]) -> None:
    table = Table(("id", "state", "language", "path"), rows)
    assert all(cell_len(line) <= 80 for line in table.lines(80))
