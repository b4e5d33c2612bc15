"""Two nodes whose resolvers answer each other's playback URLs: nobody asks anybody."""

import json
from pathlib import Path

import httpx
import pytest

from stage.proxy import identity
from stage.show import Resolver, Show
from stage.strmctl import new_strmctl
from stage.upstream import Answer, Request, Upstream
from stage.waiting import free_port
from strmctl.services.keys.playback_urls import signed_url
from strmctl.settings.load import load
from system.standing.player_nodes import player

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("peers", "answered"),
    [
        pytest.param("http://127.0.0.1:{}/", "localhost", id="by address, a name leads there"),
        pytest.param("localhost:{}", "127.0.0.1", id="by name, its address leads there"),
    ],
)
def test_no_loop(
    upstream: Upstream,
    resolver: Resolver,
    show: Show,
    client: httpx.Client,
    tmp_path: Path,
    peers: str,
    answered: str,
) -> None:
    upkeep = new_strmctl(tmp_path / "upkeep", resolver.url)
    ports = [free_port(), free_port()]
    settings = load(upkeep.folder / "strmctl.toml").settings
    asked = [0, 0]

    def answer(number: int, request: Request) -> Answer:
        asked[number] += 1
        url = signed_url(settings, identity(show.slug), extension=".m3u8")
        other = url.replace(
            settings.proxy.public_base_url, f"http://{answered}:{ports[1 - number]}"
        )
        body = json.dumps({"url": other}).encode()
        return Answer(200, body, {"Content-Type": "application/json"})

    upstream.sites["first"] = lambda request: answer(0, request)
    upstream.sites["second"] = lambda request: answer(1, request)
    environs = [
        {
            "STRMCTL_SERVE_PEERS": peers.format(ports[1 - number]),
            "STRMCTL_RESOLVERS_MADE_UP_URL": f"{upstream.url}/{name}",
            "STRMCTL_UPSTREAM_ALLOW": "127.0.0.0/8,localhost",
        }
        for number, name in enumerate(["first", "second"])
    ]
    with (
        player(upkeep, tmp_path / "1", settings=environs[0], port=ports[0]) as first,
        player(upkeep, tmp_path / "2", settings=environs[1], port=ports[1]) as second,
    ):
        for site in (first, second):
            response = client.get(site.playback_url(show))
            assert response.status_code == 502, response.text
            assert "leads to strmctl itself" in site.log()
        # Each was asked by its player alone, and none asked its resolver again and again.
        for number, site in enumerate([first, second]):
            assert site.log().count(f"/{show.slug} ") <= 2
            assert asked[number] <= 3
