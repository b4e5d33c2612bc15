"""`strmctl import`: adopts .strm files, and follows those that were moved or renamed."""

from typing import TYPE_CHECKING, Annotated

import typer

from strmctl.cli.frame.app import Panel, command
from strmctl.cli.frame.changing import Changing, DryRun, Force, Recorder
from strmctl.cli.frame.options import Wait
from strmctl.cli.frame.run import Run
from strmctl.domain.change import Finding, Step
from strmctl.services.reports.records import mapping_record, step_record

if TYPE_CHECKING:
    from strmctl.services.keys.playback_urls import PlaybackUrls


@command(Panel.LIBRARY, "import")
def import_(
    run: Run,
    folder: Annotated[
        str, typer.Argument(metavar="DIR", help="The library, or a folder inside of it.")
    ],
    site: Annotated[
        str | None, typer.Option(help="The site of what is adopted; default: the URL's host.")
    ] = None,
    language: Annotated[
        str | None, typer.Option(help="Its language; default: what its name says, or und.")
    ] = None,
    dry_run: DryRun = False,
    force: Force = False,
    wait: Wait = None,
) -> int:
    """Adopt existing .strm files.

    strmctl's own are known by their content, so moved and renamed ones are found again. Others
    that hold a direct URL become mappings: their path says who they are. `strmctl undo` takes it
    all back.
    """
    from strmctl.services.changing.adoption import Adoption
    from strmctl.services.changing.import_ import Importing
    from strmctl.services.keys.playback_urls import PlaybackUrls
    from strmctl.services.library.tree import folder_in

    adoption = Adoption(site, language)
    below = folder_in(run.settings.library, folder)
    record = _recorder(PlaybackUrls(run.settings))
    return Changing(run, "import", record=record)(
        lambda database, files: Importing(run.settings, database, files, adoption).plan(below),
        wait=wait,
        dry_run=dry_run,
        force=force,
    )


def _recorder(urls: "PlaybackUrls") -> Recorder:
    """A file that has a mapping is told as one, with what became of it."""

    def record(step: Step, reason: str | None) -> dict[str, object]:
        told = step_record("import", step, reason)
        mapping = step.mapping
        is_left = reason is not None or (isinstance(step, Finding) and step.kind != "unchanged")
        if mapping is None or is_left:
            return told
        record = mapping_record(mapping, urls.of(mapping))
        return {**record, "id": told["id"], "outcome": told["outcome"]}

    return record
