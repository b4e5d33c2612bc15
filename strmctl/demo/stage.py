"""Everything the story needs, running: the origin, a library in a folder, strmctl's commands."""

import json
import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
from msgspec import Struct

from strmctl.demo import catalogue
from strmctl.demo.commands import Commands
from strmctl.demo.origin import Origin
from strmctl.errors import UsageError

EPISODES_FILE = "episodes.csv"
LIBRARY = "library"
_READ_SECONDS = 30.0

_SETTINGS = """# Settings of `strmctl demo`.
library = {library}

[proxy]
public_base_url = {base_url}

[serve]
port = {port}

[upstream]
allow = ["127.0.0.0/8"]   # the demo's origin is on this machine

[resolvers.demo]
sites = [{site}]
type = "http"
url = {resolver_url}
"""


class Stage(Struct, frozen=True):
    folder: Path
    base_url: str
    origin: Origin
    commands: Commands
    client: httpx.Client

    def strm_text(self, strm_path: str) -> str:
        return (self.folder / LIBRARY / strm_path).read_text("utf-8").strip()


@contextmanager
def set_up(keep: Path | None) -> Iterator[Stage]:
    """The folder is a temporary one, gone at the end, unless `keep` names one.

    Raises UsageError if there is something in `keep` already.
    """
    with ExitStack() as stack:
        folder = _make_folder(keep) if keep else _temporary_folder(stack)
        origin = stack.enter_context(Origin().running())
        client = stack.enter_context(httpx.Client(trust_env=False, timeout=_READ_SECONDS))
        port = _free_port()
        base_url = f"http://127.0.0.1:{port}"
        settings = _SETTINGS.format(
            library=json.dumps(LIBRARY),
            base_url=json.dumps(base_url),
            port=port,
            site=json.dumps(catalogue.SITE),
            resolver_url=json.dumps(origin.resolver_url),
        )
        (folder / "strmctl.toml").write_text(settings, "utf-8")
        (folder / EPISODES_FILE).write_text(catalogue.as_csv(), "utf-8")
        yield Stage(folder, base_url, origin, Commands(folder), client)


def _temporary_folder(stack: ExitStack) -> Path:
    name = stack.enter_context(tempfile.TemporaryDirectory(prefix="strmctl-demo-"))
    return Path(name).resolve()


def _make_folder(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Whatever lies there is somebody's.
        is_empty = not any(folder.iterdir())
    except OSError as error:
        raise UsageError(f"--keep {folder}: {error.strerror}") from None
    if not is_empty:
        raise UsageError(f"--keep {folder}: the folder is not empty, name a new one")
    return folder.resolve()


def _free_port() -> int:
    """`public_base_url` stands in the files before the proxy runs, so port 0 is no choice."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
