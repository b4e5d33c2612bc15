"""After plays with failures of every kind, beside runs and jobs, each number is one everywhere."""

import json
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from stage import presentation
from stage.presentation import FILES
from stage.proxy import Proxy
from stage.routes import WEB_PAGE, cut, file
from stage.show import Resolver, Show
from stage.strmctl import Strmctl, new_strmctl
from stage.upstream import Answer
from stage.waiting import until
from strmctl.settings.model import ProxySettings, Settings
from strmctl.storage.database.connection import Database
from system.observe.numbers import (
    of_document,
    of_history,
    of_metrics,
    of_page,
    of_stats,
    of_tables,
    states_of_metrics,
)

SHOWS = 6


@dataclass(frozen=True)
class Session:
    """Shows that a server plays while the command line and its jobs look after them."""

    strmctl: Strmctl
    client: httpx.Client
    shows: list[Show]
    urls: dict[str, str]
    ids: dict[str, int]

    @property
    def proxy(self) -> Proxy:
        """Where to look at it."""
        database = self.strmctl.folder / "strmctl.db"
        base = ProxySettings(public_base_url=self.strmctl.base_url)
        return Proxy(Settings(database=database, proxy=base))

    def play(self, show: Show, happens: Callable[[Show], None], name: str) -> None:
        """A play of two segments, with something that happens between them."""
        if self.client.get(self.urls[show.slug]).status_code == 200:
            found = presentation.addresses(self.client, self.urls[show.slug])
            self.client.get(found["video0.m4s"])
            happens(show)
            self.client.get(found[name])
        mend(show)

    def run(self, *arguments: str) -> None:
        assert self.strmctl.run(*arguments, "-q").returncode in (0, 10, 12, 13)

    def job(self, command: str, show: Show) -> None:
        url = f"{self.strmctl.base_url}/api/v1"
        job = self.client.post(f"{url}/{command}", json={"id": [self.ids[show.slug]]})
        assert job.status_code in (200, 201, 202), job.text
        one = f"{url}/jobs/{job.json()['id']}"
        over = ("succeeded", "failed")
        until(lambda: self.client.get(one).json()["state"] in over, "the job is over")


def mend(show: Show) -> None:
    """As new, at another token."""
    show.is_dead, show.elsewhere = False, ""
    presentation.put(show)
    show.routes["video2.m4s"] = cut(file(FILES["video2.m4s"], etag='"x"'), every=2000)


def nothing(show: Show) -> None: ...


def dies(show: Show) -> None:
    show.is_dead = True


def is_refused_by_policy(show: Show) -> None:
    show.expire()
    show.elsewhere = "http://10.1.2.3/index.m3u8"


def is_without_a_url(show: Show) -> None:
    show.expire()
    show.elsewhere = "ftp://made.up/x"


def is_a_web_page(show: Show) -> None:
    show.expire()
    show.routes["index.m3u8"] = lambda request: Answer(200, WEB_PAGE, {"Content-Type": "text/html"})


def _steps() -> list[Callable[[Session, Show], None]]:
    happens = (nothing, Show.expire, dies, is_refused_by_policy, is_without_a_url, is_a_web_page)
    plays = [
        lambda session, show, it=it, name=name: session.play(show, it, name)
        for it in happens
        for name in ("video1.m4s", "video2.m4s")
    ]
    runs = [
        lambda session, show: session.run("refresh", "--id", str(session.ids[show.slug])),
        lambda session, show: session.run("probe", "--id", str(session.ids[show.slug])),
        lambda session, show: session.job("refresh", show),
        lambda session, show: session.job("probe", show),
    ]
    strangers = [
        lambda session, show: session.client.get(f"{session.strmctl.base_url}/strm/stream?slug=x")
    ]
    return [*plays, *runs, *strangers]


@pytest.fixture
def session(resolver: Resolver, tmp_path: Path, client: httpx.Client) -> Iterator[Session]:
    strmctl = new_strmctl(tmp_path / "strmctl", resolver.url)
    shows = [resolver.new_show() for _ in range(SHOWS)]
    written = {show.slug: strmctl.write(show.slug) for show in shows}
    for show in shows:
        mend(show)
    urls = {slug: str(it["playback_url"]) for slug, it in written.items()}
    ids = {slug: int(it["id"]) for slug, it in written.items()}
    with strmctl.serving():
        yield Session(strmctl, client, shows, urls, ids)


@pytest.mark.slow
@pytest.mark.parametrize(
    "seconds",
    [
        pytest.param(15, id="a short session", marks=pytest.mark.timeout(600)),
        pytest.param(600, id="ten minutes", marks=[pytest.mark.long, pytest.mark.timeout(3600)]),
    ],
)
def test_every_number_is_the_same_in_all_places(seconds: int, session: Session) -> None:
    choice = random.Random(seconds)
    ends_at = time.monotonic() + seconds
    steps = _steps()
    # Each kind once, then as many as the time allows.
    for step in steps:
        step(session, choice.choice(session.shows))
    while time.monotonic() < ends_at:
        choice.choice(steps)(session, choice.choice(session.shows))
    assert_agreed(session)


def assert_agreed(session: Session) -> None:
    client, proxy = session.client, session.proxy
    found = of_metrics(client, proxy)
    until(lambda: of_tables(proxy) == of_metrics(client, proxy), "all is saved")
    found = of_metrics(client, proxy)
    assert all(found[name] for name in found), f"some of it has not happened: {found}"
    assert of_stats(client, proxy) == found
    document = json.loads(session.strmctl.run("stats", "--json").stdout.splitlines()[0])
    assert of_document(document) == found
    page, history = of_page(client, proxy), of_history(proxy)
    assert page == {name: found[name] for name in page}
    if history_is_whole(session):
        assert history == {name: found[name] for name in history}
    else:
        assert all(number <= found[name] for name, number in history.items())
    states = states_of_metrics(client, proxy)
    assert sum(states.values()) == SHOWS
    assert document["states"] == states
    assert client.get(f"{proxy.url}/api/v1/stats").json()["states"] == states


def history_is_whole(session: Session) -> bool:
    """It keeps the newest 50 events of a link; counts never forget."""
    with Database.open(session.proxy.settings.database) as database:
        [(most,)] = database.query(
            "SELECT max(number) FROM (SELECT count(*) AS number FROM event GROUP BY mapping_id)"
        )
    return int(most) < 50
