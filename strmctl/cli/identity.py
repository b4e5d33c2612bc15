"""The options that name one identity, the same on every command about one that may be unknown."""

from typing import Annotated

import typer

from strmctl.cli.parameters import taking
from strmctl.cli.run import Run
from strmctl.domain.identity import Identity

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
