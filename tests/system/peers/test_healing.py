"""Rows 2 to 5 and 31: links die while they are played, and the player does not notice."""

import math
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import httpx
import pytest
from msgspec.structs import replace

from stage import presentation
from stage.presentation import FILES, PLAYLISTS
from stage.proxy import Proxy, identity, running_proxy
from stage.routes import HANG_UP, WEB_PAGE, always, cut, file, playlist
from stage.show import Show
from stage.upstream import Answer, Request
from stage.viewer import at_once, follow, uris_in
from stage.waiting import until
from strmctl.domain.urls import child_url
from strmctl.services.keys.in_force import signer
from strmctl.settings.model import Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.mappings import Mappings, Registration

HEALED = ["video1.m4s", "video.key", "init.mp4", "text0.vtt", "data.json", "audio.m3u8"]
PRELUDES = ("video.key", "init.mp4")
REFUSALS: Mapping[str, Answer] = {
    **{str(status): Answer(status, b"no") for status in (401, 403, 404, 410, 451, 500)},
    "web page": Answer(200, WEB_PAGE, {"Content-Type": "text/html"}),
    "empty": Answer(200),
    "hang-up": HANG_UP,
}


def test_02_child_urls_outlive_token_process_and_an_hour(
    show: Show, settings: Settings, client: httpx.Client
) -> None:
    presentation.put(show)
    with running_proxy(settings) as proxy:
        found = presentation.addresses(client, proxy.playback_url(show.slug))
        port = proxy.settings.serve.port
    show.expire()
    with running_proxy(settings, port=port) as proxy:
        for name in ("video2.m4s", "video.key"):
            assert client.get(found[name]).content == FILES[name]
        token = urlsplit(found["video2.m4s"]).path.split("/")[4]
        later = datetime.now(UTC) + timedelta(days=365)
        claim = child_url.verify(token, signer(proxy.settings), later)
        assert claim.playback.identity == identity(show.slug)


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)
@pytest.mark.parametrize("name", HEALED)
def test_03_everything_heals_in_mid_play(
    name: str, refusal: Answer, show: Show, url: str, client: httpx.Client
) -> None:
    presentation.put(show)
    found = presentation.addresses(client, url)
    assert len(show.questions) == 1
    if name in PRELUDES:
        client.get(found[name])  # The first time it is at hand, from reading the playlist.
    show.expire(refusal)
    response = client.get(found[name])
    assert response.status_code == 200
    if name in FILES:
        assert response.content == FILES[name]
    else:
        assert len(uris_in(response.text)) == len(uris_in(PLAYLISTS[name]))
    assert len(show.questions) == 2
    assert show.questions[1]["avoid_urls"] == [f"{show.upstream.url}/{show.slug}/token1/index.m3u8"]


def test_03_an_upstream_that_falls_silent_heals(
    show: Show, settings: Settings, client: httpx.Client
) -> None:
    presentation.put(show)
    impatient = replace(settings.upstream, read_timeout=timedelta(seconds=1))
    with running_proxy(replace(settings, upstream=impatient)) as proxy:
        found = presentation.addresses(client, proxy.playback_url(show.slug))
        show.expire(Answer(is_silent=True))
        assert client.get(found["video1.m4s"]).content == FILES["video1.m4s"]
    assert len(show.questions) == 2


def test_03_a_file_heals_in_the_middle_of_its_body(
    show: Show, url: str, client: httpx.Client
) -> None:
    film = presentation.content("film", 300_000)
    show.entry = "film.mp4"
    whole = file(film, etag='"film"')

    def dies_soon(request: Request) -> Answer:
        show.expire()
        return cut(whole, every=100_000)(request)

    show.routes["film.mp4"] = dies_soon
    assert client.get(url).content == film
    assert len(show.questions) == 3


def test_03_another_cut_is_never_spliced_in(show: Show, url: str, client: httpx.Client) -> None:
    presentation.put(show)
    found = presentation.addresses(client, url)
    show.routes["video.m3u8"] = playlist(PLAYLISTS["video.m3u8"].replace("4.0,", "3.0,"))
    show.expire()
    assert client.get(found["video1.m4s"]).status_code == 404
    assert client.get(follow(client, url)[-1]).text.count("#EXTINF:3.0,") == 2


@pytest.mark.parametrize("state", ["never resolved", "expired"])
def test_04_twenty_players_one_resolve(
    state: str, show: Show, proxy: Proxy, client: httpx.Client
) -> None:
    data = presentation.flat(show, ["a.ts"])
    playback_url = proxy.playback_url(show.slug)
    wanted, questions, asked = playback_url, 1, show.entry
    if state == "expired":
        [wanted] = follow(client, playback_url)
        questions, asked = 2, "a.ts"
        show.expire()
    show.resolver_waits_for = lambda: len(show.asked(asked)) >= 20
    answers = at_once([wanted] * 20)
    assert {answer.status_code for answer in answers} == {200}
    if state == "expired":
        assert {answer.content for answer in answers} == {data["a.ts"]}
    assert len(show.questions) == questions


@pytest.mark.slow
def test_05_a_dead_episode_is_not_resolved_for_every_request(
    show: Show, url: str, client: httpx.Client
) -> None:
    presentation.flat(show, ["a.ts"])
    [segment] = follow(client, url)
    show.is_dead = True
    started = time.monotonic()
    answers = [client.get(segment) for _ in range(10)]
    assert {answer.status_code for answer in answers} == {403}
    assert max(answer.elapsed.total_seconds() for answer in answers) < 10
    assert len(show.asked("a.ts")) <= 10 * len(answers)
    # One resolve at once, then one after 1 s of rest, 2 s, 4 s, …: not one for each request.
    assert len(show.questions) <= 3 + math.log2(1 + time.monotonic() - started)
    show.expire()
    show.is_dead = False
    until(lambda: client.get(segment).status_code == 200, "the back-off passes")


@pytest.mark.slow
@pytest.mark.parametrize("status", [403, 500])
def test_05_a_server_that_refuses_what_has_played_is_asked_a_few_times(
    status: int, show: Show, url: str, client: httpx.Client
) -> None:
    """Its playlist is there, its segments are not: each request of a player was a hundred here."""
    names = [f"{n}.ts" for n in range(6)]
    presentation.flat(show, names)
    addresses = follow(client, url)
    for address in addresses[3:5]:
        assert client.get(address).status_code == 200
    show.routes |= dict.fromkeys(names, always(Answer(status)))
    before = len(show.asked())
    for _ in range(2):
        assert client.get(addresses[5]).status_code == (502 if status == 500 else status)
    assert len(show.asked()) - before <= 2 * 20


@pytest.mark.parametrize("ttl", [timedelta(hours=1), timedelta(milliseconds=1)], ids=str)
def test_31_a_cache_ttl_survives_a_restart(
    ttl: timedelta, show: Show, settings: Settings, client: httpx.Client
) -> None:
    presentation.flat(show, ["a.ts"])
    settings = replace(settings, proxy=replace(settings.proxy, cache_ttl=ttl))
    with Database.open(settings.database) as database:
        Mappings(database).register([Registration(identity(show.slug), "show.strm")])
    for _ in range(2):
        with running_proxy(settings) as proxy:
            [segment] = follow(client, proxy.playback_url(show.slug))
            assert client.get(segment).status_code == 200
    assert len(show.questions) == 1 if ttl > timedelta(seconds=1) else len(show.questions) > 1
