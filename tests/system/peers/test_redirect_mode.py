"""Row 90: mode redirect looks at where it sends people, and renews what is refused there."""

from datetime import timedelta

import httpx
import pytest
from msgspec.structs import replace

from stage.proxy import identity, running_proxy
from stage.routes import file
from stage.show import Show
from stage.upstream import Answer
from strmctl.settings.model import Mode, Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.mappings import Mappings, Registration


@pytest.fixture
def redirecting(settings: Settings) -> Settings:
    """Links are kept for an hour, also over a restart."""
    hour = timedelta(hours=1)
    proxy = replace(settings.proxy, mode=Mode.REDIRECT, cache_ttl=hour)
    return replace(settings, proxy=proxy)


@pytest.fixture
def film(show: Show) -> Show:
    show.entry = "film.ts"
    show.routes[show.entry] = file((b"G" + bytes(187)) * 1000, media_type="video/mp2t")
    return show


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_90_nobody_is_sent_to_a_url_that_has_died(
    redirecting: Settings, film: Show, client: httpx.Client, status: int
) -> None:
    with Database.open(redirecting.database) as database:
        Mappings(database).register([Registration(identity(film.slug), "film.strm")])
    with running_proxy(redirecting) as proxy:
        url = proxy.playback_url(film.slug)
        assert client.get(url).headers["Location"] == film.url(film.entry)
    film.expire(Answer(status, b"no"))
    with running_proxy(redirecting) as proxy:
        answer = client.get(proxy.playback_url(film.slug))
        assert answer.status_code == 302
        assert answer.headers["Location"] == film.url(film.entry)
        assert client.get(answer.headers["Location"]).status_code == 200
    assert len(film.questions) == 2


def test_90_it_looks_once_a_minute_at_most(
    redirecting: Settings, film: Show, client: httpx.Client
) -> None:
    with running_proxy(redirecting) as proxy:
        for _ in range(5):
            assert client.get(proxy.playback_url(film.slug)).status_code == 302
        assert len(film.asked(film.entry)) == 1


def test_90_what_cannot_be_renewed_is_left_to_the_player(
    redirecting: Settings, film: Show, client: httpx.Client
) -> None:
    """The CDN may refuse strmctl alone."""
    film.is_dead = True
    with running_proxy(redirecting) as proxy:
        answer = client.get(proxy.playback_url(film.slug))
        assert answer.status_code == 302
        assert answer.headers["Location"] == film.url(film.entry)
