"""The options that select mappings, the same on every command that takes a selection."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from strmctl.cli.frame.options import taking
from strmctl.cli.frame.run import Run
from strmctl.domain.identity import MAX_NUMBER
from strmctl.domain.mapping import LinkState
from strmctl.domain.selection import Selection
from strmctl.errors import UsageError
from strmctl.settings.values import duration
from strmctl.storage.database.rows import LARGEST

if TYPE_CHECKING:
    from strmctl.storage.database.connection import Database

_PANEL = "Selection"


Site = Annotated[str | None, typer.Option(rich_help_panel=_PANEL, help="Of this site.")]
Series = Annotated[
    str | None, typer.Option("--series", "--slug", rich_help_panel=_PANEL, help="By its slug.")
]
Season = Annotated[
    int | None,
    typer.Option(min=0, max=MAX_NUMBER, rich_help_panel=_PANEL, help="Of this season."),
]
Episode = Annotated[
    int | None,
    typer.Option(min=0, max=MAX_NUMBER, rich_help_panel=_PANEL, help="Of this number."),
]
States = Annotated[
    list[str] | None,
    typer.Option(
        rich_help_panel=_PANEL,
        metavar="STATE,…",
        help=f"{', '.join(LinkState)}; may be repeated.",
        autocompletion=lambda: [*LinkState],
    ),
]
Stale = Annotated[
    bool, typer.Option("--stale", rich_help_panel=_PANEL, help="Not within probe.stale_after.")
]
Expiring = Annotated[
    str | None,
    typer.Option(metavar="DURATION", rich_help_panel=_PANEL, help="Within, such as 2h."),
]


def _selection(
    run: Run,
    site: Site = None,
    series: Series = None,
    season: Season = None,
    episode: Episode = None,
    language: Annotated[
        str | None, typer.Option(rich_help_panel=_PANEL, help="In this language.")
    ] = None,
    provider: Annotated[
        str | None, typer.Option(rich_help_panel=_PANEL, help="The one that was asked for.")
    ] = None,
    state: States = None,
    stale: Stale = False,
    expiring: Expiring = None,
    id: Annotated[
        list[int] | None,
        typer.Option(
            "--id", max=LARGEST, rich_help_panel=_PANEL, metavar="N", help="May be repeated."
        ),
    ] = None,
) -> Selection:
    now = datetime.now(UTC)
    return Selection(
        site=site,
        slug=series,
        season=season,
        episode=episode,
        language=language,
        provider=provider,
        states=link_states("--state", state or ()),
        ids=tuple(id or ()),
        stale_before=now - run.settings.probe.stale_after if stale else None,
        expiring_before=None if expiring is None else _end(now, expiring),
    )


def _selection_to_set(
    run: Run,
    site: Site = None,
    series: Series = None,
    season: Season = None,
    episode: Episode = None,
    in_language: Annotated[
        str | None, typer.Option(rich_help_panel=_PANEL, help="In this language now.")
    ] = None,
    of_provider: Annotated[
        str | None, typer.Option(rich_help_panel=_PANEL, help="The one that is asked for now.")
    ] = None,
    state: States = None,
    stale: Stale = False,
    expiring: Expiring = None,
) -> Selection:
    return _selection(
        run, site, series, season, episode, in_language, of_provider, state, stale, expiring
    )


selecting = taking(_selection)
selecting_to_set = taking(_selection_to_set)
"""Where --language, --provider and --id say what is to be set."""


def note_unknown(run: Run, database: "Database", selection: Selection) -> None:
    """Without it a misspelt series would look healthy."""
    from strmctl.storage.tables.mappings import Mappings

    named = selection.named
    if run.output.json or named.is_everything or any(Mappings(database).select(named, limit=1)):
        return
    run.output.note("there is no such mapping: `strmctl list` shows all")


def link_states(option: str, texts: Iterable[str]) -> tuple[LinkState, ...]:
    """The items of comma lists; raises UsageError for anything else."""
    names = [name.strip() for text in texts for name in text.split(",")]
    # A misspelt state would select nothing, and cron would be content.
    unknown = next((name for name in names if name not in list(LinkState)), None)
    if unknown is not None:
        raise UsageError(f"{option} {unknown!r}: it takes some of {', '.join(LinkState)}")
    return tuple(map(LinkState, names))


def _end(now: datetime, expiring: str) -> datetime:
    try:
        return now + duration(expiring)
    except (ValueError, OverflowError):
        raise UsageError(f"--expiring {expiring!r}: it takes a duration such as 2h") from None
