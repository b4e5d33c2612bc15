"""Settings are fit to serve with, when the server starts and whenever it reads them again."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from strmctl.errors import SettingsError
from strmctl.resolvers.registry import Registry
from strmctl.server.http.logs import check_log
from strmctl.services.jobs.maintenance import check_intervals
from strmctl.services.keys import in_force
from strmctl.settings.load import load
from strmctl.settings.model import Auth, Settings


class SettingsFile(Struct, frozen=True):
    """Where the settings came from: `file`, flags, and the environment of this process.

    `is_open_allowed`: the listener is loopback, or `--insecure` was given.
    """

    file: Path | None
    flags: Mapping[str, str]
    is_open_allowed: bool

    def __call__(self) -> Settings:
        """As they are now. Raises SettingsError."""
        settings = load(self.file, self.flags).settings
        check(settings, is_open_allowed=self.is_open_allowed)
        in_force.proof(settings)
        check_log(settings.serve)
        asyncio.run(_check_resolvers(settings))
        return settings


async def _check_resolvers(settings: Settings) -> None:
    await Registry.from_settings(settings).aclose()


def check(settings: Settings, *, is_open_allowed: bool) -> None:
    """Raises SettingsError."""
    if settings.maintain.enabled:
        check_intervals(settings.maintain)
    if settings.proxy.auth is Auth.NONE and not is_open_allowed:
        raise SettingsError(
            'proxy.auth = "none" would let anybody play who reaches '
            f"{settings.serve.host}: set it to hmac, listen on 127.0.0.1 or pass --insecure"
        )
