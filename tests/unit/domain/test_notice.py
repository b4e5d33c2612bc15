"""Changes of one file join, servers rest longer each time, and paths are those of the server."""

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from strmctl.domain.notice import FileChange, joined, retry_delay, server_path

CREATED, MODIFIED, DELETED = FileChange.CREATED, FileChange.MODIFIED, FileChange.DELETED


@pytest.mark.parametrize(
    ("waiting", "later", "told"),
    [
        pytest.param(None, CREATED, CREATED, id="nothing-waits"),
        pytest.param(CREATED, MODIFIED, CREATED, id="created-modified"),
        pytest.param(CREATED, DELETED, None, id="created-deleted"),
        pytest.param(MODIFIED, MODIFIED, MODIFIED, id="modified-twice"),
        pytest.param(MODIFIED, DELETED, DELETED, id="modified-deleted"),
        pytest.param(DELETED, CREATED, MODIFIED, id="deleted-created"),
    ],
)
def test_two_changes_join(
    waiting: FileChange | None, later: FileChange, told: FileChange | None
) -> None:
    assert joined(waiting, later) is told


@given(st.booleans(), st.lists(st.booleans()))
def test_a_whole_history_is_told_as_its_beginning_and_end(
    was_there: bool, later: list[bool]
) -> None:
    """Each state is whether there is a file; from one to the next it is made, replaced or gone."""
    told: FileChange | None = None
    changed = False
    for before, after in pairwise([was_there, *later]):
        if before or after:
            changed = True
            change = DELETED if not after else MODIFIED if before else CREATED
            told = joined(told, change)
    is_there = [was_there, *later][-1]
    expected = {
        (False, True): CREATED,
        (True, False): DELETED,
        (True, True): MODIFIED if changed else None,
        (False, False): None,
    }
    assert told is expected[was_there, is_there]


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_a_rest_is_never_shorter_than_10_s_nor_longer_than_an_hour(
    attempts: int, chance: float
) -> None:
    assert timedelta(seconds=10) <= retry_delay(attempts, chance) <= timedelta(hours=1)


def test_rests_double() -> None:
    seconds = [retry_delay(attempts, 0.5).total_seconds() for attempts in (1, 2, 3, 4, 9, 10, 50)]
    assert seconds == [10, 20, 40, 80, 2560, 3600, 3600]


def test_rests_are_spread() -> None:
    assert retry_delay(4, 0.0) == timedelta(seconds=60)
    assert retry_delay(4, 1.0) == timedelta(seconds=100)


@pytest.mark.parametrize(
    ("library", "path"),
    [
        pytest.param("/media/strm", "/media/strm/Show/S 1/x.strm", id="posix"),
        pytest.param("/media/strm/", "/media/strm/Show/S 1/x.strm", id="slash-at-its-end"),
        pytest.param("/", "/Show/S 1/x.strm", id="root"),
        pytest.param("D:\\strm", "D:\\strm\\Show\\S 1\\x.strm", id="windows"),
        pytest.param("D:\\", "D:\\Show\\S 1\\x.strm", id="drive"),
        pytest.param("D:", "D:\\Show\\S 1\\x.strm", id="drive-alone"),
        pytest.param("D:/strm", "D:/strm/Show/S 1/x.strm", id="windows-with-slashes"),
        pytest.param("\\\\nas\\strm", "\\\\nas\\strm\\Show\\S 1\\x.strm", id="share"),
        pytest.param("smb://nas/strm", "smb://nas/strm/Show/S 1/x.strm", id="kodi-share"),
        pytest.param("/odd\\name", "/odd\\name/Show/S 1/x.strm", id="posix-with-a-backslash"),
    ],
)
def test_the_path_that_the_server_sees(library: str, path: str) -> None:
    assert server_path(library, "Show/S 1/x.strm") == path
