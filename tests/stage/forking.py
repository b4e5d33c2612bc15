"""A command line in a process that is forked where everything is imported: a tenth of a start.

What starts from nothing is shown by the tests of the start, of endings, of interruptions and of
the installed package, by `Strmctl.popen` and by every job that a server runs.
"""

import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path

context = multiprocessing.get_context("forkserver")
context.set_forkserver_preload(
    ["strmctl.cli.frame.ending", "strmctl.cli.init", "strmctl.cli.write", "strmctl.cli.refresh",
     "strmctl.cli.import", "strmctl.cli.probe", "strmctl.cli.list", "strmctl.cli.doctor",
     "strmctl.server.process", "sqlite_utils", "guessit"]
)  # fmt: skip

# Read at the start, or while modules are imported, as aiohttp reads the authorities of TLS.
_OF_THE_START = ("LANG", "LC_", "PYTHON", "SSL_", "TZ")
_BEFORE = dict(os.environ)


def _machine() -> list[str]:
    """Of this thread: tests stand on machines of their own now and then."""
    return [str(Path(f"/proc/thread-self/ns/{kind}").readlink()) for kind in ("net", "mnt")]


_HERE = _machine()


def is_possible(arguments: Sequence[str], environ: Mapping[str, str]) -> bool:
    """Not for workers, which start from nothing themselves, nor inside of another machine."""
    others = {name for name, value in environ.items() if value != _BEFORE.get(name)}
    meant = any(name.startswith(_OF_THE_START) for name in others)
    return _machine() == _HERE and not meant and "--workers" not in arguments


@dataclass(frozen=True, slots=True)
class Forked:
    """As much of subprocess.Popen as the tests use."""

    process: ForkServerProcess

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    def poll(self) -> int | None:
        return self.process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self.process.join(timeout)
        code = self.process.exitcode
        if code is None:
            raise subprocess.TimeoutExpired("strmctl", timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


def begin(
    folder: Path, arguments: Sequence[str], environ: Mapping[str, str], streams: Sequence[Path]
) -> Forked:
    """`streams` are the files of stdin, stdout and stderr; output is added to what they have."""
    names = [str(stream) for stream in streams]
    values = (str(folder), [*arguments], dict(environ), names)
    process = context.Process(target=_main, args=values)
    process.start()
    return Forked(process)


def run(
    folder: Path, arguments: Sequence[str], environ: Mapping[str, str], stdin: str, seconds: float
) -> "subprocess.CompletedProcess[str]":
    with tempfile.TemporaryDirectory() as place:
        streams = [Path(place) / name for name in ("in", "out", "err")]
        streams[0].write_text(stdin, encoding="utf-8")
        forked = begin(folder, arguments, environ, streams)
        try:
            code = forked.wait(seconds)
        except BaseException:
            forked.send_signal(signal.SIGKILL)
            raise
        out, err = (stream.read_text(encoding="utf-8") for stream in streams[1:])
    return subprocess.CompletedProcess(["strmctl", *arguments], code, out, err)


def _main(folder: str, arguments: list[str], environ: dict[str, str], streams: list[str]) -> None:
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(folder)
    flags = (os.O_RDONLY, *[os.O_WRONLY | os.O_CREAT | os.O_APPEND] * 2)
    for number, (name, flag) in enumerate(zip(streams, flags, strict=True)):
        descriptor = os.open(name, flag, 0o666)
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.stdin = open(0, encoding="utf-8", closefd=False)
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = open(2, "w", 1, "utf-8", "backslashreplace", closefd=False)
    sys.argv = ["strmctl", *arguments]
    # To have a parent is what distinguishes a worker of `serve` from what a user has started.
    multiprocessing.process._parent_process = None  # type: ignore[attr-defined]
    from strmctl.__main__ import main

    try:
        sys.exit(main())
    except Exception:  # noqa: BLE001 - which Python itself would do outside of multiprocessing
        sys.excepthook(*sys.exc_info())
        sys.exit(1)
