"""`strmctl url`: the playback URL of an identity."""

import re
from datetime import UTC, datetime
from typing import Annotated

import typer

from strmctl.cli.frame.app import Panel, command
from strmctl.cli.frame.options import identifying
from strmctl.cli.frame.run import Run
from strmctl.domain.identity import Identity
from strmctl.errors import UsageError
from strmctl.settings.values import duration

_EXTENSION = re.compile(r"\.?([a-z0-9]{1,5})")


@command(Panel.LIBRARY, example="strmctl url --site media.example --slug dune --language German")
@identifying
def url(
    run: Run,
    identity: Identity,
    expires_in: Annotated[
        str | None, typer.Option(metavar="DURATION", help="Such as 2h; without it, never.")
    ] = None,
    ext: Annotated[
        str | None, typer.Option(help="Extension in the URL, such as m3u8: a hint for players.")
    ] = None,
) -> None:
    """Show the signed playback URL of an identity; nothing is changed."""
    from strmctl.services.keys.playback_urls import signed_url

    expires_at = None if expires_in is None else _end(expires_in)
    extension = None if ext is None else _extension(ext)
    text = signed_url(run.settings, identity, extension=extension, expires_at=expires_at)
    run.output.record(
        {
            "type": "url",
            **identity.fields(),
            "expires_at": expires_at,
            "playback_url": text,
        },
        text,
    )


def _end(expires_in: str) -> datetime:
    try:
        # `exp` in the URL is in whole seconds.
        return datetime.now(UTC).replace(microsecond=0) + duration(expires_in)
    except (ValueError, OverflowError):
        raise UsageError(f"--expires-in {expires_in!r}: it takes a duration such as 2h") from None


def _extension(ext: str) -> str:
    match = _EXTENSION.fullmatch(ext)
    if match is None:
        raise UsageError(f"--ext {ext!r}: it takes one such as m3u8, mp4 or mkv")
    return f".{match[1]}"
