"""A command line in a process of its own that can be killed right before any of its steps.

A step is what leaves a trace outside of the process: a statement, or a call that changes files.
Steps count from 1.
"""

import io
import json
import os
import signal
import sqlite3
import sys
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from types import FrameType

from stage.forking import context

_CALLS = ("open", "write", "fsync", "rename", "replace", "unlink", "rmdir", "mkdir", "ftruncate")
_MODULES = ("posix", "_io")
_STATEMENTS = ("execute", "executemany", "backup", "commit")


def run(
    folder: Path,
    arguments: Sequence[str],
    *,
    kill_before: int | None = None,
    steps: Path | None = None,
) -> int | None:
    """The exit code in the working folder `folder`, None if it was killed.

    `steps`: a file for the names of all steps, which `telling_steps` reads.
    """
    process = context.Process(target=_main, args=(str(folder), [*arguments], kill_before, steps))
    process.start()
    process.join(120)
    assert process.exitcode is not None, "it hangs"
    return None if process.exitcode == -signal.SIGKILL else process.exitcode


def telling_steps(steps: Path, stride: int) -> list[int]:
    """Each step whose kind is rare, and every `stride`th of all."""
    names: list[str] = json.loads(steps.read_text())
    often = Counter(names)
    return [
        step
        for step, name in enumerate(names, 1)
        if often[name] <= stride or step % stride == 1 % stride
    ]


def _main(folder: str, arguments: list[str], kill_before: int | None, steps: Path | None) -> None:
    os.chdir(folder)
    with Path(os.devnull).open("w") as nowhere:
        sys.stdout = sys.stderr = nowhere
        from strmctl.cli.frame.ending import run_to_the_end

        names: list[str] = []
        if kill_before is not None or steps is not None:
            _at_each_step(partial(_note, names, kill_before))
        code = run_to_the_end(arguments)
        _at_each_step(None)
    if steps is not None:
        steps.write_text(json.dumps(names))
    os._exit(code)


def _note(names: list[str], kill_before: int | None, name: str) -> None:
    names.append(name)
    if len(names) == kill_before:
        os.kill(os.getpid(), signal.SIGKILL)


def _at_each_step(act: Callable[[str], None] | None) -> None:
    counting = threading.Lock()

    def count(_frame: FrameType, event: str, called: object) -> None:
        if act is not None and event == "c_call" and _is_step(called):
            with counting:
                act(str(getattr(called, "__name__", "")))

    threading.setprofile(count if act else None)
    sys.setprofile(count if act else None)


def _is_step(called: object) -> bool:
    name, owner = getattr(called, "__name__", ""), getattr(called, "__self__", None)
    if isinstance(owner, sqlite3.Connection | sqlite3.Cursor):
        return name in _STATEMENTS
    is_of_files = isinstance(owner, io.RawIOBase | io.BufferedIOBase)
    return name in _CALLS and (is_of_files or getattr(called, "__module__", None) in _MODULES)
