"""What is replaced keeps owner, group, mode and attributes; what is new follows its folder."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from strmctl.storage.files.strm_file import LibraryFiles

OWNER, GROUP = 1000, 1234


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """A library that belongs to somebody else; only root may make one."""
    before = os.umask(0o022)
    root = tmp_path / "library"
    root.mkdir()
    os.chown(root, OWNER, GROUP)
    root.chmod(0o775)
    yield root
    os.umask(before)


def owned(path: Path) -> tuple[int, int, str]:
    status = path.lstat()
    return status.st_uid, status.st_gid, oct(stat.S_IMODE(status.st_mode))


@pytest.mark.parametrize("mode", [0o664, 0o600, 0o640, 0o777, 0o444, 0o2664])
def test_80_a_replaced_file_keeps_its_own(root: Path, mode: int) -> None:
    file = root / "a.strm"
    file.write_bytes(b"old")
    os.chown(file, 7, 8)
    file.chmod(mode)
    LibraryFiles(root).replace("a.strm", b"new")
    assert file.read_bytes() == b"new"
    assert owned(file) == (7, 8, oct(mode))


def test_80_extended_attributes_are_kept(root: Path) -> None:
    file = root / "a.strm"
    file.write_bytes(b"old")
    os.setxattr(file, "user.tag", b"watched")
    LibraryFiles(root).replace("a.strm", b"new")
    assert os.getxattr(file, "user.tag") == b"watched"


@pytest.mark.parametrize(
    ("folder_mode", "file_mode", "new_folder_mode"),
    [
        pytest.param(0o755, 0o644, 0o755, id="for the owner"),
        pytest.param(0o775, 0o664, 0o775, id="for a group"),
        pytest.param(0o2775, 0o664, 0o2775, id="set-group-id"),
        pytest.param(0o770, 0o660, 0o770, id="closed to others"),
        pytest.param(0o1777, 0o664, 0o775, id="sticky"),
        pytest.param(0o555, 0o644, 0o755, id="not even for the owner"),
    ],
)
def test_80_a_new_file_follows_its_folder(
    root: Path, folder_mode: int, file_mode: int, new_folder_mode: int
) -> None:
    root.chmod(folder_mode)
    assert LibraryFiles(root).write_all({"a.strm": b"a", "Show/Season 01/b.strm": b"b"}) == {}
    assert owned(root / "a.strm") == (OWNER, GROUP, oct(file_mode))
    for folder in ("Show", "Show/Season 01"):
        assert owned(root / folder) == (OWNER, GROUP, oct(new_folder_mode))
    assert owned(root / "Show/Season 01/b.strm") == (OWNER, GROUP, oct(file_mode))


def test_80_a_moved_file_takes_its_own_along(root: Path) -> None:
    old = root / "a.strm"
    old.write_bytes(b"x")
    os.chown(old, 7, 8)
    old.chmod(0o640)
    LibraryFiles(root).write_all({"Show/b.strm": b"y"}, {"Show/b.strm": "a.strm"})
    assert owned(root / "Show/b.strm") == (7, 8, "0o640")


def test_80_a_folder_that_is_there_stays_as_it_is(root: Path) -> None:
    folder = root / "Show"
    folder.mkdir(mode=0o700)
    before = owned(folder)
    LibraryFiles(root).write_all({"Show/b.strm": b"b"})
    assert owned(folder) == before
    assert owned(folder / "b.strm") == (0, 0, "0o600")


def test_80_what_may_not_be_set_is_left_out(root: Path) -> None:
    """Another user, who may write into the folder, cannot give a file away."""
    root.chmod(0o777)
    file = root / "a.strm"
    file.write_bytes(b"old")
    os.chown(file, 7, 8)
    pid = os.fork()
    if pid == 0:  # pragma: no cover - another process
        os.chdir(root)  # the folders above it are closed to others
        os.setgroups([])
        os.setgid(4321)
        os.setuid(4321)
        try:
            LibraryFiles(Path()).replace("a.strm", b"new")
        finally:
            os._exit(0 if Path("a.strm").read_bytes() == b"new" else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert owned(file)[:2] == (4321, 4321)
