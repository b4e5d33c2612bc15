"""`list`, `stats`, `runs` and `doctor` on a terminal of 80 columns, as people see them."""

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from rich.cells import cell_len

from stage.command_line import Strmctl

ENTRIES = """site,slug,season,episode,language,title,url
media.example,the-long-way,1,1,German Dub,The Long Way to a Small Angry Planet,
media.example,the-long-way,1,2,German Dub,The Long Way to a Small Angry Planet,
media.example,dune,,,German Dub,Dune,
"""
LIST = """\
id  state    episode  language    path
────────────────────────────────────────────────────────────────────────────────
 1  unknown  S01E01   German Dub  The Long Way to a Small…gry Planet S01E01.strm
 2  unknown  S01E02   German Dub  The Long Way to a Small…gry Planet S01E02.strm
 3  unknown  -        German Dub  Dune/Dune.strm
"""
STATS = """\
what needs attention
────────────────────
3 of 3 links (100 %) unknown: no verdict yet
site           unknown  links
─────────────────────────────
media.example        3      3
all                  3      3
links that                             number
─────────────────────────────────────────────
have expired                                0
expire within 2h                            0
were not probed within 6h                   3
were healed in mid-play since …             0
were not healed                             0
resumed after a cut                         0
were bound to another address               0
were played                                 0
were resolved                               0
"""


@pytest.fixture(autouse=True)
def _three(strmctl: Strmctl, library: Path) -> None:
    strmctl("write", "--from", "-", stdin=ENTRIES)


def terminal(*arguments: str, columns: int = 80) -> str:
    """What a command writes on a terminal, with the line ends of a file."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "strmctl", *arguments, "--no-color"],
        stdout=theirs,
        stderr=theirs,
        env=os.environ | {"COLUMNS": str(columns), "TERM": "xterm-256color"},
    ):
        os.close(theirs)
        parts = []
        try:
            while part := os.read(ours, 65536):
                parts.append(part)
        except OSError:  # EIO is how Linux says that the last writer has gone.
            pass
    os.close(ours)
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", b"".join(parts).decode()).replace("\r\n", "\n")


def test_the_list_fits() -> None:
    assert terminal("list") == LIST


def test_the_stats_fit() -> None:
    shown = re.sub(r"since [0-9-]+", "since …", terminal("stats"))
    assert [line.split() for line in shown.splitlines() if "─" not in line] == [
        line.split() for line in STATS.splitlines() if "─" not in line
    ]


@pytest.mark.parametrize("command", [["list"], ["stats"], ["runs"], ["keys", "list"]])
def test_nothing_is_wider_than_the_terminal(command: list[str]) -> None:
    shown = terminal(*command)
    assert shown
    assert [line for line in shown.splitlines() if cell_len(line) > 80] == []


def test_a_wide_terminal_has_room_for_site_and_slug() -> None:
    heading = terminal("list", columns=160).splitlines()[0]
    assert heading.split() == ["id", "state", "site", "slug", "episode", "language", "path"]


@pytest.mark.parametrize(
    ("form", "first"),
    [
        pytest.param("tsv", "1\tunknown\tmedia.example\tthe-long-way\t1\t1\tGerman Dub", id="tsv"),
        pytest.param("json", '{"type":"mapping","id":1,', id="json"),
        pytest.param("table", "id  state", id="table"),
    ],
)
def test_the_form_that_is_asked_for(strmctl: Strmctl, form: str, first: str) -> None:
    assert strmctl("list", "--format", form).out.startswith(first)
    assert terminal("list", "--format", form).startswith(first)


@pytest.mark.parametrize("command", ["list", "stats", "runs"])
def test_a_form_that_is_none(strmctl: Strmctl, command: str) -> None:
    assert "table, tsv, json" in strmctl(command, "--format", "xml", code=2).err


@pytest.mark.parametrize(
    ("options", "ids"),
    [
        pytest.param(("--sort", "path"), [3, 1, 2], id="path"),
        pytest.param(("--sort", "episode"), [3, 1, 2], id="episode"),
        pytest.param(("--sort", "id", "--reverse"), [3, 2, 1], id="reverse"),
        pytest.param(("--sort", "path", "--reverse", "--limit", "2"), [2, 1], id="the last two"),
        pytest.param(("--sort", "worst"), [3, 1, 2], id="all alike"),
        pytest.param(("--sort", "expires", "--limit", "1"), [1], id="expires"),
    ],
)
def test_the_list_is_sorted_as_asked(
    strmctl: Strmctl, options: tuple[str, ...], ids: list[int]
) -> None:
    *mappings, _ = strmctl("list", *options, "--json").records
    assert [mapping["id"] for mapping in mappings] == ids


def test_no_such_order(strmctl: Strmctl) -> None:
    assert "worst" in strmctl("list", "--sort", "colour", code=2).err


def test_nothing_has_no_heading() -> None:
    assert terminal("list", "--state", "dead") == "no matches\n"
