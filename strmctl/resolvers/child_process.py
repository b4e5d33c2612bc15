"""A program that is asked a question and, when its time is up, killed with all its children."""

import asyncio
import os
import signal
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from strmctl.errors import ResolverError
from strmctl.resolvers.answer import MAX_BYTES
from strmctl.resolvers.failures import one_line

_CHUNK = 64 * 1024
_STDERR_KEPT = 4096
_SECRETS = ("STRM_PROXY_SECRET", "STRMCTL_PROXY_SECRET")


@dataclass(frozen=True, slots=True)
class Finished:
    """`status` is negative for the signal that ended it; `complaint` is stderr's last line."""

    status: int
    stdout: bytes = field(repr=False)
    complaint: str


async def ask(command: Sequence[str], question: bytes, *, egress: str = "") -> Finished:
    """Run `command` with `question` on stdin, its network going through `egress`.

    Raises ResolverError when it cannot be started or says more than 1 MiB.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env=_environment(egress),
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or "not a command"
        raise ResolverError(f"{command[0]} cannot be started: {reason}") from error
    try:
        return await _converse(process, question)
    except BaseException:
        _kill(process)
        await process.wait()
        raise


async def _converse(process: Process, question: bytes) -> Finished:
    # All three are there, since all three are PIPE.
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_tell(process.stdin, question))
        reading = tasks.create_task(_read(process.stdout))
        complaining = tasks.create_task(_read_end(process.stderr))
        answer = await reading
        if len(answer) > MAX_BYTES:
            _kill(process)
    if len(answer) > MAX_BYTES:
        raise ResolverError(f"printed more than {MAX_BYTES} bytes")
    return Finished(await process.wait(), answer, complaining.result())


async def _tell(stdin: asyncio.StreamWriter, question: bytes) -> None:
    # A program may answer without reading the question.
    with suppress(BrokenPipeError, ConnectionResetError):
        stdin.write(question)
        await stdin.drain()
    stdin.close()
    with suppress(BrokenPipeError, ConnectionResetError):
        await stdin.wait_closed()


async def _read(stdout: asyncio.StreamReader) -> bytes:
    """All of it, or a little more than the limit."""
    text = bytearray()
    while len(text) <= MAX_BYTES and (chunk := await stdout.read(_CHUNK)):
        text += chunk
    return bytes(text)


async def _read_end(stderr: asyncio.StreamReader) -> str:
    text = b""
    while chunk := await stderr.read(_CHUNK):
        text = (text + chunk)[-_STDERR_KEPT:]
    lines = text.decode("utf-8", "replace").strip().splitlines()
    return one_line(lines[-1]) if lines else ""


def _kill(process: Process) -> None:
    """The whole group: also children that have outlived their parent."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _environment(egress: str) -> dict[str, str]:
    """strmctl's own, without its keys; `egress` by the names that programs look for."""
    environment = {key: value for key, value in os.environ.items() if key not in _SECRETS}
    if egress:
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            environment[name] = environment[name.upper()] = egress
    return environment
