"""What is recorded waits until it is confirmed, once for each target, and nobody tells it twice."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from strmctl.domain.notice import FileChange, Notice
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.notices import Notices

CREATED, MODIFIED, DELETED = FileChange.CREATED, FileChange.MODIFIED, FileChange.DELETED
MINUTE = timedelta(minutes=1)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with Database.open(tmp_path / "notices.db") as database:
        yield database


@pytest.fixture
def notices(database: Database) -> Notices:
    return Notices(database)


def record(notices: Notices, *changes: FileChange, path: str = "a.strm") -> None:
    for change in changes:
        with notices.recording(["tv"], {path: change}):
            pass


def soon() -> datetime:
    return datetime.now(UTC) + timedelta(seconds=1)


def claim(notices: Notices, now: datetime | None = None, limit: int = 500) -> list[Notice]:
    now = now or soon()
    return notices.claim("tv", now, now + 2 * MINUTE, limit)


def told(found: list[Notice]) -> list[tuple[str, str]]:
    return [(notice.strm_path, notice.change.value) for notice in found]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param([CREATED, MODIFIED], ["created"], id="created"),
        pytest.param([CREATED, DELETED], [], id="nothing-is-left"),
        pytest.param([CREATED, DELETED, CREATED], ["created"], id="made-again"),
        pytest.param([DELETED, CREATED], ["modified"], id="replaced"),
        pytest.param([MODIFIED, DELETED], ["deleted"], id="deleted"),
    ],
)
def test_changes_of_a_file_are_one_notice(
    notices: Notices, changes: list[FileChange], expected: list[str]
) -> None:
    record(notices, *changes)
    assert [notice.change for notice in claim(notices)] == expected


def test_every_target_is_told(notices: Notices) -> None:
    with notices.recording(["tv", "radio"], {"a.strm": CREATED, "b.strm": DELETED}):
        pass
    assert notices.due_targets(soon()) == {"tv", "radio"}
    assert told(claim(notices)) == [("a.strm", "created"), ("b.strm", "deleted")]
    assert notices.backlogs()["radio"].count == 2


def test_nothing_is_told_before_the_file_has_changed(notices: Notices) -> None:
    with notices.recording(["tv"], {"a.strm": CREATED}):
        assert claim(notices) == []
    assert told(claim(notices)) == [("a.strm", "created")]


def test_what_a_killed_run_has_announced_is_told_later(notices: Notices) -> None:
    killed = notices.recording(["tv"], {"a.strm": CREATED})
    killed.__enter__()
    assert claim(notices) == []
    assert told(claim(notices, soon() + MINUTE)) == [("a.strm", "created")]


def test_a_kill_before_a_file_is_deleted_does_not_lose_its_creation(notices: Notices) -> None:
    record(notices, CREATED)
    killed = notices.recording(["tv"], {"a.strm": DELETED})
    killed.__enter__()
    assert told(claim(notices, soon() + MINUTE)) == [("a.strm", "created")]


@pytest.mark.parametrize(
    ("before", "failed", "expected"),
    [
        pytest.param([], CREATED, [], id="nothing-waited"),
        pytest.param([CREATED], DELETED, ["created"], id="its-creation-waited"),
        pytest.param([MODIFIED], DELETED, ["modified"], id="a-change-waited"),
    ],
)
def test_what_fails_is_not_told(
    notices: Notices, before: list[FileChange], failed: FileChange, expected: list[str]
) -> None:
    record(notices, *before)
    with notices.recording(["tv"], {"a.strm": failed, "b.strm": CREATED}) as unchanged:
        unchanged.add("a.strm")
    found = {notice.strm_path: notice.change.value for notice in claim(notices)}
    assert found.pop("b.strm") == "created"
    assert list(found.values()) == expected


def test_what_fails_by_an_exception_is_not_told(notices: Notices) -> None:
    def fail() -> None:
        with notices.recording(["tv"], {"a.strm": DELETED}) as unchanged:
            unchanged.add("a.strm")
            raise PermissionError

    with pytest.raises(PermissionError):
        fail()
    assert claim(notices, soon() + MINUTE) == []


def test_confirmed_is_gone(notices: Notices) -> None:
    record(notices, CREATED)
    notices.done(claim(notices), soon())
    assert notices.backlogs() == {}


def test_a_target_rests_as_a_whole(notices: Notices) -> None:
    record(notices, CREATED)
    now = soon()
    notices.postpone(claim(notices, now), now + MINUTE)
    record(notices, CREATED, path="b.strm")
    assert claim(notices, now) == []
    assert told(claim(notices, now + MINUTE)) == [("a.strm", "created"), ("b.strm", "created")]


def test_a_change_while_the_target_rests_joins_and_waits(notices: Notices) -> None:
    record(notices, MODIFIED)
    now = soon()
    notices.postpone(claim(notices, now), now + MINUTE)
    record(notices, DELETED)
    assert claim(notices, now) == []
    assert told(claim(notices, now + MINUTE)) == [("a.strm", "deleted")]


def test_what_one_process_tells_no_other_does(notices: Notices) -> None:
    record(notices, CREATED)
    now = soon()
    assert told(claim(notices, now)) == [("a.strm", "created")]
    assert claim(notices, now + MINUTE) == []
    assert told(claim(notices, now + 2 * MINUTE)) == [("a.strm", "created")], "it was killed"


def test_a_change_while_it_is_told_is_told_again(notices: Notices) -> None:
    record(notices, CREATED)
    now = soon()
    told_now = claim(notices, now)
    record(notices, MODIFIED)
    notices.done(told_now, now)
    assert told(claim(notices, now + MINUTE)) == [("a.strm", "created")]


def test_a_file_that_goes_while_its_creation_is_told(notices: Notices) -> None:
    record(notices, CREATED)
    now = soon()
    told_now = claim(notices, now)
    record(notices, DELETED)
    notices.done(told_now, now)
    assert told(claim(notices, now)) == [("a.strm", "deleted")]


def test_batches_are_bounded(notices: Notices) -> None:
    with notices.recording(["tv"], {f"{number:02}.strm": CREATED for number in range(5)}):
        pass
    first = claim(notices, limit=3)
    notices.done(first, soon())
    assert told(first + claim(notices, limit=3)) == [(f"{n:02}.strm", "created") for n in range(5)]


def test_old_notices_and_those_of_strangers_are_dropped(notices: Notices) -> None:
    record(notices, CREATED, path="a.strm")
    record(notices, CREATED, path="b.strm")
    with notices.recording(["gone"], {"a.strm": CREATED}):
        pass
    now = soon()
    assert notices.drop(now - MINUTE, ["tv"]) == {"gone": 1}
    assert notices.drop(now + MINUTE, ["tv"]) == {"tv": 2}
    assert notices.backlogs() == {}


def test_many_claim_at_once_and_each_notice_is_told_once(tmp_path: Path) -> None:
    path = tmp_path / "notices.db"
    with Database.open(path) as database:
        with Notices(database).recording(["tv"], {f"{n}.strm": CREATED for n in range(40)}):
            pass
    now, seen = soon(), []

    def tell() -> None:
        with Database.open(path) as database:
            while batch := claim(Notices(database), now, limit=4):
                seen.extend(told(batch))
                Notices(database).done(batch, now)

    threads = [threading.Thread(target=tell) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tell()
    assert sorted(seen) == sorted((f"{number}.strm", "created") for number in range(40))
