"""`strmctl resolve`: what a resolver answers for an identity."""

from typing import TYPE_CHECKING

from strmctl.cli.frame.app import Panel, command
from strmctl.cli.frame.options import identifying
from strmctl.cli.frame.run import Run
from strmctl.domain.counted import timestamp
from strmctl.domain.identity import Identity

if TYPE_CHECKING:
    from strmctl.domain.mapping import Mapping


def _known(run: Run, identity: Identity) -> "Mapping | None":
    """Without a database the resolver is asked all the same."""
    from strmctl.storage.tables.mappings import Mappings

    # A resolver is tried out before there is a library.
    if not run.settings.database.exists():
        return None
    with run.open_database() as database:
        return Mappings(database).find(identity)


@command(Panel.LIBRARY, example="strmctl resolve --site a.example --slug dune --language German")
@identifying
def resolve(run: Run, identity: Identity) -> None:
    """Show what the site's resolver answers for an identity; nothing is changed."""
    import asyncio

    from strmctl.services.resolving.opening import resolver_answer

    answer = asyncio.run(resolver_answer(run.settings, identity, _known(run, identity)))
    run.output.record(
        {
            "type": "resolution",
            "url": answer.url,
            "headers": dict(answer.headers),
            "provider": answer.provider,
            "expires_at": answer.expires_at,
        },
        f"{answer.url}\nprovider: {answer.provider or 'not given'}\n"
        f"expires: {timestamp(answer.expires_at) or 'not given'}",
    )
