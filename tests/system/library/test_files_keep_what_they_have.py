"""Whatever command replaces a file leaves its owner, group, mode and attributes as they were."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from stage.command_line import Strmctl

FILE = "Show (2020)/Season 01/Show (2020) - S01E02.strm"
URL = "https://cdn.example/show/s01e02.mp4\n"


def attributes(file: Path) -> tuple[int, int, int, bytes]:
    status = file.lstat()
    mode = stat.S_IMODE(status.st_mode)
    return status.st_uid, status.st_gid, mode, os.getxattr(file, "user.tag")


def give(file: Path) -> None:
    os.chown(file, 1000, 1234)
    file.chmod(0o664)
    os.setxattr(file, "user.tag", b"watched")


def imported(strmctl: Strmctl, library: Path) -> Path:
    file = library / "library" / FILE
    file.parent.mkdir(parents=True)
    file.write_text(URL)
    give(file)
    strmctl("import", "library", "--site", "a.to", "--language", "de")
    return file


def rewrite(strmctl: Strmctl) -> None:
    os.environ["STRM_PUBLIC_BASE_URL"] = "http://10.0.0.9:8888"
    strmctl("rewrite", "--force")


def undo(strmctl: Strmctl) -> None:
    strmctl("undo", "--force")


def direct(strmctl: Strmctl) -> None:
    os.environ["STRM_PROXY_MODE"] = "direct"
    strmctl("rewrite", "--force")


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda strmctl: None, id="import"),
        pytest.param(rewrite, id="rewrite"),
        pytest.param(undo, id="undo"),
        pytest.param(direct, id="rewrite into mode direct"),
    ],
)
def test_80_the_file_stays_its_owner_s(
    strmctl: Strmctl,
    library: Path,
    change: Callable[[Strmctl], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("STRM_PUBLIC_BASE_URL", "STRM_PROXY_MODE"):
        monkeypatch.setenv(name, "x")
        monkeypatch.delenv(name)
    file = imported(strmctl, library)
    before = attributes(file)
    content = file.read_text()
    change(strmctl)
    assert attributes(file) == before
    assert change is not rewrite or file.read_text() != content


def test_80_write_moves_a_file_with_all_that_it_has(strmctl: Strmctl, library: Path) -> None:
    identity = ("--site", "a.to", "--slug", "film", "--language", "de")
    strmctl("write", *identity, "--path", "Old.strm")
    give(library / "library" / "Old.strm")
    before = attributes(library / "library" / "Old.strm")
    strmctl("write", *identity, "--path", "Films/New.strm")
    assert attributes(library / "library" / "Films/New.strm") == before
    strmctl("undo")
    assert attributes(library / "library" / "Old.strm") == before
