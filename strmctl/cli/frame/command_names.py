"""The modules that hold the commands; a run imports the one it calls, help imports all."""

from collections.abc import Sequence
from importlib import import_module

NAMES = (
    "init",  # Start
    "demo",
    "write",  # Library
    "add",
    "import",
    "list",
    "show",
    "stats",
    "url",
    "resolve",
    "set",
    "rewrite",
    "remove",
    "prune",
    "undo",
    "runs",
    "probe",  # Links
    "refresh",
    "trace",
    "serve",  # Server
    "healthcheck",
    "config",  # Settings and database
    "keys",
    "arr",
    "resolver",
    "doctor",
    "migrate",
    "backup",
    "prune_events",
)
"""One line for each `cli/<name>.py`; the order is that of `strmctl --help`, panel by panel.

A command is called as its module is, with - for _."""


def import_for(arguments: Sequence[str]) -> None:
    """Import the modules that `arguments` may call; all where they call none or ask for help."""
    # Start-up counts: cron and HEALTHCHECK start a process each minute.
    called = [name for name in NAMES if _spoken(name) in arguments]
    before = arguments[: arguments.index(_spoken(called[0]))] if called else arguments
    asks_for_all = not called or "--help" in before or "-h" in before
    for name in NAMES if asks_for_all else called:
        import_module(f"strmctl.cli.{name}")


def _spoken(name: str) -> str:
    return name.replace("_", "-")
