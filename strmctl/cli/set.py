"""`strmctl set`: changes mappings in place."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from strmctl.cli.frame.app import Panel, command
from strmctl.cli.frame.changing import Changing, DryRun, Force, Names, check_says_which, plan_of
from strmctl.cli.frame.options import Wait
from strmctl.cli.frame.run import Run
from strmctl.cli.frame.selection import selecting_to_set
from strmctl.domain.library import library_path
from strmctl.domain.library.library_path import Naming
from strmctl.domain.mapping import muted_until
from strmctl.domain.selection import Selection
from strmctl.errors import UsageError
from strmctl.settings.values import duration

T = TypeVar("T")

if TYPE_CHECKING:
    from strmctl.services.changing.set_ import Values

_OUTCOMES = "updated moved unchanged failed"


@command(Panel.LIBRARY, "set", example="strmctl set --series one-piece --year 1999")
@selecting_to_set
def set_(
    run: Run,
    selection: Selection,
    names: Names = None,
    provider: Annotated[str | None, typer.Option(help='Insist on this one; "" takes any.')] = None,
    language: Annotated[str | None, typer.Option(help='Such as "German Dub".')] = None,
    title: Annotated[str | None, typer.Option(help="Of the series or film.")] = None,
    year: Annotated[int | None, typer.Option(help="Of the series or film.")] = None,
    id: Annotated[
        list[str] | None,
        typer.Option("--id", metavar="NAME=ID", help="imdb=, tvdb= or tmdb=; may be repeated."),
    ] = None,
    path: Annotated[
        str | None, typer.Option(metavar="FILE", help="Where its file shall be in the library.")
    ] = None,
    mute: Annotated[
        str | None,
        typer.Option(
            metavar="DURATION", help="Remind nobody of it: 30d, forever, or off. A success ends it."
        ),
    ] = None,
    dry_run: DryRun = False,
    force: Force = False,
    wait: Wait = None,
) -> int:
    """Change mappings: row, file and name move together.

    A file that has a name of strmctl's own is renamed, one that lies elsewhere stays there. A new
    language or provider is resolved at the next play or refresh. `strmctl undo` takes it back.
    """
    from strmctl.services.changing.set_ import Setting, Values, catalogue_ids

    check_says_which(names, selection)
    values = Values(
        identity=_given(language=language, provider=provider),
        row={**_given(title=_text(title)), **_given(year=year), **_muted(mute)},
        ids=catalogue_ids(id or ()),
        path=None if path is None else library_path.explicit(path),
    )
    _check(values)

    plan = plan_of(run, Setting(run.settings, values), names, selection)
    changing = Changing(run, "set", _OUTCOMES, needs_library=values.names_files)
    return changing(plan, wait=wait, dry_run=dry_run, force=force)


def _given(**values: T | None) -> dict[str, T | None]:
    """The options that are given; an empty text removes the value."""
    return {
        name: None if value == "" else value for name, value in values.items() if value is not None
    }


def _text(value: str | None) -> str | None:
    return None if value is None else " ".join(value.split())


def _muted(mute: str | None) -> dict[str, datetime | None]:
    if mute is None:
        return {}
    if mute == "off":
        return {"muted_until": None}
    try:
        span = None if mute == "forever" else duration(mute)
    except ValueError:
        raise UsageError(
            f"--mute {mute!r}: it takes a duration such as 30d, forever or off"
        ) from None
    return {"muted_until": muted_until(datetime.now(UTC), span)}


def _check(values: "Values") -> None:
    """Raises UsageError before anything is planned, as `write` does."""
    year = values.row.get("year")
    Naming(year=year if isinstance(year, int) else None)
    if "language" in values.identity and values.identity["language"] is None:
        raise UsageError("--language: it cannot be empty")
