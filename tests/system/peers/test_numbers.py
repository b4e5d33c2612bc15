"""Row 71: a healing counts when bytes of the new answer went out, and one number is everywhere."""

from collections.abc import Callable
from dataclasses import dataclass

import httpx
import pytest

from stage import presentation
from stage.presentation import FILES
from stage.proxy import Proxy, identity, running_proxy
from stage.routes import WEB_PAGE, cut, file
from stage.show import Resolver, Show
from stage.upstream import Answer
from stage.waiting import until
from strmctl.domain.identity import Identity
from strmctl.domain.mapping import LinkState
from strmctl.services.tally import Tally
from strmctl.settings.model import Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.mappings import Mappings, Registration
from system.observe.numbers import Counts, is_idle, of_history, of_metrics, of_page, of_stats


def registered(proxy: Proxy, *slugs: str) -> None:
    with Database.open(proxy.settings.database) as database:
        Mappings(database).register(
            [Registration(identity(slug), f"{slug}.strm") for slug in slugs]
        )


def agreed(client: httpx.Client, proxy: Proxy) -> Counts:
    """What every source says, once the last answer has been counted."""
    until(lambda: is_idle(client, proxy.url), "the last answer has ended")
    found = of_metrics(client, proxy)
    until(lambda: of_stats(client, proxy) == found, f"stats say {found}")
    for other in (of_page(client, proxy), of_history(proxy)):
        assert other == {name: found[name] for name in other}
    return found


@dataclass(frozen=True)
class Trouble:
    """What becomes of a show in mid-play."""

    happens: Callable[[Show], None]
    healed: int = 0
    failed: int = 0


def _refused_by_policy(show: Show) -> None:
    show.expire()
    show.elsewhere = "http://10.1.2.3/index.m3u8"


def _loopback_name(show: Show) -> None:
    show.expire()
    show.elsewhere = "http://[::ffff:169.254.169.254]/index.m3u8"


def _dead(show: Show) -> None:
    show.is_dead = True


def _web_page(show: Show) -> None:
    show.expire()
    show.routes["index.m3u8"] = lambda request: Answer(200, WEB_PAGE, {"Content-Type": "text/html"})


def _resolver_fails(show: Show) -> None:
    show.expire()
    show.elsewhere = "ftp://made.up/x"


TROUBLES = {
    "a token dies": Trouble(Show.expire, healed=1),
    "the new URL is refused by policy": Trouble(_refused_by_policy, failed=1),
    "it is an address inside in disguise": Trouble(_loopback_name, failed=1),
    "the upstream stays dead": Trouble(_dead, failed=1),
    "a web page in place of the playlist": Trouble(_web_page, failed=1),
    "the resolver's answer is no URL": Trouble(_resolver_fails, failed=1),
}


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES)
def test_71_a_healing_counts_when_bytes_went_out(
    trouble: Trouble, show: Show, settings: Settings, client: httpx.Client
) -> None:
    presentation.put(show)
    with running_proxy(settings) as proxy:
        registered(proxy, show.slug)
        found = presentation.addresses(client, proxy.playback_url(show.slug))
        trouble.happens(show)
        status = client.get(found["video1.m4s"]).status_code
        assert (status == 200) is bool(trouble.healed)
        counts = agreed(client, proxy)
    assert (counts["healed"], counts["not healed"]) == (trouble.healed, trouble.failed)
    assert counts["plays"] == trouble.healed


def test_71_every_source_says_the_same_after_failures_of_every_kind(
    resolver: Resolver, settings: Settings, client: httpx.Client
) -> None:
    shows = [resolver.new_show() for _ in TROUBLES]
    with running_proxy(settings) as proxy:
        registered(proxy, *(show.slug for show in shows))
        for show, trouble in zip(shows, TROUBLES.values(), strict=True):
            presentation.put(show)
            show.routes["video2.m4s"] = cut(file(FILES["video2.m4s"], etag='"x"'), every=2000)
            found = presentation.addresses(client, proxy.playback_url(show.slug))
            assert client.get(found["video2.m4s"]).content == FILES["video2.m4s"]
            trouble.happens(show)
            client.get(found["video1.m4s"])
        client.get(proxy.playback_url("nobodys"))
        counts = agreed(client, proxy)
    assert (counts["healed"], counts["not healed"]) == (1, 5)
    assert counts["resumed"] == 2 * len(shows)
    assert counts["plays"] == len(shows)
    assert counts["bytes"] >= len(shows) * len(FILES["video2.m4s"])


def test_71_many_viewers_of_one_new_link_are_one_healing(
    show: Show, settings: Settings, client: httpx.Client
) -> None:
    presentation.put(show)
    with running_proxy(settings) as proxy:
        registered(proxy, show.slug)
        found = presentation.addresses(client, proxy.playback_url(show.slug))
        show.expire()
        for name in ("video0.m4s", "video1.m4s", "video2.m4s"):
            assert client.get(found[name]).status_code == 200
        assert agreed(client, proxy)["healed"] == 1


def test_71_a_resolver_that_rests_is_one_failure(
    show: Show, settings: Settings, client: httpx.Client
) -> None:
    presentation.put(show)
    with running_proxy(settings) as proxy:
        registered(proxy, show.slug)
        found = presentation.addresses(client, proxy.playback_url(show.slug))
        _resolver_fails(show)
        for _ in range(5):
            assert client.get(found["video1.m4s"]).status_code == 403
        asked = len(show.questions) - 1
        assert agreed(client, proxy)["not healed"] == asked < 5


def test_71_a_play_that_has_sent_media_makes_the_link_alive(
    show: Show, settings: Settings, client: httpx.Client
) -> None:
    presentation.put(show)
    with running_proxy(settings) as proxy, Database.open(settings.database) as database:
        registered(proxy, show.slug)
        mappings = Mappings(database)
        found = presentation.addresses(client, proxy.playback_url(show.slug))
        assert client.get(found["video.key"]).status_code == 200
        assert agreed(client, proxy)["plays"] == 0, "a key is no media"
        assert client.get(found["video0.m4s"]).status_code == 200
        assert agreed(client, proxy)["plays"] == 1
        mapping = mappings.find(identity(show.slug))
        assert mapping is not None
        assert (mapping.state, mapping.last_played_at is None) == (LinkState.ALIVE, False)


@pytest.mark.parametrize("state", ["suspect", "dead", "blocked"])
def test_71_a_failing_link_stays_so_until_a_play_has_sent_media(
    show: Show, settings: Settings, client: httpx.Client, state: str
) -> None:
    """Its resolver gives another dead URL to each of its viewers."""
    presentation.put(show)
    with running_proxy(settings) as proxy, Database.open(settings.database) as database:
        registered(proxy, show.slug)
        mappings = Mappings(database)
        found = presentation.addresses(client, proxy.playback_url(show.slug))
        until(lambda: _resolved(mappings, show) is not None, "the first URL is stored")
        first = _resolved(mappings, show)
        with database.transaction() as connection:
            connection.execute("UPDATE strm_mapping SET state = ?, fail_count = 2", (state,))
        show.is_dead = True
        assert client.get(found["video0.m4s"]).status_code == 403
        until(lambda: _resolved(mappings, show) != first, "the other URL is stored")
        failing = mappings.find(identity(show.slug))
        assert failing is not None
        assert (failing.state, failing.fail_count) == (LinkState(state), 2)
        show.is_dead = False
        show.expire()
        until(lambda: client.get(found["video0.m4s"]).status_code == 200, "it is asked again")
        until(lambda: _state(mappings, show) is LinkState.ALIVE, "it has played")


def test_71_what_cannot_be_saved_waits_and_is_counted_once(settings: Settings) -> None:
    who = Identity("a.to", "x", "German", 1, 1)
    counted = Tally()
    for _ in range(3):
        counted.resolver_answered(0.1, 200)
    counted.healed(who, "https://cdn.test/a", well=True)
    with Database.open(settings.database) as database:
        counted.save(database)
        counted.save(database)
        counted.resolver_answered(0.1, 404)
        before = counted.totals()
        counted.read(database)
        assert counted.totals() == before
        counted.save(database)
        counted.read(database)
        assert {key: value for key, value in counted.totals().items() if value} == {
            ("heals", "healed"): 1,
            ("resolves", "resolved"): 3,
            ("resolves", "not_found"): 1,
        }


def _state(mappings: Mappings, show: Show) -> LinkState | None:
    found = mappings.find(identity(show.slug))
    return found.state if found else None


def _resolved(mappings: Mappings, show: Show) -> str | None:
    found = mappings.find(identity(show.slug))
    return found.resolution.url if found and found.resolution else None
