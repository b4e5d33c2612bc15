"""Options that several commands share stand in one place, and reach a command as one value."""

import inspect
from collections.abc import Callable
from typing import Annotated, Any, Concatenate, ParamSpec, TypeVar

import typer

from strmctl.cli.frame.run import Run
from strmctl.domain.identity import Identity

Wait = Annotated[
    str | None,
    typer.Option(
        "--wait",
        metavar="DURATION",
        help="How long to wait for another run to end, such as 10m; default: not at all.",
    ),
]
"""For every command that runs `Run.alone`: `wait: Wait = None`."""

WithSidecars = Annotated[
    bool,
    typer.Option(
        "--sidecars", help="Also a .nfo beside each file, and the subtitles of an answer."
    ),
]

P = ParamSpec("P")
Made = TypeVar("Made")
Command = Callable[Concatenate[Run, P], int | None]


def taking(
    make: Callable[..., Made],
) -> Callable[[Callable[Concatenate[Run, Made, P], int | None]], Command[P]]:
    """A decorator: gives a command the options of `make(run, …)` in place of its second parameter.

    @command(Panel.LIBRARY)
    @taking(selection)
    def list_(run: Run, selection: Selection, limit: … = None) -> None:
    """
    options = _parameters(make)[1:]

    def put_on(function: Callable[Concatenate[Run, Made, P], int | None]) -> Command[P]:
        def call(run: Run, /, *_: P.args, **arguments: P.kwargs) -> int | None:
            own: dict[str, Any] = dict(arguments)
            given = {option.name: own.pop(option.name) for option in options}
            invoke: Callable[..., int | None] = function
            return invoke(run, make(run, **given), **own)

        run, _, *own = _parameters(function)
        keyword = inspect.Parameter.KEYWORD_ONLY
        # A parameter without a default may not follow one with a default, unless by keyword.
        accepted = [option.replace(kind=keyword) for option in (*options, *own)]
        call.__signature__ = inspect.Signature([run, *accepted])  # type: ignore[attr-defined]
        call.__name__, call.__doc__ = function.__name__, function.__doc__
        return call

    return put_on


def _parameters(function: Callable[..., object]) -> list[inspect.Parameter]:
    return list(inspect.signature(function, eval_str=True).parameters.values())


SITE_HELP = "Where it comes from, such as aniworld.to."
SLUG_HELP = "The name of the series or movie there, such as one-piece."
SEASON_HELP = "0 holds the specials; neither season nor episode: a movie."
EPISODE_HELP = "Its number in the season."
LANGUAGE_HELP = 'Such as "German Dub".'
PROVIDER_HELP = "Insist on this one."


def _identity(
    run: Run,
    site: Annotated[str, typer.Option(show_default=False, help=SITE_HELP)],
    slug: Annotated[str, typer.Option(show_default=False, help=SLUG_HELP)],
    language: Annotated[str, typer.Option(show_default=False, help=LANGUAGE_HELP)],
    season: Annotated[int | None, typer.Option(help=SEASON_HELP)] = None,
    episode: Annotated[int | None, typer.Option(help=EPISODE_HELP)] = None,
    provider: Annotated[str | None, typer.Option(help=PROVIDER_HELP)] = None,
) -> Identity:
    return Identity(site, slug, language, season, episode, provider)


identifying = taking(_identity)
