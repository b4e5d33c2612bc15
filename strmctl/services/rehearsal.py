"""What would keep every worker from starting is found once, before anything is served."""

import asyncio

from strmctl.services import proofs
from strmctl.services.player_service import player_service
from strmctl.settings.model import Settings


def rehearse(settings: Settings) -> None:
    """Start and end once: migrations run here too. Raises SettingsError or DatabaseError."""
    proofs.proof(settings)
    asyncio.run(_start_and_end(settings))


async def _start_and_end(settings: Settings) -> None:
    async with player_service(settings):
        pass
