"""Three machines behind the shipped configurations: what a viewer sees when one of them fails."""

import json
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

import httpx
import pytest

from stage import presentation
from stage.routes import file, playlist
from stage.show import Resolver, Show
from stage.upstream import Answer, Request
from stage.viewer import at_once, follow
from stage.waiting import until
from system.cluster.nodes import ADDRESSES, FRONT, Cluster

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("machines")]

SEGMENTS = [f"part{number}.ts" for number in range(12)]
VIEWERS = 30


@pytest.fixture
def far_show(far_resolver: Resolver) -> Show:
    """Twelve segments."""
    show = far_resolver.new_show()
    presentation.flat(show, SEGMENTS)
    return show


@dataclass(slots=True)
class Watched:
    """An episode that a viewer has begun to play: its segments, none of which was asked for."""

    show: Show
    listed: list[str]

    def check(self, answers: list[httpx.Response]) -> None:
        """All of them have come, whole."""
        assert [answer.status_code for answer in answers] == [200] * len(SEGMENTS)
        contents = [answer.content for answer in answers]
        assert contents == [presentation.content(name) for name in SEGMENTS]


@pytest.fixture
def watched(cluster: Cluster, far_show: Show, viewer: httpx.Client) -> Watched:
    return Watched(far_show, follow(viewer, cluster.playback_url(far_show.slug)))


def test_one_title_is_on_one_node(
    cluster: Cluster, far_resolver: Resolver, viewer: httpx.Client
) -> None:
    shows = [far_resolver.new_show() for _ in range(12)]
    for show in shows:
        presentation.put(show)
        for url in presentation.addresses(viewer, cluster.playback_url(show.slug)).values():
            assert viewer.get(url).status_code == 200
        assert len(show.questions) == 1
    assert {cluster.node_of(show.slug).machine.address for show in shows} == {
        node.machine.address for node in cluster.nodes
    }


@pytest.mark.parametrize("cluster", ["nginx"], indirect=True)
def test_numbers_and_lines_say_which_node(
    cluster: Cluster, watched: Watched, viewer: httpx.Client
) -> None:
    for node in cluster.nodes:
        numbers = viewer.get(f"http://{node.machine.address}:8888/metrics").text
        assert f'node="{node.name}"' in numbers
    node = cluster.node_of(watched.show.slug)
    assert f" {node.name} INFO [" in node.running.log.read_text()


def test_thirty_viewers_and_one_expiry_are_one_question(watched: Watched) -> None:
    watched.show.expire()
    urls = [watched.listed[number % len(SEGMENTS)] for number in range(VIEWERS)]
    answers = at_once(urls)
    assert [answer.status_code for answer in answers] == [200] * VIEWERS
    assert len(watched.show.questions) == 2


def one_session(show: Show) -> list[Answer]:
    """Each answer of its resolver ends the session before; what the upstream has refused."""
    sites = show.upstream.sites
    resolve, refused = sites["resolve"], []

    def resolving(request: Request) -> Answer:
        if json.loads(request.body)["slug"] == show.slug:
            show.expire()
        return resolve(request)

    def serving(request: Request) -> Answer:
        answer = show(request)
        if answer.status == 403:
            refused.append(answer)
        return answer

    sites |= {"resolve": resolving, show.slug: serving}
    return refused


def test_a_provider_with_one_session_has_one(cluster: Cluster, far_show: Show) -> None:
    refused = one_session(far_show)
    url = cluster.playback_url(far_show.slug)

    def play(_: int) -> list[int]:
        with httpx.Client(trust_env=False, verify=False, timeout=40) as own:
            return [own.get(each).status_code for each in follow(own, url)]

    with ThreadPoolExecutor(3) as pool:
        played = list(pool.map(play, range(3)))
    assert played == [[200] * len(SEGMENTS)] * 3
    assert (len(far_show.questions), refused) == (1, [])


def test_the_node_that_has_resolved_is_killed(
    cluster: Cluster, watched: Watched, viewer: httpx.Client
) -> None:
    node = cluster.node_of(watched.show.slug)
    node.kill()
    watched.check([viewer.get(url) for url in watched.listed])
    node.start()


@pytest.mark.parametrize("cluster", ["haproxy"], indirect=True)
def test_a_node_that_stands_still_for_a_moment_keeps_its_titles(
    cluster: Cluster, watched: Watched, viewer: httpx.Client
) -> None:
    """Each second HAProxy asks whether it is ready, and hears nothing three times."""
    process = cluster.node_of(watched.show.slug).running.process
    process.send_signal(signal.SIGSTOP)
    try:
        # Longer than three questions take, shorter than the patience with one.
        threading.Event().wait(3.6)
    finally:
        process.send_signal(signal.SIGCONT)
    watched.check([viewer.get(url) for url in watched.listed])
    assert len(watched.show.questions) == 1


def test_the_cable_of_a_node_is_cut(
    cluster: Cluster, watched: Watched, viewer: httpx.Client
) -> None:
    """Nothing says that it is gone: neither a reset nor an end."""
    viewer.get(watched.listed[0])
    with cluster.node_of(watched.show.slug).machine.cut_off():
        watched.check([viewer.get(url) for url in watched.listed])


def test_the_upkeep_node_is_gone(
    cluster: Cluster, far_resolver: Resolver, viewer: httpx.Client
) -> None:
    """The first one: titles begin to play whichever node they were on."""
    cluster.nodes[0].kill()
    shows = [far_resolver.new_show() for _ in range(12)]
    for show in shows:
        presentation.flat(show, SEGMENTS)
        listed = follow(viewer, cluster.playback_url(show.slug))
        assert viewer.get(listed[0]).content == presentation.content(SEGMENTS[0])
    cluster.nodes[0].start()


@dataclass(slots=True)
class Playing:
    """Asks for one segment after the other, always another title's, until it is enough."""

    urls: list[str]
    statuses: list[int] = field(default_factory=list)

    @contextmanager
    def meanwhile(self) -> Iterator[None]:
        enough = threading.Event()

        def play() -> None:
            with httpx.Client(trust_env=False, verify=False, timeout=40) as client:
                while not enough.is_set():
                    for url in self.urls:
                        uncached = {"nobody_asked_before": str(len(self.statuses))}
                        answer = client.get(httpx.URL(url).copy_merge_params(uncached))
                        self.statuses.append(answer.status_code)

        thread = threading.Thread(target=play)
        thread.start()
        try:
            yield
            seen = len(self.statuses)
            until(lambda: len(self.statuses) > seen + len(self.urls), "all are asked once more")
        finally:
            enough.set()
            thread.join()


@pytest.fixture
def playing(cluster: Cluster, far_resolver: Resolver, viewer: httpx.Client) -> Playing:
    """Of twelve titles the playback URL and a segment."""
    urls = []
    for _ in range(12):
        show = far_resolver.new_show()
        presentation.flat(show, SEGMENTS)
        url = cluster.playback_url(show.slug)
        urls += [url, follow(viewer, url)[0]]
    return Playing(urls)


def test_a_rolling_restart(cluster: Cluster, playing: Playing) -> None:
    with playing.meanwhile():
        for node in cluster.nodes:
            node.restart()
    assert set(playing.statuses) == {200}


def test_a_new_key_refuses_nobody(cluster: Cluster, playing: Playing) -> None:
    """Known everywhere first, signing then, while what it signed is asked of any node."""
    old = json.loads(cluster.keys("list", "--json").splitlines()[0])["id"]
    with playing.meanwhile():
        new = json.loads(cluster.keys("add", "--verify-only", "--json"))["id"]
        for node in cluster.nodes:
            node.read_again()
        cluster.keys("promote", new)
        for node in cluster.nodes:
            node.read_again()
            signed = cluster.playback_url("x")
            assert f"sig={new}." in signed
    assert set(playing.statuses) == {200}
    with httpx.Client(trust_env=False, verify=False, timeout=40) as client:
        urls = [cluster.playback_url(show) for show in _slugs(playing)]
        assert {client.get(url).status_code for url in urls} == {200}
    cluster.keys("retire", old, "--force")
    for node in cluster.nodes:
        node.read_again()
    with httpx.Client(trust_env=False, verify=False, timeout=40) as client:
        # A cache answers for as long as its copy lives.
        assert client.get(f"{playing.urls[0]}&uncached=1").status_code == 403


def _slugs(playing: Playing) -> list[str]:
    queries = (httpx.URL(url).params for url in playing.urls)
    return [query["slug"] for query in queries if "slug" in query]


@pytest.mark.parametrize("cluster", ["nginx"], indirect=True)
def test_fifty_viewers_are_one_for_the_nodes(cluster: Cluster, far_resolver: Resolver) -> None:
    """Of each segment and of the playlist; beside fifty that ask a node themselves."""

    def viewers(lead: Callable[[str], str]) -> tuple[list[httpx.Response], float]:
        show = far_resolver.new_show()
        presentation.flat(show, SEGMENTS)
        url = lead(cluster.playback_url(show.slug))

        def watch(_: int) -> list[httpx.Response]:
            with httpx.Client(trust_env=False, verify=False, timeout=60) as own:
                return [own.get(lead(each)) for each in follow(own, url)]

        before = cluster.cpu_seconds()
        with ThreadPoolExecutor(50) as pool:
            answers = [answer for each in pool.map(watch, range(50)) for answer in each]
        assert {answer.status_code for answer in answers} == {200}
        return answers, cluster.cpu_seconds() - before

    _, alone = viewers(lambda url: url.replace(FRONT, f"{ADDRESSES[0]}:8888"))
    answers, cached = viewers(lambda url: url)
    kept = [answer.headers["X-Cache"] for answer in answers]
    assert kept.count("HIT") >= 0.98 * len(answers)
    assert cached <= alone / 3


def test_the_disk_of_the_upkeep_node_is_full(
    cluster: Cluster, far_resolver: Resolver, viewer: httpx.Client
) -> None:
    upkeep = cluster.nodes[0]
    upkeep.stop()
    with upkeep.on_a_small_disk() as fill_up:
        fill_up()
        for _ in range(12):
            show = far_resolver.new_show()
            presentation.flat(show, SEGMENTS)
            listed = follow(viewer, cluster.playback_url(show.slug))
            show.expire()
            assert [viewer.get(url).status_code for url in listed] == [200] * len(SEGMENTS)
    upkeep.start()


def _run(number: int, first: int) -> tuple[str, dict[str, bytes]]:
    """A live stream's window of three, which begins again with other files."""
    names = [f"run{number}-{place}.ts" for place in range(first, first + 3)]
    lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:1", f"#EXT-X-MEDIA-SEQUENCE:{first}"]
    for name in names:
        lines += ["#EXTINF:1.0,", name]
    return "\n".join([*lines, ""]), {name: presentation.content(name) for name in names}


def test_a_live_stream_that_begins_again_shows_its_new_run(
    cluster: Cluster, far_resolver: Resolver, viewer: httpx.Client
) -> None:
    show = far_resolver.new_show()
    url = cluster.playback_url(show.slug)

    def on_air(number: int, first: int) -> list[bytes]:
        text, files = _run(number, first)
        show.routes["index.m3u8"] = playlist(text)
        show.routes |= {name: file(data, media_type="video/mp2t") for name, data in files.items()}
        return list(files.values())

    def shows(contents: list[bytes]) -> bool:
        return [viewer.get(each).content for each in follow(viewer, url)] == contents

    for number, first in enumerate([5, 0, 0], 1):
        contents = on_air(number, first)
        until(partial(shows, contents), f"run {number} is shown")
