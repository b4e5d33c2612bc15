"""Rows 44 to 46 in any order: every byte that is sent is the right one for its name, or an error.

A content is a version of the same program: each has a key and segments of its own. Names that stand
side by side in one folder of addresses are of one version for ever, whichever process is asked:
there are two that share a database, and one with a database of its own. What a live stream lists is
no name for all processes, since a window does not show how its run began: one process plays it.
"""

import itertools
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import settings as budget, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from stage.presentation import content
from stage.proxy import Proxy, running_proxy, settings_for
from stage.routes import always, cut, file, playlist
from stage.show import Resolver
from stage.upstream import Answer
from stage.viewer import follow
from stage.waiting import until

WINDOW = 4


def body(version: int, name: str) -> bytes:
    return (
        content(f"{version} {name}", 16)
        if name[0] == "k"
        else b"G" + content(f"{version} {name}", 1500)
    )


class Playing(RuleBasedStateMachine):
    """One identity; `finished` content is listed whole, live content in a window."""

    proxies: list[Proxy]
    resolver: Resolver
    client: httpx.Client
    finished: bool

    def __init__(self) -> None:
        super().__init__()
        self.show = self.resolver.new_show()
        self.urls = [proxy.playback_url(self.show.slug) for proxy in self.proxies]
        self.versions = itertools.count()
        self.version, self.seconds, self.first = next(self.versions), 2.0, 0
        self.breaks = False
        self.listed: dict[str, None] = {}
        self.version_of: dict[str, int] = {}
        self.put()

    def put(self) -> None:
        lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:4", f"#EXT-X-MEDIA-SEQUENCE:{self.first}"]
        lines.append('#EXT-X-KEY:METHOD=AES-128,URI="key"')
        names = [f"s{number}.ts" for number in range(self.first, self.first + WINDOW)]
        for name in names:
            lines += [f"#EXTINF:{self.seconds:.3f},", name]
        text = "\n".join([*lines, *(["#EXT-X-ENDLIST"] if self.finished else []), ""])
        self.show.routes = {"index.m3u8": playlist(text)}
        for name in ("key", *names):
            route = file(body(self.version, name), etag=f'"{self.version} {name}"')
            self.show.routes[name] = cut(route, every=600) if self.breaks else route

    def reload(self) -> None:
        """Once the proxy has read what is on now: a live copy is given for a second."""
        asked = len(self.show.asked("index.m3u8"))

        def read_again() -> bool:
            self.read(0)
            return len(self.show.asked("index.m3u8")) > asked

        if not self.finished:
            until(read_again, "the playlist is read again")

    @rule(worker=st.integers(0, 2))
    def read(self, worker: int) -> None:
        url = self.urls[worker % len(self.urls)]
        self.listed |= dict.fromkeys(urlsplit(each).path for each in follow(self.client, url))

    @precondition(lambda self: self.listed)
    @rule(data=st.data(), worker=st.integers(0, 2))
    def fetch(self, data: st.DataObject, worker: int) -> None:
        url = data.draw(st.sampled_from(list(self.listed)))
        try:
            answer = self.client.get(f"{self.proxies[worker % len(self.proxies)].url}{url}")
        except httpx.RemoteProtocolError:
            return  # It could not be completed.
        if answer.status_code != 200:
            assert answer.status_code >= 400
            return
        folder, _, name = url.rpartition("/")
        name = "key" if name.endswith(".key") else f"s{name}"
        # What was read with a playlist may be of the version before, whose name it has.
        versions = range(self.version + 1)
        seen = [each for each in versions if answer.content == body(each, name)]
        assert len(seen) == 1, url
        assert seen == [self.version_of.setdefault(folder, seen[0])], url

    @rule()
    def expire(self) -> None:
        self.show.expire()

    @rule()
    def dub(self) -> None:
        """Another version behind the next token."""
        self.show.expire()
        self.version = next(self.versions)
        self.put()

    @rule()
    def recut(self) -> None:
        self.show.expire()
        self.version, self.seconds = next(self.versions), 6.0 - self.seconds
        self.put()

    @rule()
    def drop(self) -> None:
        """Bodies break every few bytes from now on, or no longer."""
        self.breaks = not self.breaks
        self.put()

    @rule()
    def lose_the_key(self) -> None:
        """Until something else is put."""
        self.show.routes["key"] = always(Answer(403, b"no", {"Content-Type": "text/plain"}))

    @precondition(lambda self: not self.finished)
    @rule(segments=st.integers(1, 2 * WINDOW))
    def slide(self, segments: int) -> None:
        self.first += segments
        self.put()
        self.reload()

    @precondition(lambda self: not self.finished and self.first > 0)
    @rule(data=st.data())
    def begin_again(self, data: st.DataObject) -> None:
        """At a lower number, under the same names."""
        self.version = next(self.versions)
        self.first = data.draw(st.integers(0, self.first - 1))
        self.put()
        self.reload()


@pytest.fixture(scope="module")
def proxies(resolver: Resolver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Proxy]]:
    one, other = (tmp_path_factory.mktemp(name) for name in ("one", "other"))
    with ExitStack() as stack:
        yield [
            stack.enter_context(running_proxy(settings_for(folder, resolver.url)))
            for folder in (one, one, other)
        ]


@pytest.fixture
def stage(proxies: list[Proxy], resolver: Resolver, client: httpx.Client) -> type[Playing]:
    class Staged(Playing):
        pass

    Staged.proxies, Staged.resolver, Staged.client = proxies, resolver, client
    return Staged


def test_46_every_byte_is_the_right_one_for_its_name(stage: type[Playing], is_long: bool) -> None:
    stage.finished = True
    examples, steps = (60, 40) if is_long else (6, 16)
    run_state_machine_as_test(
        stage, settings=budget(max_examples=examples, stateful_step_count=steps)
    )


@pytest.mark.slow
def test_46_every_byte_of_a_live_stream_is_the_right_one_for_its_name(
    stage: type[Playing], is_long: bool
) -> None:
    stage.finished = False
    stage.proxies = stage.proxies[:1]
    run_state_machine_as_test(
        stage, settings=budget(max_examples=40 if is_long else 12, stateful_step_count=16)
    )
