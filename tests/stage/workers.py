"""The workers of a running `strmctl serve`, as the kernel shows them."""

from contextlib import suppress
from pathlib import Path

from stage.site import Site


def answering(site: Site) -> set[int]:
    """The workers that wait for connections: of two, a busy kernel may wake the same one always."""
    inode = _listener(site.strmctl.port)
    return {worker for worker in workers(site) if _waits_for(worker, inode)}


def workers(site: Site) -> list[int]:
    return [pid for pid in children(site.server.process.pid) if b"spawn_main" in _command(pid)]


def children(pid: int, thread: int | None = None) -> list[int]:
    """Those that its main thread has started, or another one."""
    text = Path(f"/proc/{pid}/task/{thread or pid}/children").read_text()
    return [int(child) for child in text.split()]


def is_there(pid: int) -> bool:
    """Whether it runs; what has ended and waits for its parent does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _listener(port: int) -> str:
    """The inode of the socket that listens there."""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, _, state, *_, inode = line.split()[:10]
        if (local, state) == (f"0100007F:{port:04X}", "0A"):
            return f"socket:[{inode}]"
    return ""  # Read while connections come and go, the table leaves one out at times.


def _waits_for(pid: int, inode: str) -> bool:
    """Whether the event loop of a process watches a socket, which it may well only hold open."""
    with suppress(FileNotFoundError, ProcessLookupError):
        for descriptor in Path(f"/proc/{pid}/fdinfo").iterdir():
            for line in descriptor.read_text().splitlines():
                name, _, watched = line.partition(":")
                if name == "tfd" and _is(pid, int(watched.split()[0]), inode):
                    return True
    return False


def _is(pid: int, descriptor: int, inode: str) -> bool:
    return str(Path(f"/proc/{pid}/fd/{descriptor}").readlink()) == inode


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""
