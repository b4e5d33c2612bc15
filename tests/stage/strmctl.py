"""strmctl as a user runs it: commands are processes, settings a file, the URL in a `.strm`.

They are forked from one that has imported everything already, see stage/forking.py.
"""

import atexit
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx

from stage import forking
from stage.forking import Forked
from stage.waiting import free_port, until
from strmctl.services.installation.keys import new_secret

_DEFAULT_PORT = 8888
_EXECUTABLE = str(Path(sys.executable).with_name("strmctl"))


@dataclass(frozen=True, slots=True)
class Server:
    """A running `strmctl serve`; what it says goes to the file `log`."""

    process: subprocess.Popen[bytes] | Forked
    log: Path

    def stop(self, seconds: float = 60.0) -> int:
        """SIGTERM; the exit code."""
        self.process.terminate()
        return self.process.wait(seconds)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@dataclass(frozen=True, slots=True)
class Strmctl:
    """A folder with settings, key, database and library."""

    folder: Path
    port: int

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def run(
        self,
        *arguments: str,
        environ: Mapping[str, str] | None = None,
        within: Sequence[str] = (),
        stdin: str = "",
    ) -> subprocess.CompletedProcess[str]:
        """`within` is a command that runs the one behind it."""
        if not within and forking.is_possible(arguments, _environ(environ)):
            return forking.run(self.folder, arguments, _environ(environ), stdin, 100)
        return subprocess.run(
            [*within, _EXECUTABLE, *arguments],
            cwd=self.folder,
            env=_environ(environ),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=100,
        )

    def popen(self, *arguments: str) -> "subprocess.Popen[str]":
        """The command begun, its stdin a pipe like its output."""
        return subprocess.Popen(
            [_EXECUTABLE, *arguments],
            cwd=self.folder,
            env=_environ(None),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def write(
        self, slug: str, *arguments: str, environ: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Register S01E02 of a series; the mapping as `--json` prints it."""
        identity = f"--site made.up --slug {slug} --season 1 --episode 2 --language de".split()
        run = self.run("write", *identity, "--json", *arguments, environ=environ)
        assert run.returncode == 0, run.stderr
        mapping: dict[str, Any] = json.loads(run.stdout)
        return mapping

    def strm_text(self, mapping: Mapping[str, Any]) -> str:
        path = self.folder / "library" / str(mapping["strm_path"])
        return path.read_text(encoding="utf-8")

    @contextmanager
    def serving(
        self,
        *arguments: str,
        environ: Mapping[str, str] | None = None,
        within: Sequence[str] = (),
    ) -> Iterator[Server]:
        """`strmctl serve` until the end of the block, unless the block ended it already."""
        server = self.serve(*arguments, environ=environ, within=within)
        try:
            yield server
            if server.process.poll() is None:
                assert server.stop() == 0, server.log.read_text()
        finally:
            if server.process.poll() is None:
                server.kill()

    def serve(
        self,
        *arguments: str,
        environ: Mapping[str, str] | None = None,
        within: Sequence[str] = (),
    ) -> Server:
        """`strmctl serve`, once it is healthy; whoever begins it ends it.

        `within` is a command that becomes the one behind it.
        """
        log = self.folder / "serve.log"
        command = ["serve", "--port", str(self.port), *arguments]
        process: subprocess.Popen[bytes] | Forked
        if not within and forking.is_possible(arguments, _environ(environ)):
            streams = (Path(os.devnull), log, log)
            process = forking.begin(self.folder, command, _environ(environ), streams)
        else:
            with log.open("ab") as output:
                process = subprocess.Popen(
                    [*within, _EXECUTABLE, *command],
                    cwd=self.folder,
                    env=_environ(environ),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                )
        server = Server(process, log)
        try:
            until(lambda: self._healthy(server), "/healthz answers 200", 60)
        except BaseException:
            if process.poll() is None:
                server.kill()
            raise
        return server

    def _healthy(self, server: Server) -> bool:
        if server.process.poll() is not None:
            raise RuntimeError(f"strmctl serve ended: {server.log.read_text()}")
        try:
            return (
                httpx.get(f"{self.base_url}/healthz", trust_env=False, verify=False).status_code
                == 200
            )
        except httpx.TransportError:
            return False


def initialise(folder: Path, port: int = _DEFAULT_PORT) -> None:
    """What `strmctl init` makes of a folder, without its twenty migrations; the key is its own."""
    shutil.copytree(_initialised(), folder, dirs_exist_ok=True)
    (folder / "strmctl.key").write_text(f"{new_secret()}\n", encoding="ascii")
    settings = folder / "strmctl.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace(str(_DEFAULT_PORT), str(port)), encoding="utf-8")


@cache
def _initialised() -> Path:
    """Made once for each worker."""
    place = Path(tempfile.mkdtemp(prefix="strmctl-init-"))
    atexit.register(shutil.rmtree, place)
    folder = place / "folder"
    folder.mkdir()
    run = Strmctl(folder, _DEFAULT_PORT).run("init")
    assert run.returncode == 0, run.stderr
    return folder


def new_strmctl(folder: Path, resolver_url: str) -> Strmctl:
    """`strmctl init`, then the edits that the README asks of a user."""
    folder.mkdir()
    strmctl = Strmctl(folder, free_port())
    initialise(folder, strmctl.port)
    settings = folder / "strmctl.toml"
    text = settings.read_text(encoding="utf-8")
    text = _with_setting(text, "upstream", 'allow = ["127.0.0.0/8"]')
    resolver = f'sites = ["made.up"]\ntype = "http"\nurl = "{resolver_url}"\n'
    settings.write_text(f"{text}\n[resolvers.made_up]\n{resolver}", encoding="utf-8")
    return strmctl


def _with_setting(text: str, section: str, line: str) -> str:
    """The TOML `text` with `line` in `section`, in place of the line with the same key."""
    key = line.partition(" = ")[0]
    start, heading, rest = text.partition(f"\n[{section}]\n")
    if not heading:
        return f"{text}\n[{section}]\n{line}\n"
    body, following, tail = rest.partition("\n[")
    body = re.sub(rf"(?m)^{key} *=.*\n", "", body)
    return f"{start}{heading}{line}\n{body}{following}{tail}"


def _environ(extra: Mapping[str, str] | None) -> dict[str, str]:
    own = {k: v for k, v in os.environ.items() if not k.startswith(("STRMCTL_", "STRM_"))}
    return {**own, **(extra or {})}
