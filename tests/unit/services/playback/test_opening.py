"""Playback opens as the settings want, or says why not before anything is served."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from stage.proxy import identity, settings_for
from strmctl.errors import DatabaseError, ResolverError, SettingsError
from strmctl.services.playback.opening import player_service, rehearse
from strmctl.settings.model import ProxySettings


async def test_it_answers_and_ends(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, "http://127.0.0.1:9/resolve")
    async with player_service(settings) as player:
        with pytest.raises(ResolverError):
            await player.address(identity("unknown"))
    assert settings.database.exists()


def test_a_rehearsal_makes_the_database(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, "http://127.0.0.1:9/resolve")
    rehearse(settings)
    assert settings.database.exists()
    rehearse(settings)


def test_no_key_is_said_at_once(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, "http://127.0.0.1:9/resolve")
    with pytest.raises(SettingsError):
        rehearse(replace(settings, proxy=ProxySettings(secret_file=tmp_path / "none")))
    assert not settings.database.exists()


def test_what_is_no_database_is_said_at_once(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, "http://127.0.0.1:9/resolve")
    settings.database.write_bytes(b"no database" * 100)
    with pytest.raises(DatabaseError):
        rehearse(settings)
