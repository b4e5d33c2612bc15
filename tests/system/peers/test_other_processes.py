"""Row 46 with a restart, another worker or another node: a name says what decrypts its content."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import httpx
import pytest

from stage.presentation import content
from stage.proxy import Proxy, running_proxy, settings_for
from stage.routes import FORBIDDEN, WEB_PAGE, always, cut, deaf, file, playlist
from stage.show import Resolver, Show
from stage.upstream import Answer, Request
from stage.viewer import follow
from strmctl.settings.model import Settings

SEGMENTS = ["s0.m4s", "s1.m4s", "s2.m4s"]
KEY = '#EXT-X-KEY:METHOD=AES-128,URI="key"'
INIT = '#EXT-X-MAP:URI="init.mp4"'
NO_KEY: Mapping[str, Answer] = {
    "403": FORBIDDEN,
    "web page": Answer(200, WEB_PAGE, {"Content-Type": "text/html"}),
    "silent": Answer(is_silent=True),
}


def text(*tags: str, last: str = "") -> str:
    """A finished playlist; `last` is a tag before its last segment."""
    lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:2", *tags]
    for name in SEGMENTS:
        lines += [last] * (name == SEGMENTS[-1] and last != "") + ["#EXTINF:2.000,", name]
    return "\n".join([*lines, "#EXT-X-ENDLIST", ""])


def files(voice: str, **own: bytes) -> Mapping[str, bytes]:
    """Segments that begin alike and are of one length, and what belongs to them."""
    body = {name: b"\x47" + bytes(1500) + content(f"{voice} {name}", 300) for name in SEGMENTS}
    return body | own


def put(show: Show, listed: str, data: Mapping[str, bytes]) -> None:
    show.routes = {"index.m3u8": playlist(listed)}
    show.routes |= {name: file(each) for name, each in data.items()}


@dataclass(slots=True)
class Nodes:
    """Two processes with one key and databases of their own."""

    one: Proxy
    other: Proxy
    client: httpx.Client

    def listed(self, proxy: Proxy, show: Show) -> list[str]:
        """What its playlist lists, without its host."""
        return [urlsplit(each).path for each in follow(self.client, proxy.playback_url(show.slug))]

    def get(self, proxy: Proxy, path: str) -> httpx.Response:
        return self.client.get(urlunsplit(("http", proxy.address, path, "", "")))


@pytest.fixture(scope="module")
def proxies(
    resolver: Resolver, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Proxy, Proxy]]:
    with ExitStack() as stack:
        folders = (tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("other"))
        one, other = (
            stack.enter_context(running_proxy(settings_for(folder, resolver.url)))
            for folder in folders
        )
        yield one, other


@pytest.fixture
def nodes(proxies: tuple[Proxy, Proxy], client: httpx.Client) -> Nodes:
    return Nodes(*proxies, client)


DUBS = [
    pytest.param(
        (text(KEY), files("German", key=content("one", 16))),
        (text(KEY), files("French", key=content("two", 16))),
        id="a key",
    ),
    pytest.param(
        (text(KEY.replace("AES-128", "SAMPLE-AES")), files("German", key=content("one", 16))),
        (text(KEY.replace("AES-128", "SAMPLE-AES")), files("French", key=content("two", 16))),
        id="SAMPLE-AES",
    ),
    pytest.param(
        (text(INIT), files("German", **{"init.mp4": content("one", 800)})),
        (text(INIT), files("French", **{"init.mp4": content("two", 800)})),
        id="an init section",
    ),
    pytest.param(
        (text(INIT), files("German", **{"init.mp4": content("one", 90_000)})),
        (text(INIT), files("French", **{"init.mp4": content("two", 90_000)})),
        id="a long init section",
    ),
    pytest.param(
        (
            text('#EXT-X-MAP:URI="all.mp4",BYTERANGE="700@100"'),
            files("German", **{"all.mp4": content("all", 100) + content("one", 800)}),
        ),
        (
            text('#EXT-X-MAP:URI="all.mp4",BYTERANGE="700@100"'),
            files("French", **{"all.mp4": content("all", 100) + content("two", 800)}),
        ),
        id="a range of a file",
    ),
    pytest.param(
        (
            text(INIT, last='#EXT-X-MAP:URI="film.mp4"'),
            files(
                "German", **{"init.mp4": content("advert", 800), "film.mp4": content("one", 800)}
            ),
        ),
        (
            text(INIT, last='#EXT-X-MAP:URI="film.mp4"'),
            files(
                "French", **{"init.mp4": content("advert", 800), "film.mp4": content("two", 800)}
            ),
        ),
        id="the second init section",
    ),
    pytest.param(
        (
            text(KEY, last='#EXT-X-KEY:METHOD=AES-128,URI="key2"'),
            files("German", key=content("advert", 16), key2=content("one", 16)),
        ),
        (
            text(KEY, last='#EXT-X-KEY:METHOD=AES-128,URI="key2"'),
            files("French", key=content("advert", 16), key2=content("two", 16)),
        ),
        id="the second key",
    ),
    pytest.param(
        (text(f"{KEY},IV=0x{1:032x}"), files("German", key=content("one", 16))),
        (text(f"{KEY},IV=0x{2:032x}"), files("French", key=content("one", 16))),
        id="an IV",
    ),
    pytest.param(
        (text(KEY.replace('"key"', '"data:;base64,AAECAwQFBgcICQoLDA0ODw=="')), files("German")),
        (text(KEY.replace('"key"', '"data:;base64,DwECAwQFBgcICQoLDA0ODw=="')), files("French")),
        id="a key in the playlist",
    ),
]
Dub = tuple[str, Mapping[str, bytes]]


@pytest.mark.parametrize(("german", "french"), DUBS)
def test_46_an_equally_cut_dub_is_not_joined_by_another_process(
    german: Dub, french: Dub, show: Show, nodes: Nodes
) -> None:
    put(show, *german)
    before = nodes.listed(nodes.one, show)
    assert nodes.get(nodes.one, before[-1]).content == german[1][SEGMENTS[-1]]
    show.expire()
    put(show, *french)
    assert {nodes.get(nodes.other, each).status_code for each in before} == {404}
    after = nodes.listed(nodes.other, show)
    assert not set(after) & set(before)
    assert nodes.get(nodes.other, after[-1]).content == french[1][SEGMENTS[-1]]


@pytest.mark.parametrize(("dub", "_"), DUBS)
def test_46_every_process_calls_the_same_content_the_same(
    dub: Dub, _: Dub, show: Show, nodes: Nodes
) -> None:
    put(show, *dub)
    listed = nodes.listed(nodes.one, show)
    bodies = [nodes.get(nodes.one, each).content for each in listed]
    show.expire()
    put(show, dub[0].replace('"key"', '"key?token=2"'), dub[1])
    assert [nodes.get(nodes.other, each).content for each in listed] == bodies
    assert nodes.listed(nodes.other, show) == listed


@pytest.mark.parametrize("instead", NO_KEY.values(), ids=NO_KEY)
def test_46_a_key_that_was_none_at_first_is_healed_by_another_process(
    instead: Answer, show: Show, nodes: Nodes
) -> None:
    german, french = (
        (text(KEY), files(voice, key=content(voice, 16))) for voice in ("German", "French")
    )
    other_length = {name: b"\x47" + each for name, each in french[1].items() if name != "key"}
    french = (french[0], {**french[1], **other_length})
    put(show, *german)
    show.routes["key"] = always(instead)
    listed = nodes.listed(nodes.one, show)
    assert nodes.get(nodes.one, listed[1]).content == german[1]["s0.m4s"]
    put(show, *german)
    show.expire()
    for proxy in (nodes.other, nodes.one):
        assert [nodes.get(proxy, each).status_code for each in listed] == [200] * 4
        assert nodes.get(proxy, listed[0]).content == german[1]["key"]
    put(show, *french)
    show.expire()
    for proxy in (nodes.other, nodes.one):
        assert {nodes.get(proxy, each).status_code for each in listed} == {404}


def test_46_a_restarted_process_asks_once_for_each_key(
    show: Show, resolver: Resolver, client: httpx.Client, tmp_path: Path
) -> None:
    data = files("German", key=content("one", 16), **{"init.mp4": content("init", 800)})
    put(show, text(KEY, INIT), data)
    settings = settings_for(tmp_path, resolver.url)
    with running_proxy(settings) as proxy:
        listed = follow(client, proxy.playback_url(show.slug))
        port = proxy.settings.serve.port
        for each in listed:
            client.get(each)
        assert follow(client, proxy.playback_url(show.slug)) == listed
        assert [len(show.asked(name)) for name in ("index.m3u8", "key", "init.mp4")] == [1, 1, 1]
        assert client.get(listed[0]).content == data["key"]
        assert len(show.asked("key")) == 2
    with running_proxy(settings, port=port):
        assert client.get(listed[0]).content == data["key"]
        assert [len(show.asked(name)) for name in ("index.m3u8", "key", "init.mp4")] == [2, 3, 2]


@dataclass(slots=True)
class Restarted:
    """Nothing has been asked since: what was listed is known by its names alone."""

    key: str
    segment: str


@contextmanager
def restarted(
    show: Show, client: httpx.Client, settings: Settings, key: Answer
) -> Iterator[Restarted]:
    """A proxy after a restart, with a key that answers otherwise than when it was listed."""
    with running_proxy(settings) as proxy:
        listed = follow(client, proxy.playback_url(show.slug))
        port = proxy.settings.serve.port
    show.routes["key"] = always(key)
    with running_proxy(settings, port=port):
        yield Restarted(*listed[:2])


@pytest.mark.parametrize("status", [404, pytest.param(403, marks=pytest.mark.slow)])
def test_46_a_segment_is_not_refused_because_its_key_is(
    status: int, show: Show, resolver: Resolver, client: httpx.Client, tmp_path: Path
) -> None:
    """After a restart nobody remembers the key that the segment's name says."""
    data = files("German", key=content("one", 16))
    put(show, text(KEY), data)
    with restarted(show, client, settings_for(tmp_path, resolver.url), Answer(status)) as before:
        refused = client.get(before.segment)
        assert refused.status_code == 502
        assert refused.json()["detail"].startswith("its key or init section cannot be had")
        assert client.get(before.key).status_code == status
        show.routes["key"] = file(data["key"])
        assert client.get(before.segment).content == data["s0.m4s"]


@pytest.mark.slow
def test_46_a_restarted_process_waits_once_for_a_silent_key(
    show: Show, resolver: Resolver, client: httpx.Client, tmp_path: Path
) -> None:
    data = files("German", key=content("one", 16))
    put(show, text(KEY), data)
    settings, silent = settings_for(tmp_path, resolver.url), Answer(is_silent=True)
    with restarted(show, client, settings, silent) as before:
        assert client.get(before.segment).status_code == 504
        assert len(show.asked("key")) == len(show.questions), "once for each resolution"
        show.routes["key"] = file(data["key"])
        assert client.get(before.segment).content == data["s0.m4s"]


@pytest.mark.parametrize("name", ["key", "init.mp4"])
def test_46_a_key_that_is_replaced_at_its_url_is_not_the_one_of_its_name(
    name: str, show: Show, nodes: Nodes
) -> None:
    data = files("German", key=content("one", 16), **{"init.mp4": content("init", 800)})
    put(show, text(KEY, INIT), data)
    before = nodes.listed(nodes.one, show)
    address = before[("key", "init.mp4").index(name)]
    assert nodes.get(nodes.one, address).content == data[name]
    show.routes[name] = file(content("another", len(data[name])))
    assert nodes.get(nodes.one, address).status_code == 404
    after = nodes.listed(nodes.one, show)
    assert not set(after) & set(before)
    assert nodes.get(nodes.one, after[("key", "init.mp4").index(name)]).status_code == 200


@pytest.mark.parametrize("name", ["key", "init.mp4"])
def test_46_a_key_that_comes_in_parts_is_whole(name: str, show: Show, nodes: Nodes) -> None:
    data = files("German", key=content("one", 16), **{"init.mp4": content("init", 800)})
    put(show, text(KEY, INIT), data)
    whole = file(data[name])

    def in_parts(request: Request) -> Answer:
        first = int(request.fields.get("range", "bytes=0-").removeprefix("bytes=").split("-")[0])
        return whole(replace(request, fields={"range": f"bytes={first}-{first + 9}"}))

    show.routes[name] = in_parts
    address = nodes.listed(nodes.one, show)[("key", "init.mp4").index(name)]
    for _ in range(2):
        answer = nodes.get(nodes.one, address)
        assert (answer.status_code, answer.content) == (200, data[name])


@pytest.mark.parametrize("ignored", [(), ("range",)], ids=["ranges", "no ranges"])
def test_46_an_init_section_that_is_replaced_within_its_file(
    ignored: tuple[str, ...], show: Show, nodes: Nodes
) -> None:
    data = files("German", **{"init.mp4": content("init", 800)})
    put(show, text(INIT + ',BYTERANGE="700@60"'), data)
    show.routes["init.mp4"] = deaf(file(data["init.mp4"]), *ignored)
    address = nodes.listed(nodes.one, show)[0]
    for _ in range(2):
        assert nodes.get(nodes.one, address).content == data["init.mp4"][60:760]
    show.routes["init.mp4"] = deaf(file(content("another", 800)), *ignored)
    assert nodes.get(nodes.one, address).status_code == 404
    after = nodes.listed(nodes.one, show)[0]
    assert after != address
    assert nodes.get(nodes.one, after).content == content("another", 800)[60:760]


def test_46_bodies_that_break_are_no_other_content(show: Show, nodes: Nodes) -> None:
    data = files("German", **{"init.mp4": content("init", 800)})
    put(show, text(INIT), data)
    listed = nodes.listed(nodes.one, show)
    show.expire()
    show.routes["init.mp4"] = cut(file(data["init.mp4"]), every=300)
    assert nodes.listed(nodes.other, show) == listed
    assert nodes.get(nodes.other, listed[0]).content == data["init.mp4"]
