"""Run as `unshare -m python -m crashes.full_disk MOUNT PREPARED COMMAND STRIDE`.

In a mount namespace of its own, so that nobody else sees the small file system and it goes with
this process.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from stage.dying import run
from stage.scenes import SCENES, check_nothing_is_lost, state
from strmctl.errors import DatabaseError, ItemError

SIZE = 2 * 1024 * 1024
PAGE = 4096
SAID = (DatabaseError.exit_code, ItemError.exit_code)
"""What is wrong, in one line."""


def main(mount: Path, prepared: Path, name: str, stride: int) -> None:
    command = SCENES[name].command
    done = prepared.with_name("done")
    shutil.copytree(prepared, done)
    assert run(done, command) == 0
    before, after = state(prepared), state(done)
    refused = 0
    for free in range(0, SIZE // PAGE, stride):
        with_disk(mount)
        folder = mount / "home"
        shutil.copytree(prepared, folder)
        fill(mount / "ballast", free)
        code = run(folder, command)
        (mount / "ballast").unlink()
        check_nothing_is_lost(before, state(folder), after)
        if code == 0:
            assert state(folder) == after, f"with {free} pages free"
            assert refused, "it never ran out of space"
            sys.stdout.write(f"{refused}\n")
            return
        refused += 1
        assert code in SAID, f"exit code {code} with {free} pages free"
        assert run(folder, command) == 0, f"with {free} pages free, then more"
        assert state(folder) == after, f"with {free} pages free, then more"
    raise AssertionError("it never had enough")


def with_disk(mount: Path) -> None:
    """A new one each time."""
    subprocess.run(["umount", "-q", mount], check=False)
    options = ["-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(mount)]
    subprocess.run(["mount", *options], check=True)


def fill(ballast: Path, free: int) -> None:
    """All but `free` pages."""
    usage = shutil.disk_usage(ballast.parent)
    with ballast.open("wb") as file:
        for _ in range(usage.free // PAGE - free):
            file.write(bytes(PAGE))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
