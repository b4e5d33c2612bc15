"""`strmctl healthcheck`: exit code 0 while the server answers, else 1."""

from typing import Annotated

import typer

from strmctl.cli.frame.app import Panel, command
from strmctl.cli.frame.run import Run
from strmctl.errors import UsageError
from strmctl.settings.values import base_url


@command(Panel.SERVER, example="strmctl healthcheck --url http://192.168.1.20:8888")
def healthcheck(
    run: Run,
    url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Of the server; default: serve.host and serve.port."),
    ] = None,
) -> None:
    """Ask the server whether it is well: exit code 0, or 1 if it is not or nobody answers."""
    from strmctl.services.installation.healthcheck import check_health, own_base_url

    # Docker's HEALTHCHECK runs inside of the container, beside the server.
    asked = own_base_url(run.settings.serve) if url is None else _checked(url)
    health = check_health(asked)
    milliseconds = round(health.seconds * 1000)
    run.output.record(
        {
            "type": "health",
            "healthy": True,
            "url": health.url,
            "version": health.version,
            "milliseconds": milliseconds,
        },
        f"healthy: strmctl {health.version} at {health.url} answered in {milliseconds} ms",
    )


def _checked(url: str) -> str:
    try:
        return base_url(url)
    except (ValueError, TypeError):
        raise UsageError(
            "--url: it takes an http(s) URL without user, query and fragment"
        ) from None
