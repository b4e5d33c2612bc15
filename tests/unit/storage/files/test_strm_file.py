"""Old or new, never half; untouched where nothing changes; never outside the library."""

import fcntl
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from strmctl.errors import ItemError
from strmctl.storage.files.strm_file import LibraryFiles

OLD, NEW = b"http://old/\n", b"http://new/ " * 50 + b"\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "library"
    root.mkdir()
    return root


@pytest.fixture
def files(root: Path) -> LibraryFiles:
    return LibraryFiles(root)


def test_a_file_and_its_folders_are_made(files: LibraryFiles, root: Path) -> None:
    assert files.read("Show/Season 01/x.strm") is None
    assert files.replace("Show/Season 01/x.strm", NEW)
    assert files.read("Show/Season 01/x.strm") == NEW
    assert [path.name for path in root.rglob("*")] == ["Show", "Season 01", "x.strm"]


def test_the_umask_decides_about_permissions(files: LibraryFiles, root: Path) -> None:
    before = os.umask(0o027)
    try:
        files.replace("x.strm", NEW)
    finally:
        os.umask(before)
    assert (root / "x.strm").stat().st_mode & 0o777 == 0o640


def test_equal_content_is_not_touched(files: LibraryFiles, root: Path) -> None:
    files.replace("x.strm", NEW)
    before = (root / "x.strm").stat()
    assert not files.replace("x.strm", NEW)
    after = (root / "x.strm").stat()
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)
    assert files.replace("x.strm", OLD)
    assert files.read("x.strm") == OLD


def test_one_bad_file_does_not_stop_the_others(files: LibraryFiles, root: Path) -> None:
    (root / "a.strm").mkdir(parents=True)
    (root / "file").write_text("in the way of a folder")
    contents = {f"Show/{number}.strm": NEW for number in range(100)}
    failed = files.write_all({"a.strm": NEW, "file/b.strm": NEW, **contents})
    assert set(failed) == {"a.strm", "file/b.strm"}
    assert files.read_all(contents) == contents
    assert not list(root.rglob(".*"))


@pytest.mark.parametrize("link", ["outside", "loop"])
def test_a_link_out_of_the_library_is_not_followed(
    files: LibraryFiles, root: Path, tmp_path: Path, link: str
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x.strm").write_bytes(OLD)
    (root / "Show").symlink_to(outside if link == "outside" else root / "Show")
    with pytest.raises(ItemError):
        files.read("Show/x.strm")
    assert set(files.write_all({"Show/x.strm": NEW})) == {"Show/x.strm"}
    with pytest.raises(ItemError):
        files.remove("Show/x.strm")
    assert (outside / "x.strm").read_bytes() == OLD
    assert len(list(outside.iterdir())) == 1


def test_a_link_within_the_library_is_fine(files: LibraryFiles, root: Path) -> None:
    (root / "Disk 2/Show").mkdir(parents=True)
    (root / "Show").symlink_to("Disk 2/Show")
    assert files.replace("Show/x.strm", NEW)
    assert (root / "Disk 2/Show/x.strm").read_bytes() == NEW


@pytest.mark.parametrize(
    ("path", "other", "is_one"),
    [
        pytest.param("real/x.strm", "real/x.strm", True, id="the same path"),
        pytest.param("real/x.strm", "link/x.strm", True, id="through a link"),
        pytest.param("real/hard.strm", "real/x.strm", False, id="a hard link"),
        pytest.param("real/x.strm", "real/copy.strm", False, id="a copy"),
        pytest.param("real/x.strm", "real/gone.strm", False, id="one that is gone"),
        pytest.param("real/gone.strm", "link/gone.strm", False, id="both gone"),
    ],
)
@pytest.mark.parametrize("hard", [False, True], ids=["single", "hard linked"])
def test_which_paths_name_one_file(
    files: LibraryFiles, root: Path, path: str, other: str, is_one: bool, hard: bool
) -> None:
    (root / "real").mkdir()
    (root / "link").symlink_to("real")
    (root / "real/x.strm").write_bytes(NEW)
    (root / "real/copy.strm").write_bytes(NEW)
    if hard:
        (root / "real/hard.strm").hardlink_to(root / "real/x.strm")
    assert files.is_one(path, other) is is_one
    assert files.is_one(other, path) is is_one


@pytest.mark.parametrize(
    ("path", "may_be_one"),
    [
        pytest.param("link/x.strm", True, id="a link"),
        pytest.param("real/X.strm", True, id="another case"),
        pytest.param("Link/x.strm", False, id="another folder"),
        pytest.param("real/y.strm", False, id="another name"),
        pytest.param("x.strm", False, id="above"),
    ],
)
def test_which_paths_may_name_one_file(
    files: LibraryFiles, root: Path, path: str, may_be_one: bool
) -> None:
    (root / "real").mkdir()
    (root / "link").symlink_to("real")
    places = files.places(["real/x.strm", path])
    assert (places[path] == places["real/x.strm"]) is may_be_one


def test_a_file_that_is_a_link_is_left_alone(
    files: LibraryFiles, root: Path, tmp_path: Path
) -> None:
    (tmp_path / "precious.txt").write_bytes(OLD)
    (root / "x.strm").symlink_to(tmp_path / "precious.txt")
    with pytest.raises(ItemError, match="symbolic link"):
        files.replace("x.strm", NEW)
    assert (tmp_path / "precious.txt").read_bytes() == OLD


@pytest.mark.parametrize("kind", ["pipe", "large"])
def test_what_is_no_strm_is_not_read(files: LibraryFiles, root: Path, kind: str) -> None:
    if kind == "pipe":
        os.mkfifo(root / "x.strm")
    else:
        (root / "x.strm").write_bytes(b"x" * 70_000)
    with pytest.raises(ItemError, match=r"not a \.strm"):
        files.read("x.strm")


def test_leftovers_of_a_killed_run_are_removed(files: LibraryFiles, root: Path) -> None:
    (root / "Show").mkdir(parents=True)
    (root / "Show/.strmctl-killed-1.tmp").write_bytes(b"http://ha")
    (root / "Show/.nomedia").write_bytes(b"")
    files.replace("Show/x.strm", NEW)
    assert sorted(path.name for path in (root / "Show").iterdir()) == [".nomedia", "x.strm"]


def test_leftovers_stay_while_another_run_is_writing(files: LibraryFiles, root: Path) -> None:
    (root / ".strmctl-other-1.tmp").write_bytes(b"http://ha")
    other = os.open(root, os.O_RDONLY)
    try:
        fcntl.flock(other, fcntl.LOCK_SH)
        assert files.replace("x.strm", NEW)
        assert (root / ".strmctl-other-1.tmp").exists()
    finally:
        os.close(other)
    assert files.replace("y.strm", NEW)
    assert not (root / ".strmctl-other-1.tmp").exists()


@pytest.mark.parametrize("place", ["/proc/library", "file/library"])
def test_where_no_library_can_be(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("a file")
    files = LibraryFiles(tmp_path / place)
    with pytest.raises(ItemError, match="cannot be the library"):
        files.check_writable()


def test_a_library_that_is_away_is_made_only_on_purpose(tmp_path: Path) -> None:
    files = LibraryFiles(tmp_path / "library")
    with pytest.raises(ItemError, match="the library is not there"):
        files.replace("x.strm", NEW)
    assert list(tmp_path.iterdir()) == []
    files.check_writable()
    assert files.replace("x.strm", NEW)


def test_removing_takes_empty_folders_along(files: LibraryFiles, root: Path) -> None:
    files.write_all({"A/B/x.strm": NEW, "A/y.strm": NEW})
    assert files.remove("A/B/x.strm")
    assert not files.remove("A/B/x.strm")
    assert [path.name for path in root.rglob("*")] == ["A", "y.strm"]
    assert files.remove("A/y.strm")
    assert list(root.iterdir()) == []


_REMOVE = """
import sys
from pathlib import Path
from strmctl.storage.files.strm_file import LibraryFiles
files = LibraryFiles(Path(sys.argv[1]))
assert files.replace("Movies/x.strm", b"http://x/")
assert files.remove("Movies/x.strm")
assert not files.exists("Movies/x.strm")
"""


@pytest.mark.parametrize(
    "make",
    [
        pytest.param("mkdir real && ln -s real Movies", id="a-link"),
        pytest.param("mkdir Movies && mount -t tmpfs tmpfs Movies", id="a-mount-point"),
        pytest.param("mkdir Movies && chmod 555 .", id="in-a-folder-that-cannot-be-written"),
    ],
)
def test_an_empty_folder_that_cannot_go_stays(root: Path, make: str) -> None:
    script = f'{make} && exec setpriv --bounding-set -dac_override,-dac_read_search "$@"'
    ended = subprocess.run(
        ["unshare", "-m", "sh", "-c", script, "sh", sys.executable, "-c", _REMOVE, root],
        cwd=root,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    assert (root / "Movies").is_dir()


_WRITE = """
import sys
from pathlib import Path
from strmctl.storage.files.strm_file import LibraryFiles
files, content = LibraryFiles(Path(sys.argv[1])), sys.argv[2].encode()
for _ in range(30):
    failed = files.write_all({f"Show/{number}.strm": content * 100 for number in range(20)})
    assert not failed, failed
"""


def test_readers_see_whole_files_while_two_processes_write(files: LibraryFiles, root: Path) -> None:
    names = [f"Show/{number}.strm" for number in range(20)]
    whole = {letter.encode() * 100 for letter in "ab"}
    writers = [subprocess.Popen([sys.executable, "-c", _WRITE, root, letter]) for letter in "ab"]
    seen: set[object] = set()
    while any(writer.poll() is None for writer in writers):
        seen |= set(files.read_all(names).values())
    assert [writer.returncode for writer in writers] == [0, 0]
    assert seen - {None} <= whole
    assert set(files.read_all(names).values()) <= whole
    assert len(list((root / "Show").iterdir())) == 20


def test_threads_do_not_disturb_each_other(files: LibraryFiles, root: Path) -> None:
    with ThreadPoolExecutor(4) as threads:
        results = threads.map(
            lambda number: files.write_all({f"{number}/{name}.strm": NEW for name in range(20)}),
            range(8),
        )
    assert list(results) == [{}] * 8
    assert len(list(root.rglob("*.strm"))) == 160
