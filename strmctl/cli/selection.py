"""The options that select mappings, the same on every command that takes a selection."""

import inspect
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Concatenate, ParamSpec

import typer

from strmctl.cli.run import Run
from strmctl.domain.mapping import LinkState
from strmctl.domain.selection import Selection
from strmctl.errors import UsageError
from strmctl.settings.values import duration

P = ParamSpec("P")

_PANEL = "Selection"


def _options(
    site: Annotated[str | None, typer.Option(rich_help_panel=_PANEL)] = None,
    series: Annotated[
        str | None,
        typer.Option("--series", "--slug", rich_help_panel=_PANEL, help="By its slug."),
    ] = None,
    season: Annotated[int | None, typer.Option(min=0, rich_help_panel=_PANEL)] = None,
    episode: Annotated[int | None, typer.Option(min=0, rich_help_panel=_PANEL)] = None,
    language: Annotated[str | None, typer.Option(rich_help_panel=_PANEL)] = None,
    provider: Annotated[
        str | None, typer.Option(rich_help_panel=_PANEL, help="The one that was asked for.")
    ] = None,
    state: Annotated[
        list[LinkState] | None, typer.Option(rich_help_panel=_PANEL, help="May be repeated.")
    ] = None,
    stale: Annotated[
        bool,
        typer.Option("--stale", rich_help_panel=_PANEL, help="Not within probe.stale_after."),
    ] = False,
    expiring: Annotated[
        str | None,
        typer.Option(metavar="DURATION", rich_help_panel=_PANEL, help="Within, such as 2h."),
    ] = None,
    id: Annotated[
        list[int] | None, typer.Option("--id", rich_help_panel=_PANEL, help="May be repeated.")
    ] = None,
) -> None:
    """The signature alone matters: `selecting` puts it on commands."""


_OPTIONS = inspect.signature(_options).parameters


def selecting(
    function: Callable[Concatenate[Run, Selection, P], int | None],
) -> Callable[Concatenate[Run, P], int | None]:
    """Give a command the selection options in place of its parameter `selection`.

    @command(Panel.LIBRARY)
    @selecting
    def list_(run: Run, selection: Selection, limit: … = None) -> None:
    """

    def call(run: Run, /, *_: P.args, **arguments: P.kwargs) -> int | None:
        own: dict[str, Any] = dict(arguments)
        given = {name: own.pop(name) for name in _OPTIONS}
        invoke: Callable[..., int | None] = function
        return invoke(run, _selection(run, **given), **own)

    run, _, *own = inspect.signature(function, eval_str=True).parameters.values()
    keyword = inspect.Parameter.KEYWORD_ONLY
    options = [option.replace(kind=keyword) for option in (*own, *_OPTIONS.values())]
    call.__signature__ = inspect.Signature([run, *options])  # type: ignore[attr-defined]
    call.__name__, call.__doc__ = function.__name__, function.__doc__
    return call


def _selection(
    run: Run,
    *,
    site: str | None,
    series: str | None,
    season: int | None,
    episode: int | None,
    language: str | None,
    provider: str | None,
    state: list[LinkState] | None,
    stale: bool,
    expiring: str | None,
    id: list[int] | None,
) -> Selection:
    now = datetime.now(UTC)
    return Selection(
        site=site,
        slug=series,
        season=season,
        episode=episode,
        language=language,
        provider=provider,
        states=tuple(state or ()),
        ids=tuple(id or ()),
        stale_before=now - run.settings.probe.stale_after if stale else None,
        expiring_before=None if expiring is None else _end(now, expiring),
    )


def _end(now: datetime, expiring: str) -> datetime:
    try:
        return now + duration(expiring)
    except (ValueError, OverflowError):
        raise UsageError(f"--expiring {expiring!r}: it takes a duration such as 2h") from None
