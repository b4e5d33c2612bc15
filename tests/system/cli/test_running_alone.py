"""`Run.alone`: the database as it is once nobody else changes the library."""

import io
import threading
from contextlib import redirect_stderr
from pathlib import Path

import pytest

from stage.command_line import Strmctl
from strmctl.cli.frame.run import EveryCommand, Run
from strmctl.domain.selection import Selection
from strmctl.storage.locks.run_lock import run_lock
from strmctl.storage.tables.mappings import Mappings

MOVIE = ("--site", "a.to", "--slug", "film", "--language", "de")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        pytest.param(["refresh", "--dead", "-q"], "refresh --dead -q", id="whole"),
        pytest.param(["--json", "refresh", "--dead"], "refresh --dead", id="from its name on"),
        pytest.param([], "refresh", id="unknown"),
        pytest.param(["refresh", "--api-key", "hunter2"], "refresh --api-key '***'", id="secret"),
        pytest.param(
            ["refresh", "--site", "https://u:hunter2@a/?t=hunter2"],
            "refresh --site 'https://***@a/?***'",
            id="URL",
        ),
        pytest.param(["refresh", "--series", "a b"], "refresh --series 'a b'", id="quoted"),
    ],
)
def test_others_are_told_the_command_line(library: Path, arguments: list[str], told: str) -> None:
    with Run(EveryCommand(), arguments).alone("refresh"):
        note = (library / "strmctl.db.lock").read_text()
    assert note.split(" ", 2)[2] == told


@pytest.mark.parametrize("wait", ["soon", "-1s", "", "9999999999999999d"])
def test_a_wait_that_is_no_duration(strmctl: Strmctl, library: Path, wait: str) -> None:
    ended = strmctl("refresh", "--all", f"--wait={wait}", code=2)
    assert "it takes a duration such as 10m" in ended.err


class Heard(io.StringIO):
    """Stands for stderr: `at_all` is set when the first thing is said."""

    def __init__(self) -> None:
        super().__init__()
        self.at_all = threading.Event()

    def write(self, text: str) -> int:
        self.at_all.set()
        return super().write(text)


def test_what_is_restored_during_the_wait_is_opened(strmctl: Strmctl, library: Path) -> None:
    strmctl("backup", "copy.db")
    strmctl("write", *MOVIE)
    heard, held = Heard(), threading.Event()

    def restore() -> None:
        with run_lock(library / "strmctl.db", "doctor"):
            held.set()
            assert heard.at_all.wait(60)
            (library / "copy.db").replace(library / "strmctl.db")

    holder = threading.Thread(target=restore)
    holder.start()
    assert held.wait(60)
    with redirect_stderr(heard), Run(EveryCommand()).alone("refresh", "1m") as database:
        assert Mappings(database).count(Selection()) == 0
    holder.join()
    assert heard.getvalue().startswith("waiting until `strmctl doctor` (pid ")
