"""Row 41: runs that begin at the same time, as cron begins them, on real processes."""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from stage.answering import Asked, Reply, Server, answer, answering
from stage.media_server import media_server
from stage.strmctl import Strmctl, new_strmctl
from stage.waiting import until


class Busy:
    """A resolver that answers nobody before `free` is set, then with a link that plays."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.free = threading.Event()

    def __call__(self, asked: Asked) -> Reply:
        self.free.wait(100)
        return answer(self._url)


@pytest.fixture
def busy() -> Iterator[Busy]:
    with media_server() as media:
        busy = Busy(media.url("film.ts"))
        yield busy
        busy.free.set()


@pytest.fixture
def server(busy: Busy) -> Iterator[Server]:
    with answering(busy) as server:
        yield server


@pytest.fixture
def strmctl(server: Server, tmp_path: Path) -> Strmctl:
    strmctl = new_strmctl(tmp_path / "home", server.url)
    strmctl.write("one-piece")
    return strmctl


@contextmanager
def beginning(strmctl: Strmctl, *arguments: str) -> "Iterator[subprocess.Popen[str]]":
    with strmctl.popen(*arguments) as process:
        try:
            yield process
        finally:
            process.kill()


def test_41_of_two_runs_that_overlap_one_exits_5(
    strmctl: Strmctl, server: Server, busy: Busy
) -> None:
    with beginning(strmctl, "refresh", "--all", "-q") as first:
        until(lambda: bool(server.asked), "the first run asks the resolver", 60)
        second = strmctl.run("refresh", "--all", "-q")
        assert (second.returncode, second.stdout) == (5, "")
        [line] = second.stderr.splitlines()
        assert line.startswith(f"strmctl: `strmctl refresh --all -q` (pid {first.pid}, since ")
        busy.free.set()
        assert first.wait(60) == 0
    assert len(server.asked) == 1


def test_41_of_two_runs_that_overlap_one_waits(
    strmctl: Strmctl, server: Server, busy: Busy
) -> None:
    with beginning(strmctl, "refresh", "--all", "-q") as first:
        until(lambda: bool(server.asked), "the first run asks the resolver", 60)
        with beginning(strmctl, "refresh", "--all", "--wait", "1m") as second:
            assert second.stderr is not None
            waiting = second.stderr.readline()
            assert waiting.startswith(f"waiting until `strmctl refresh --all -q` (pid {first.pid},")
            assert len(server.asked) == 1
            busy.free.set()
            assert (first.wait(60), second.wait(60)) == (0, 0)
    assert len(server.asked) == 2


@pytest.mark.slow
def test_41_cron_and_serve_start_together_on_a_new_database(
    strmctl: Strmctl, busy: Busy, tmp_path: Path
) -> None:
    busy.free.set()
    for number in range(2):
        (strmctl.folder / "strmctl.db").unlink()
        (strmctl.folder / "strmctl.db").touch()
        rows = tmp_path / "rows.csv"
        rows.write_text("site,slug,season,episode,language\nmade.up,one-piece,1,2,de\n")
        with ExitStack() as together:
            started = [
                together.enter_context(beginning(strmctl, *arguments))
                for arguments in (
                    ("refresh", "--all", "--wait", "1m"),
                    ("write", "--from", str(rows)),
                    ("migrate",),
                )
            ]
            together.enter_context(strmctl.serving())
            ended = [(process.wait(60), process.communicate()[1]) for process in started]
        assert [code for code, _ in ended] == [0, 0, 0], (number, ended)
        assert '"count":1' in strmctl.run("list", "--json").stdout
