"""Which lines of a playlist stand in columns, and which are left to be read one by one."""

from collections.abc import Sequence

import pytest

from stage.hls_rows import PLAIN
from strmctl.domain.hls.rows.columns import Rows, rows_in

PARTED = [line for number in range(20) for line in ('#EXT-X-PART:URI="p"', "#EXTINF:4,", "a.ts")]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param(PLAIN, [20], id="all"),
        pytest.param(PLAIN[:-1], [19], id="no URI"),
        pytest.param(["#EXTM3U", *PLAIN, "#EXT-X-ENDLIST"], [20], id="around them"),
        pytest.param(["#EXTM3U", *PLAIN, *PARTED], [40], id="rows of two kinds"),
        pytest.param(PLAIN[:4], [], id="too few"),
        pytest.param([*PLAIN[:24], "#EXT-X-GAP", *PLAIN], [32], id="a tag"),
        pytest.param([*PLAIN[:25], "", *PLAIN[25:]], [20], id="a blank line"),
        pytest.param([*PLAIN[:25], "# c", *PLAIN[25:]], [20], id="a comment"),
        pytest.param([*PLAIN[:25], "#EXT-X-NEW:A=1", *PLAIN[25:]], [20], id="an unknown tag"),
        pytest.param([*PLAIN[:25], '#EXT-X-NEW:URI="a"', *PLAIN[25:]], [20], id="its URI"),
        pytest.param([*PLAIN[:25], "#http://a/?b=c", *PLAIN[25:]], [20], id="an address"),
        pytest.param([*PLAIN[:24], '#EXT-X-MAP:URI="a"', *PLAIN], [32], id="a map"),
        pytest.param([*PLAIN[:24], "a.ts", *PLAIN], [33], id="no EXTINF"),
        pytest.param([*PLAIN[:25], "#EXTINF:1,", *PLAIN[25:]], [20], id="two EXTINF"),
        pytest.param([*PLAIN[:25], " b.ts", *PLAIN[25:]], [12, 8], id="an indented URI"),
        pytest.param([*PLAIN[:24], "#EXT-X-ENDLIST", *PLAIN], [12, 20], id="of another meaning"),
        pytest.param([*PLAIN[:25], "\ufeff#EXT-X-GAP", *PLAIN[25:]], [12, 8], id="a BOM"),
        pytest.param([*PLAIN[:24], *["#EXT-X-GAP"] * 9, *PLAIN], [32], id="many tags"),
        pytest.param(PLAIN * 100, [2000], id="many"),
        pytest.param([], [], id="none"),
    ],
)
def test_which_rows_are_read_at_once(lines: Sequence[str], expected: list[int]) -> None:
    found = list(rows_in(list(lines)))
    assert [len(each.uris) for each in found if isinstance(each, Rows)] == expected
    shown = [each.lines if isinstance(each, Rows) else each for each in found]
    assert [line for part in shown for line in part] == lines
