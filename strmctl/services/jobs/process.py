"""The process of a job: it ends when its server has ended, however that came about.

It inherits two things of the server's: a pipe, whose end it sees (cli/frame/interruption.py), and
the name of its owner, which is free when both have ended. The port is not among them.
"""

import asyncio
import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from typing import IO

from strmctl.services.jobs.output import LINE_MAX, JobOutput
from strmctl.settings.environment import JOB, WATCHES_STDIN

_STOP_SECONDS = 5.0
_POLL_SECONDS = 0.1


class JobProcess:
    def __init__(self, line: Sequence[str], *kept: int) -> None:
        """Raises OSError. Not asyncio's: uvloop's children keep what the server can hand on.

        `kept` are descriptors that it holds open as long as it runs.
        """
        self._process = subprocess.Popen(
            line,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # Ctrl-C in a terminal is meant for the server, which passes it on in its own way.
            start_new_session=True,
            pass_fds=kept,
            env={**os.environ, "PYTHONUNBUFFERED": "1", JOB: WATCHES_STDIN},
        )

    async def read_to_its_end(self, output: JobOutput) -> int:
        """The exit code, after all that it says; what it leaves behind says no more."""
        pipes = self._process.stdout, self._process.stderr
        reading = asyncio.gather(*(_read(pipe, output) for pipe in pipes))
        try:
            while (code := self._process.poll()) is None:
                await asyncio.sleep(_POLL_SECONDS)
            self._kill_group()
            # What the run left in the background may hold the pipe open.
            await asyncio.wait({reading}, timeout=_STOP_SECONDS)
            return code
        finally:
            if self._process.stdin is not None:
                self._process.stdin.close()
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    def ask_to_end(self) -> None:
        """SIGTERM: below a server that a shell has put into the background SIGINT is ignored."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            # systemd kills after TimeoutStopSec and Docker after ten seconds: be done before.
            asyncio.get_running_loop().call_later(_STOP_SECONDS, self.kill)

    def kill(self) -> None:
        """With what it has started itself, such as a resolver."""
        if self._process.poll() is None:
            self._kill_group()

    def _kill_group(self) -> None:
        with suppress(ProcessLookupError):
            # The run began a session (setsid(2)), so its children are in its group.
            os.killpg(self._process.pid, signal.SIGKILL)


async def _read(pipe: IO[bytes] | None, output: JobOutput) -> None:
    assert pipe is not None, "a pipe was asked for"
    reader = asyncio.StreamReader(limit=LINE_MAX)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), pipe
    )
    try:
        await output.read(reader)
    finally:
        transport.close()
