"""A program that is asked a question and, when its time is up, killed with all its children."""

import asyncio
import os
import re
import signal
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import cast

from strmctl.discreet import Discreet
from strmctl.errors import ResolverError
from strmctl.resolvers.answer import MAX_BYTES
from strmctl.resolvers.failures import one_line
from strmctl.tracing import REQUEST_ID_VARIABLE, request_id

_STDERR = 2
_STDERR_KEPT = 4096
_OWN = ("STRMCTL_", "STRM_PROXY_", "NOTIFY_SOCKET", "WATCHDOG_", "PROMETHEUS_MULTIPROC_DIR")


class Finished(Discreet, frozen=True):
    """`status` is negative for the signal that ended it; `complaint` is stderr's last line."""

    hidden = ("stdout",)

    status: int
    stdout: bytes
    complaint: str


async def ask(
    command: Sequence[str], question: bytes, *, egress: str = "", limit: int = MAX_BYTES
) -> Finished:
    """Run `command` with `question` on stdin, its network going through `egress`.

    Raises ResolverError when it cannot be started or says more than `limit` bytes.
    """
    try:
        transport, conversation = await asyncio.get_running_loop().subprocess_exec(
            partial(_Conversation, limit),
            *command,
            env=_environment(egress),
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or "not a command"
        raise ResolverError(f"{command[0]} cannot be started: {reason}") from error
    try:
        return await conversation.hold(transport, question)
    except BaseException:
        # The whole group: children too, even those that have outlived their parent.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(transport.get_pid(), signal.SIGKILL)
        raise
    finally:
        transport.close()
        await conversation.over.wait()


class _Conversation(asyncio.SubprocessProtocol):
    """`over` is set once the process has ended and its pipes are closed."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.over = asyncio.Event()
        self._enough = asyncio.Event()
        self._stdout = bytearray()
        self._stderr = b""

    async def hold(self, transport: asyncio.SubprocessTransport, question: bytes) -> Finished:
        # subprocess_exec makes it a pipe; uvloop's is no subclass of asyncio's.
        stdin = cast("asyncio.WriteTransport", transport.get_pipe_transport(0))
        if not stdin.is_closing():  # A program that asks for nothing may have ended already.
            stdin.write(question)
            stdin.close()
        await self._enough.wait()
        if len(self._stdout) > self._limit:
            raise ResolverError(f"printed more than {self._limit} bytes")
        status = transport.get_returncode()
        assert status is not None  # connection_lost comes after the process has ended
        return Finished(status, bytes(self._stdout), self._complaint())

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd == _STDERR:
            self._stderr = (self._stderr + data)[-_STDERR_KEPT:]
        elif len(self._stdout) <= self._limit:
            self._stdout += data
            if len(self._stdout) > self._limit:
                self._enough.set()

    def connection_lost(self, error: Exception | None) -> None:
        self._enough.set()
        self.over.set()

    def _complaint(self) -> str:
        lines = self._stderr.decode("utf-8", "replace").strip().splitlines()
        return one_line(lines[-1]) if lines else ""


def _environment(egress: str) -> dict[str, str]:
    """strmctl's own, without what is for it alone; `egress` by the names that programs look for.

    With `socks5` many of them (curl, requests, yt-dlp) ask the local DNS for the site's name, with
    `socks5h` the proxy; and what NO_PROXY exempts would go past the egress.
    """
    environment = {key: value for key, value in os.environ.items() if not key.startswith(_OWN)}
    if request_id.get():
        environment[REQUEST_ID_VARIABLE] = request_id.get()
    if egress:
        egress = re.sub("^socks5:", "socks5h:", egress)
        for name in [key for key in environment if key.lower() == "no_proxy"]:
            del environment[name]
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            # curl reads `http_proxy` in lower case only, others read either.
            environment[name] = environment[name.upper()] = egress
    return environment
