"""`serve.role = "player"`: a node of settings and key alone, or of a copy that it only reads."""

import hashlib
import signal
from pathlib import Path

import httpx
import pytest

from stage import presentation
from stage.show import Resolver, Show
from stage.site import Site
from stage.strmctl import Strmctl, new_strmctl
from stage.waiting import until
from system.standing.player_nodes import player


@pytest.fixture(scope="module")
def upkeep(resolver: Resolver, tmp_path_factory: pytest.TempPathFactory) -> Strmctl:
    """The node that has the library; it does not run here."""
    return new_strmctl(tmp_path_factory.mktemp("upkeep") / "strmctl", resolver.url)


def get(site: Site, path: str) -> int:
    return httpx.get(site.base_url + path, trust_env=False, verify=False, timeout=30).status_code


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param([], id="one"),
        pytest.param(["--workers", "2"], id="two", marks=pytest.mark.slow),
    ],
)
def test_it_plays_and_heals_with_settings_and_key_alone(
    upkeep: Strmctl, show: Show, client: httpx.Client, tmp_path: Path, arguments: list[str]
) -> None:
    presentation.put(show)
    with player(upkeep, tmp_path / "node", *arguments) as site:
        addresses = presentation.addresses(client, site.playback_url(show))
        show.expire()
        assert client.get(addresses["video1.m4s"]).content == presentation.FILES["video1.m4s"]
        assert len(show.questions) == 2
        for path in ("/healthz", "/readyz", "/metrics"):
            assert get(site, path) == 200
        for path in ("/", "/library", "/api/v1/mappings", "/api/v1/openapi.json", "/login"):
            assert get(site, path) == 404
        assert httpx.post(f"{site.base_url}/api/v1/refresh", json={}).status_code == 404
        assert f"{site.strmctl.folder / 'strmctl.db'} does not exist" in site.log()
    there = {path.name for path in site.strmctl.folder.iterdir()}
    assert there == {"strmctl.toml", "strmctl.key", "serve.log"}


def test_a_copy_is_read_and_never_written(
    upkeep: Strmctl, show: Show, client: httpx.Client, tmp_path: Path
) -> None:
    presentation.put(show)
    upkeep.write(show.slug, "--resolve")
    (tmp_path / "node").mkdir()
    copy = tmp_path / "node" / "strmctl.db"
    assert upkeep.run("backup", str(copy)).returncode == 0
    copy.chmod(0o400)
    before = hashlib.sha256(copy.read_bytes()).digest()
    asked = len(show.questions)
    with player(upkeep, tmp_path / "node") as site:
        assert client.get(site.playback_url(show)).status_code == 200
        assert len(show.questions) == asked, "the copy knows its link"
        show.expire()
        assert client.get(site.playback_url(show)).status_code == 200
        site.server.process.send_signal(signal.SIGHUP)
        until(lambda: "have been read again" in site.log(), "the settings are read again")
        assert client.get(site.playback_url(show)).status_code == 200
        assert "with a restart only" not in site.log()
        assert "strmctl.db is read once and never written: " in site.log()
    assert hashlib.sha256(copy.read_bytes()).digest() == before
    assert list(copy.parent.glob("strmctl.db?*")) == []


@pytest.mark.parametrize(
    "content", [b"", b"this is no database, whatever its name says"], ids=["empty", "foreign"]
)
def test_a_copy_that_is_none_keeps_nobody_from_playing(
    upkeep: Strmctl, show: Show, client: httpx.Client, tmp_path: Path, content: bytes
) -> None:
    presentation.put(show)
    (tmp_path / "node").mkdir()
    (tmp_path / "node" / "strmctl.db").write_bytes(content)
    with player(upkeep, tmp_path / "node") as site:
        assert client.get(site.playback_url(show)).status_code == 200
        assert "this node is a player: " in site.log()
    assert (tmp_path / "node" / "strmctl.db").read_bytes() == content


def test_a_copy_that_cannot_be_looked_at_keeps_nobody_from_playing(
    upkeep: Strmctl, show: Show, client: httpx.Client, tmp_path: Path
) -> None:
    """As in a folder of another user; this is what root may not look at either."""
    presentation.put(show)
    database = {"STRMCTL_DATABASE": str(tmp_path / ("x" * 300))}
    with player(upkeep, tmp_path / "node", settings=database) as site:
        assert client.get(site.playback_url(show)).status_code == 200
        assert "every title is resolved anew" in site.log()


def test_it_is_not_asked_to_look_after_a_library(upkeep: Strmctl) -> None:
    environ = {"STRMCTL_SERVE_ROLE": "player"}
    run = upkeep.run("serve", "--port", "0", "--maintain", environ=environ)
    assert (run.returncode, run.stdout) == (2, "")
    assert "--maintain" in run.stderr
    assert "upkeep node" in run.stderr
