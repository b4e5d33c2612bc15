"""`strmctl arr check`: what Sonarr and Radarr call the library's folders."""

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from strmctl.cli.frame.app import Panel, command
from strmctl.cli.frame.changing import DryRun
from strmctl.cli.frame.run import Run
from strmctl.errors import DRIFT, ItemError, SettingsError

if TYPE_CHECKING:
    from strmctl.services.arr.check import Root


class Action(StrEnum):
    CHECK = "check"


@command(Panel.CARE, example="strmctl arr check --dry-run")
def arr(
    run: Run,
    action: Annotated[Action, typer.Argument(metavar="check", help="What to do.")],
    dry_run: DryRun = False,
) -> int:
    """Ask Sonarr and Radarr for their folders, and write arr.paths.

    Their root folders and the folders of their series and films are compared with the library.
    A root folder that the library has elsewhere is written into the settings file.
    """
    from strmctl.services.arr import check

    if not run.settings.arr.servers:
        raise SettingsError("no [arr.NAME] table: add one with the url and the key of a server")
    folders = check.library_folders(run.settings.library)
    roots: list[Root] = []
    failed = 0
    for server in run.settings.arr.servers:
        try:
            found = list(check.compare(run.settings, server, check.look(server), folders))
        # Sonarr may be down while Radarr answers.
        except ItemError as error:
            failed += 1
            run.output.warn(str(error))
            record = {"type": "arr", "name": server.name, "outcome": "failed", "reason": str(error)}
            run.output.record(record)
            continue
        roots += found
        if not found:
            run.output.note(f"arr.{server.name}: it has no root folder")
    written = _write(run, roots, dry_run)
    return _report(run, roots, failed, written)


def _write(run: Run, roots: "Sequence[Root]", dry_run: bool) -> bool:
    paths = {
        root.root_folder: root.library_folder or "" for root in roots if root.outcome == "needed"
    }
    # Where Sonarr sees the library at the same path there is nothing to write.
    if not paths or dry_run:
        return False
    file = run.loaded.file
    # In a container all may come from the environment (STRMCTL_…).
    if file is None:
        raise SettingsError("no settings file to write [arr] paths into: make one: `strmctl init`")
    from strmctl.services.installation.settings_file import add_paths

    add_paths(file, paths)
    run.output.note(f"{file}: [arr] paths written; restart `strmctl serve`, so that it knows them")
    return True


def _record(root: "Root", outcome: str) -> dict[str, object]:
    return {
        "type": "arr",
        "name": root.server,
        "app": root.app,
        "version": root.version,
        "root_folder": root.root_folder,
        "library_folder": root.library_folder,
        "series": root.shows,
        "matched": root.matched,
        "outcome": outcome,
    }


def _report(run: Run, roots: "Sequence[Root]", failed: int, written: bool) -> int:
    rows: list[tuple[object, ...]] = []
    for root in roots:
        outcome = "written" if written and root.outcome == "needed" else root.outcome
        run.output.record(_record(root, outcome))
        here = "-" if root.library_folder is None else root.library_folder or "."
        rows.append((root.server, root.root_folder, here, f"{root.matched}/{root.shows}", outcome))
    run.output.table(("server", "its folder", "the library's", "found", "outcome"), rows)
    absent = sum(root.outcome == "absent" for root in roots)
    run.output.summary({"count": len(roots), "absent": absent, "failed": failed})
    if absent:
        return DRIFT
    return ItemError.exit_code if failed else 0
