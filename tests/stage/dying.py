"""A command line in a process of its own that can be killed right before any of its steps.

A step is what leaves a trace outside of the process: a statement, or a call that changes files.
"""

import io
import multiprocessing
import os
import signal
import sqlite3
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

_CALLS = ("open", "write", "fsync", "rename", "replace", "unlink", "rmdir", "mkdir", "ftruncate")
_MODULES = ("posix", "_io")
_STATEMENTS = ("execute", "executemany", "backup", "commit")

# A server that has imported the command line forks each process, in a few milliseconds.
_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(
    ["strmctl.cli.frame.ending", "strmctl.cli.frame.app", "strmctl.cli.write",
     "strmctl.services.changing.import_",
     "strmctl.services.changing.rewrite", "sqlite_utils", "guessit"]
)  # fmt: skip


def run(folder: Path, arguments: Sequence[str], *, kill_before: int | None = None) -> int | None:
    """The exit code in the working folder `folder`, None if it was killed; steps count from 1."""
    process = _context.Process(target=_main, args=(str(folder), list(arguments), kill_before))
    process.start()
    process.join(60)
    assert process.exitcode is not None, "it hangs"
    return None if process.exitcode == -signal.SIGKILL else process.exitcode


def _main(folder: str, arguments: list[str], kill_before: int | None) -> None:
    os.chdir(folder)
    with Path(os.devnull).open("w") as nowhere:
        sys.stdout = sys.stderr = nowhere
        from strmctl.cli.frame.ending import run_to_the_end

        if kill_before is not None:
            _die_before(kill_before)
        code = run_to_the_end(arguments)
    os._exit(code)


def _die_before(step: int) -> None:
    left = step
    counting = threading.Lock()

    def count(_frame: FrameType, event: str, called: object) -> None:
        nonlocal left
        if event == "c_call" and _is_step(called):
            with counting:
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

    threading.setprofile(count)
    sys.setprofile(count)


def _is_step(called: object) -> bool:
    name, owner = getattr(called, "__name__", ""), getattr(called, "__self__", None)
    if isinstance(owner, sqlite3.Connection | sqlite3.Cursor):
        return name in _STATEMENTS
    is_of_files = isinstance(owner, io.RawIOBase | io.BufferedIOBase)
    return name in _CALLS and (is_of_files or getattr(called, "__module__", None) in _MODULES)
