"""`strmctl init` where the library is a folder that Docker made as root, or a read-only disk."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

_AS_NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
_READ_ONLY = ["unshare", "--mount", "sh", "-c"]
_CODE = "import sys; from strmctl.__main__ import main; sys.argv[0] = 'strmctl'; sys.exit(main())"


@pytest.fixture
def place() -> Iterator[Path]:
    """Everybody gets to it: pytest's own folders are for one user, and made so again by others."""
    with TemporaryDirectory(prefix="strmctl-unwritable-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.mark.parametrize("kind", ["of-root", "read-only", "on-a-read-only-disk"])
def test_100_init_with_a_library_that_cannot_be_written(place: Path, kind: str) -> None:
    library, data = place / "library", place / "data"
    library.mkdir(mode=0o555 if kind == "read-only" else 0o755)
    data.mkdir()
    data.chmod(0o777)
    init = [sys.executable, "-c", _CODE, "init", "--library", str(library)]
    if kind == "on-a-read-only-disk":
        mount = f"mount --bind {library} {library} && mount -o remount,bind,ro {library}"
        command = [*_READ_ONLY, f'{mount} && exec "$@"', "sh", *init]
    else:
        os.chown(library, 0, 0)
        command = [*_AS_NOBODY, *init]
    ended = subprocess.run(command, cwd=data, capture_output=True, text=True, check=False)
    assert ended.returncode == 3, ended.stderr
    [line] = ended.stderr.splitlines()
    assert str(library) in line
    assert "chown" in line
