"""`strmctl resolve`: what a resolver answers for an identity."""

from typing import Annotated

import typer

from strmctl.cli.app import Panel, command
from strmctl.cli.output import timestamp
from strmctl.cli.run import Run
from strmctl.domain.identity import Identity


@command(Panel.LIBRARY)
def resolve(
    run: Run,
    site: Annotated[str, typer.Option(show_default=False)],
    slug: Annotated[str, typer.Option(show_default=False)],
    language: Annotated[str, typer.Option(show_default=False)],
    season: Annotated[int | None, typer.Option(help="Neither season nor episode: a movie.")] = None,
    episode: Annotated[int | None, typer.Option()] = None,
    provider: Annotated[str | None, typer.Option()] = None,
) -> None:
    """Show what the site's resolver answers for an identity; nothing is changed."""
    import asyncio

    from strmctl.services.resolver_answer import resolver_answer

    identity = Identity(site, slug, language, season, episode, provider)
    answer = asyncio.run(resolver_answer(run.settings, identity))
    run.output.document(
        {
            "type": "resolution",
            "url": answer.url,
            "headers": dict(answer.headers),
            "provider": answer.provider,
            "expires_at": answer.expires_at,
        },
        f"{answer.url}\nprovider: {answer.provider or 'not told'}\n"
        f"expires: {timestamp(answer.expires_at) or 'not told'}",
    )
