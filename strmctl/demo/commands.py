"""strmctl as a user types it: every command is a process, in a folder of its own.

Settings come from that folder alone: STRMCTL_* and STRM_* of the caller do not reach it.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
from msgspec import Struct

from strmctl.errors import StrmctlError

_COMMAND = (sys.executable, "-m", "strmctl")
_COMMAND_SECONDS = 60
_START_SECONDS = 20
_POLL_SECONDS = 0.05
_DRAIN_SECONDS = 15


class Commands(Struct, frozen=True):
    """Runs strmctl in `folder`, where its strmctl.toml is."""

    folder: Path

    def run(self, *arguments: str) -> Sequence[Mapping[str, Any]]:
        """The documents that `strmctl … --json` prints; raises StrmctlError with what it says."""
        name = f"`strmctl {arguments[0]}`"
        try:
            run = subprocess.run(
                [*_COMMAND, *arguments, "--json"],
                cwd=self.folder,
                env=_environ(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                timeout=_COMMAND_SECONDS,
            )
        except subprocess.TimeoutExpired:
            raise StrmctlError(f"{name} did not end within {_COMMAND_SECONDS} s") from None
        if run.returncode:
            raise StrmctlError(f"{name} ended with {run.returncode}: {_said(run.stderr)}")
        return [json.loads(line) for line in run.stdout.splitlines()]

    @contextmanager
    def serving(self, base_url: str) -> Iterator[subprocess.Popen[bytes]]:
        """`strmctl serve`, ready to answer at `base_url`, until the block ends."""
        log = self.folder / "serve.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*_COMMAND, "serve"],
                cwd=self.folder,
                env=_environ(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        try:
            _wait_until_ready(process, base_url, log)
            yield process
        finally:
            _stop(process)


def _said(stderr: str) -> str:
    """The message of the last line, which `--json` makes a document."""
    last = stderr.strip().rpartition("\n")[2]
    try:
        return str(json.loads(last)["message"])
    except (ValueError, LookupError, TypeError):
        return last


def _wait_until_ready(process: subprocess.Popen[bytes], base_url: str, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    # HTTP_PROXY of the environment would be asked for this machine's loopback.
    with httpx.Client(trust_env=False) as client:
        while not _is_ready(client, base_url):
            if ended_within(process, _POLL_SECONDS):
                said = _said(log.read_text("utf-8", "replace"))
                raise StrmctlError(f"`strmctl serve` ended with {process.returncode}: {said}")
            if time.monotonic() > deadline:
                raise StrmctlError(f"`strmctl serve` is not ready after {_START_SECONDS} s")


def ended_within(process: subprocess.Popen[bytes], seconds: float | None) -> bool:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def _is_ready(client: httpx.Client, base_url: str) -> bool:
    try:
        return client.get(f"{base_url}/healthz").status_code == HTTPStatus.OK
    except httpx.TransportError:
        return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    # SIGTERM lets `serve` finish what its players are given.
    process.terminate()
    if not ended_within(process, _DRAIN_SECONDS):
        process.kill()
        process.wait()


def _environ() -> Mapping[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith(("STRMCTL_", "STRM_"))}
