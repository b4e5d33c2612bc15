"""What plays on a player node reaches the upkeep node's database, and no viewer waits for that."""

import json
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from stage import presentation
from stage.show import Resolver, Show
from stage.site import Site
from stage.strmctl import Server, Strmctl, new_strmctl
from stage.upstream import Answer, Exchange, Request, Upstream
from stage.waiting import until
from system.standing.player_nodes import player

_TOKEN = "the-same-on-all-nodes"
_WITH_TOKEN = {"STRMCTL_SERVE_ADMIN_TOKEN": _TOKEN}
_COMPLAINT = "the upkeep node (serve.upkeep_url): "


@dataclass(frozen=True, slots=True)
class Upkeep:
    strmctl: Strmctl

    def serving(self) -> Any:
        return self.strmctl.serving(environ=_WITH_TOKEN)

    def settings(self, token: str = _TOKEN) -> dict[str, str]:
        """Of a player node."""
        return {
            "STRMCTL_SERVE_UPKEEP_URL": self.strmctl.base_url,
            "STRMCTL_SERVE_ADMIN_TOKEN": token,
        }

    def get(self, path: str) -> Any:
        url = f"{self.strmctl.base_url}/api/v1{path}"
        headers = {"Authorization": f"Bearer {_TOKEN}"}
        response = httpx.get(url, headers=headers, trust_env=False, verify=False, timeout=30)
        assert response.status_code == 200, response.text
        return response.json()

    def link(self, mapping: dict[str, Any]) -> str | None:
        found = self.get(f"/mappings/{mapping['id']}?reveal=true").get("resolved_url")
        return None if found is None else str(found)


@pytest.fixture
def upkeep(resolver: Resolver, tmp_path: Path) -> Upkeep:
    return Upkeep(new_strmctl(tmp_path / "upkeep", resolver.url))


@contextmanager
def silent(upstream: Upstream, answer: Callable[[Request], Answer]) -> Iterator[str]:
    """Something else at the place of the upkeep node."""
    upstream.sites["api"] = answer
    try:
        yield upstream.url
    finally:
        del upstream.sites["api"]


def handed_over(upstream: Upstream) -> list[Exchange]:
    return [it for it in upstream.exchanges if it.request.path == "/api/v1/resolutions"]


def play(client: httpx.Client, site: Site, show: Show) -> None:
    addresses = presentation.addresses(client, site.playback_url(show))
    assert client.get(addresses["video1.m4s"]).content == presentation.FILES["video1.m4s"]


def heal(client: httpx.Client, site: Site, show: Show) -> None:
    addresses = presentation.addresses(client, site.playback_url(show))
    assert client.get(addresses["video0.m4s"]).status_code == 200
    asked = len(show.questions)
    show.expire()
    assert client.get(addresses["video1.m4s"]).content == presentation.FILES["video1.m4s"]
    assert len(show.questions) == asked + 1


def complaints(server: Server) -> list[str]:
    return [line for line in server.log.read_text().splitlines() if _COMPLAINT in line]


def test_what_plays_and_what_heals_is_in_the_database_of_the_upkeep_node(
    upkeep: Upkeep, show: Show, client: httpx.Client, tmp_path: Path
) -> None:
    presentation.put(show)
    show.headers = {"X-Key": "s3cret-of-the-header"}
    mapping = upkeep.strmctl.write(show.slug)
    with (
        upkeep.serving() as server,
        player(upkeep.strmctl, tmp_path / "node", settings=upkeep.settings()) as site,
    ):
        addresses = presentation.addresses(client, site.playback_url(show))
        assert client.get(addresses["video0.m4s"]).status_code == 200
        until(lambda: upkeep.link(mapping) == show.url(show.entry), "what plays is there")
        show.expire()
        assert client.get(addresses["video1.m4s"]).content == presentation.FILES["video1.m4s"]
        healed = show.url(show.entry)
        until(lambda: upkeep.link(mapping) == healed, "what has healed is there")
        found = upkeep.get(f"/mappings/{mapping['id']}?reveal=true")
        assert (found["state"], found["provider_used"]) == ("alive", "VOE")
        assert found["headers"] == show.headers
        events = upkeep.get(f"/mappings/{mapping['id']}/events")["items"]
        causes = [it["detail"]["cause"] for it in events if it["kind"] == "resolved"]
        assert causes == ["node heal", "node play"]
        # Whoever adds up the nodes' numbers would count it twice.
        assert upkeep.get("/stats")["counts"]["heals"]["healed"] == 0
        assert len(show.questions) == 2
        shown = upkeep.strmctl.run("show", str(mapping["id"]), "--reveal", "--json")
        assert json.loads(shown.stdout.splitlines()[0])["resolved_url"] == healed
        logs = site.log() + server.log.read_text()
    for secret in (_TOKEN, "s3cret-of-the-header", "token1/", "token2/"):
        assert secret not in logs
    assert complaints(site.server) == []


def test_nobody_waits_for_an_upkeep_node_that_answers_nothing(
    upkeep: Upkeep, resolver: Resolver, client: httpx.Client, upstream: Upstream, tmp_path: Path
) -> None:
    before = len(handed_over(upstream))

    def under_way() -> list[Exchange]:
        return [it for it in handed_over(upstream)[before:] if it.is_open]

    with silent(upstream, lambda _: Answer(is_silent=True)) as url:
        settings = {**upkeep.settings(), "STRMCTL_SERVE_UPKEEP_URL": url}
        with player(upkeep.strmctl, tmp_path / "node", settings=settings) as site:

            def heals_meanwhile() -> bool:
                asked = under_way()
                presentation.put(show := resolver.new_show())
                heal(client, site, show)
                return bool(asked) and under_way() == asked

            until(heals_meanwhile, "a link has healed while the upkeep node was being asked")
            assert site.server.stop() == 0


@pytest.mark.slow
def test_what_plays_while_the_upkeep_node_is_away_waits_for_it(
    upkeep: Upkeep, show: Show, client: httpx.Client, tmp_path: Path
) -> None:
    presentation.put(show)
    mapping = upkeep.strmctl.write(show.slug)
    with player(upkeep.strmctl, tmp_path / "node", settings=upkeep.settings()) as site:
        heal(client, site, show)
        until(lambda: bool(complaints(site.server)), "the log says that it is away")
        with upkeep.serving():
            until(lambda: upkeep.link(mapping) == show.url(show.entry), "the newest arrives", 200)
            events = upkeep.get(f"/mappings/{mapping['id']}/events")["items"]
            assert len([it for it in events if it["kind"] == "resolved"]) == 1
        [line] = complaints(site.server)
        assert "it does not answer" in line


@pytest.mark.slow
def test_a_wrong_token_is_one_line(
    upkeep: Upkeep, show: Show, client: httpx.Client, tmp_path: Path
) -> None:
    presentation.put(show)
    mapping = upkeep.strmctl.write(show.slug)
    settings = upkeep.settings("another-token")
    with (
        upkeep.serving() as server,
        player(upkeep.strmctl, tmp_path / "node", settings=settings) as site,
    ):
        play(client, site, show)
        refused = "is not let in"
        until(lambda: server.log.read_text().count(refused) >= 4, "it has been tried again")
        play(client, site, show)
        [line] = complaints(site.server)
        assert "it refuses the token (HTTP 401)" in line
        assert "another-token" not in site.log() + server.log.read_text()
        assert upkeep.link(mapping) is None


def test_where_players_are_sent_is_handed_over_as_well(
    upkeep: Upkeep, show: Show, client: httpx.Client, tmp_path: Path
) -> None:
    """In mode redirect nobody here sees media; what took the place of a dead link is news."""
    presentation.put(show)
    mapping = upkeep.strmctl.write(show.slug, "--resolve")
    (tmp_path / "node").mkdir()
    assert upkeep.strmctl.run("backup", str(tmp_path / "node" / "strmctl.db")).returncode == 0
    show.expire()
    settings = {**upkeep.settings(), "STRMCTL_PROXY_MODE": "redirect"}
    with (
        upkeep.serving(),
        player(upkeep.strmctl, tmp_path / "node", settings=settings) as site,
    ):
        answer = client.get(site.playback_url(show))
        assert (answer.status_code, answer.headers["location"]) == (302, show.url(show.entry))
        until(lambda: upkeep.link(mapping) == show.url(show.entry), "it is there")


@pytest.mark.slow
def test_the_doctor_of_a_player_node_compares_keys_with_it(
    upkeep: Upkeep, show: Show, tmp_path: Path
) -> None:
    """With those that it has read: a key that is in its file alone plays nothing yet."""
    with (
        upkeep.serving() as server,
        player(upkeep.strmctl, tmp_path / "node", settings=upkeep.settings()) as site,
    ):
        assert _keys_differ(site) == []
        assert upkeep.strmctl.run("keys", "add", "--verify-only").returncode == 0
        shutil.copy(upkeep.strmctl.folder / "strmctl.key", site.strmctl.folder)
        [reason] = _keys_differ(site)
        assert "does not know 1 key" in reason
        server.process.send_signal(signal.SIGHUP)
        until(lambda: _keys_differ(site) == [], "it has read the key")


def _keys_differ(site: Site) -> list[str]:
    run = site.strmctl.run("doctor", "--json", environ=site.environ)
    found = [json.loads(line) for line in run.stdout.splitlines()]
    return [str(it["reason"]) for it in found if it.get("check") == "upkeep_node"]
