"""`strmctl init`: from nothing to a library, in one folder."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from strmctl.cli.frame.app import Panel, command
from strmctl.cli.frame.output import Output
from strmctl.cli.frame.run import Run
from strmctl.settings.load import FILE_NAME, checked_flag, load

_NEXT = """Next: say where episodes come from, a [resolvers.NAME] table of {settings}:
  strmctl resolver new NAME --type http|command|template|ytdlp|stremio
then write one, or a whole series
  strmctl write --site SITE --slug SLUG --season 1 --episode 1 --language LANGUAGE
  strmctl add --resolver NAME ID
  strmctl serve"""


@command(
    Panel.START,
    example="strmctl init --library /srv/strm --base-url http://192.168.1.20:8888",
)
def init(
    run: Run,
    library: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the .strm files will live.")
    ] = None,
    base_url: Annotated[
        str | None, typer.Option(metavar="URL", help="What media servers reach the proxy at.")
    ] = None,
) -> None:
    """Write strmctl.toml, make the signing key, the library folder and the database.

    Nothing that exists is touched; running it again makes what is missing.
    """
    from strmctl.services.installation.init import init as make

    file = run.config or Path(os.environ.get("STRMCTL_CONFIG") or FILE_NAME)
    flags = {"library": library, "database": run.database, "proxy.public_base_url": base_url}
    given = {key: checked_flag(key, str(flag)) for key, flag in flags.items() if flag is not None}
    folder = file.absolute().parent
    made = make(file, {_last(key): _seen_from(folder, value) for key, value in given.items()})
    record: dict[str, object] = {"type": "init", **{thing.what: thing.path for thing in made}}
    record["created"] = [thing.what for thing in made if thing.created]
    lines = [f"{'made' if thing.created else 'kept'} {thing.path}" for thing in made]
    run.output.record(record, "\n".join(lines))
    _warn_of_differences(run.output, file, given)
    if record["created"] and not run.output.json:
        run.output.note(_NEXT.format(settings=file))


def _warn_of_differences(output: Output, file: Path, given: Mapping[str, object]) -> None:
    for value in load(file).values:
        if value.key in given and value.value != given[value.key]:
            output.warn(f"{value.key} stays {value.shown} as {value.source} has it")


def _last(key: str) -> str:
    return key.rpartition(".")[2]


def _seen_from(folder: Path, value: object) -> str:
    """A path below the settings file is written relative to it, so that the folder can move."""
    if isinstance(value, Path) and value.is_relative_to(folder):
        # The folder may be a volume that has another path inside of the container.
        value = value.relative_to(folder)
    return str(value)
