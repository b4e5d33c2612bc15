"""`strmctl import`: adopts .strm files, and follows those that were moved or renamed."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from strmctl.cli.frame.app import Panel, command
from strmctl.cli.frame.changing import Changing, DryRun, Force, Recorder
from strmctl.cli.frame.options import Wait
from strmctl.cli.frame.run import Run
from strmctl.domain.change import Finding, Step
from strmctl.errors import UsageError
from strmctl.services.reports.records import mapping_record, step_record

if TYPE_CHECKING:
    from strmctl.services.changing.adoption import Adoption
    from strmctl.services.changing.import_plan import Settled
    from strmctl.services.keys.playback_urls import PlaybackUrls

_LEFT = "-"

_OUTCOMES = (
    "adopted created updated moved unchanged duplicate taken conflict foreign link bad failed"
)


@command(Panel.LIBRARY, "import", example="strmctl import /srv/media/strm --dry-run")
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
    unwrap: Annotated[
        bool,
        typer.Option(
            "--unwrap",
            help="Take URL and headers out of playback URLs of mediaflow-proxy and the like.",
        ),
    ] = False,
    plan: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Only write what would be adopted, as CSV to edit."),
    ] = None,
    apply: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Adopt what an edited plan says.")
    ] = None,
    interactive: Annotated[
        bool, typer.Option("--interactive", help="Ask about each name that is not clear.")
    ] = False,
    dry_run: DryRun = False,
    force: Force = False,
    wait: Wait = None,
) -> int:
    """Adopt existing .strm files.

    strmctl's own are known by their content, so moved and renamed ones are found again. Others
    that hold a direct URL become mappings: their path says who they are, and what is not clear is
    reported. `strmctl undo` takes it all back.
    """
    from strmctl.services.changing.adoption import Adoption
    from strmctl.services.changing.import_ import Importing
    from strmctl.services.keys.playback_urls import PlaybackUrls
    from strmctl.services.library.tree import folder_in

    # All three settle the names: two of them would contradict each other.
    if sum((plan is not None, apply is not None, interactive)) > 1:
        raise UsageError("--plan, --apply and --interactive exclude each other: give one of them")
    below = folder_in(run.settings.library, folder)
    settled = {} if apply is None else _settled(apply)
    only = None if apply is None else list(settled)
    adoption = Adoption(site, language, settled, unwrap)
    if plan is not None:
        return _write_plan(run, plan, _planned(run, adoption, below))
    if interactive:
        settled = dict(_asked(_planned(run, adoption, below)))
        adoption = Adoption(site, language, settled, unwrap)
    record = _recorder(PlaybackUrls(run.settings))
    return Changing(run, "import", _OUTCOMES, record=record, failing_kinds=("conflict",))(
        lambda database, files: Importing(run.settings, database, files, adoption).plan(
            below, only=only
        ),
        wait=wait,
        dry_run=dry_run,
        force=force,
    )


def _planned(run: Run, adoption: "Adoption", below: str) -> list[dict[str, object]]:
    """The lines of a plan; nothing is changed, so no other run is waited for."""
    from strmctl.services.changing import import_plan
    from strmctl.services.changing.import_ import Importing
    from strmctl.services.library.mounted import files_there

    with run.open_database() as database:
        files = files_there(run.settings, database)
        steps = Importing(run.settings, database, files, adoption).plan(below)
        return list(import_plan.lines(steps))


def _write_plan(run: Run, file: Path, lines: list[dict[str, object]]) -> int:
    from strmctl.services.changing import import_plan

    try:
        # newline="": csv writes its own line ends, which Windows would double.
        with file.open("w", encoding="utf-8", newline="") as opened:
            import_plan.write(opened, lines)
    except OSError as error:
        raise UsageError(f"{file}: cannot be written: {error.strerror}") from None
    unsettled = sum(bool(line["note"]) for line in lines)
    run.output.summary(
        {"planned": len(lines), "unsettled": unsettled},
        f"{len(lines)} planned, {unsettled} of them to settle: edit {file}, then"
        f" `strmctl import --apply {file}`",
    )
    return 0


def _settled(file: Path) -> "dict[str, Settled]":
    from strmctl.services.changing import import_plan

    try:
        # Excel saves CSV as UTF-8 with a BOM.
        with file.open(encoding="utf-8-sig", newline="") as opened:
            return import_plan.read(opened)
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {error.strerror}") from None
    except (UsageError, UnicodeDecodeError) as error:
        reason = error if isinstance(error, UsageError) else "not UTF-8: save it as UTF-8"
        raise UsageError(f"{file}: {reason}") from None


def _asked(lines: Iterable[Mapping[str, object]]) -> "Iterable[tuple[str, Settled]]":
    """What is answered; the end of the input leaves the rest alone."""
    # Ctrl-D: what was answered so far stands.
    with suppress(typer.Abort):
        for line in lines:
            if line["note"]:
                typer.echo(f"{line['path']}: {line['note']}", err=True)
                answer = _answer(line)
                if answer is not None:
                    yield str(line["path"]), answer


def _answer(line: Mapping[str, object]) -> "Settled | None":
    from strmctl.domain.identity import parse_number
    from strmctl.services.changing.import_plan import Settled

    def ask(text: str, name: str) -> str:
        known = line.get(name)
        default = "" if known is None else str(known)
        found: str = typer.prompt(
            f"  {text}", default=default, show_default=bool(default), err=True
        )
        return found.strip()

    def number(text: str, name: str) -> int | None:
        while True:
            given = ask(text, name)
            try:
                return None if given in ("", _LEFT) else parse_number(name, given)
            except UsageError as error:
                typer.echo(f"  {error}", err=True)

    title = ask(f"Title ({_LEFT} leaves the file alone)", "title")
    if title in ("", _LEFT):
        return None
    return Settled(
        title=title,
        year=number("Year", "year"),
        season=number(f"Season ({_LEFT} for a film)", "season"),
        episode=number(f"Episode ({_LEFT} for a film)", "episode"),
    )


def _recorder(urls: "PlaybackUrls") -> Recorder:
    """A file that has a mapping is told as one, with what became of it."""

    def record(step: Step, reason: str | None) -> dict[str, object]:
        told = step_record("import", step, reason)
        mapping = step.mapping
        # A file that was left alone has no playback URL to show.
        is_left = reason is not None or (isinstance(step, Finding) and step.kind != "unchanged")
        if mapping is None or is_left:
            return told
        record = mapping_record(mapping, urls.of(mapping))
        return {**record, "id": told["id"], "outcome": told["outcome"]}

    return record
