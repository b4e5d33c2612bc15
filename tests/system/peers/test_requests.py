"""Rows 10, 22, 24, 28 to 30 and 33: what strmctl asks of upstreams, and for whom."""

import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from msgspec.structs import replace

from stage import presentation
from stage.presentation import FILES, content
from stage.proxy import ALLOWED, Proxy, running_proxy
from stage.routes import always, file, in_turn, playlist
from stage.show import Resolver, Show
from stage.upstream import Answer, Upstream, running_upstream
from stage.viewer import ask_raw, at_once, follow
from strmctl.settings.model import Settings

REFUSED = ["169.254.169.254", "[::1]", "100.64.0.1", "10.0.0.1", "0.0.0.0", "localhost"]


@pytest.fixture(scope="module")
def canaries() -> Iterator[dict[str, Upstream]]:
    """Servers on addresses that nobody may be led to; a connection is a failure."""
    with running_upstream("127.0.0.2") as four, running_upstream("::1") as six:
        yield {"127.0.0.2": four, "[::1]": six}


def redirect(show: Show, target: str) -> None:
    show.routes["index.m3u8"] = always(Answer(302, fields={"Location": target}))


def resolved(show: Show, target: str) -> None:
    show.elsewhere = target


def segment(show: Show, target: str) -> None:
    show.routes["index.m3u8"] = playlist(f"#EXTM3U\n#EXTINF:4,\n{target}\n#EXT-X-ENDLIST\n")


def key(show: Show, target: str) -> None:
    tag = f'#EXT-X-KEY:METHOD=AES-128,URI="{target}"'
    show.routes["index.m3u8"] = playlist(f"#EXTM3U\n{tag}\n#EXTINF:4,\na.ts\n#EXT-X-ENDLIST\n")


def rendition(show: Show, target: str) -> None:
    show.routes["index.m3u8"] = playlist(f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{target}\n")


def variable(show: Show, target: str) -> None:
    host, _, path = target.removeprefix("http://").partition("/")
    define = f'#EXT-X-DEFINE:NAME="h",VALUE="{host}"'
    show.routes["index.m3u8"] = playlist(
        f"#EXTM3U\n{define}\n#EXTINF:4,\nhttp://{{$h}}/{path}\n#EXT-X-ENDLIST\n"
    )


@pytest.mark.parametrize(
    ("lead", "host"),
    [
        *((lead, "127.0.0.2") for lead in (redirect, resolved, segment, key, rendition, variable)),
        *((redirect, host) for host in REFUSED),
    ],
)
def test_10_nobody_is_led_to_an_address_inside(
    lead: Callable[[Show, str], None],
    host: str,
    show: Show,
    url: str,
    client: httpx.Client,
    canaries: dict[str, Upstream],
) -> None:
    canary = canaries.get(host)
    lead(show, f"http://{canary.address if canary else host}/x/secret.ts")
    response = client.get(url)
    if lead not in (redirect, resolved):
        response = client.get(follow(client, url)[0])
    assert response.status_code == 502
    assert response.headers["Content-Type"] == "application/problem+json"
    assert "secret" not in response.text
    assert response.json()["detail"].endswith("add it to upstream.allow if that is meant")
    assert [canary.connections for canary in canaries.values()] == [0, 0]


def test_10_but_where_the_settings_allow_it(
    show: Show, settings: Settings, client: httpx.Client
) -> None:
    allowing = replace(settings.upstream, allow=(*ALLOWED, "127.0.0.3"))
    with running_upstream("127.0.0.3") as inside:
        inside.sites["x"] = file(b"G" + bytes(500))
        redirect(show, f"{inside.url}/x/a.ts")
        with running_proxy(replace(settings, upstream=allowing)) as proxy:
            assert client.get(proxy.playback_url(show.slug)).content == b"G" + bytes(500)


def test_22_parameters_that_players_add_are_ignored(
    show: Show, url: str, client: httpx.Client
) -> None:
    data = presentation.flat(show, ["a.ts"])
    added = f"{url}&api_key=1&_HLS_msn=3&x=%C3%A9&DeviceId=%F0%9F%93%BA"
    assert client.get(added).text == client.get(url).text
    [address] = follow(client, added)
    assert client.get(f"{address}?api_key=1").content == data["a.ts"]
    assert not any(request.query for request in show.asked())


@pytest.mark.parametrize("sig", ["é", "%C3%A9", "%FF", "日本", "", "a" * 5000, "%00", "a b"])
def test_22_signatures_that_are_none_are_refused(sig: str, url: str, show: Show) -> None:
    forged = f"{url.partition('&sig=')[0]}&sig={sig}"
    answer = ask_raw(forged.encode().decode("latin-1").replace(" ", "%20"))
    # Letters beyond ASCII make no request target (RFC 9112 section 3.2).
    assert answer.status in ((403,) if sig.isascii() else (400, 403))
    assert show.questions == []


def test_24_twelve_segments_are_thirteen_requests_on_one_connection(
    show: Show, settings: Settings, client: httpx.Client
) -> None:
    data = presentation.flat(show, [f"{n}.ts" for n in range(12)])
    with running_proxy(settings) as proxy:
        addresses = follow(client, proxy.playback_url(show.slug))
        assert [client.get(address).content for address in addresses] == list(data.values())
    assert [request.path.rpartition("/")[2] for request in show.asked()] == [
        "index.m3u8",
        *data,
    ]
    assert len({exchange.connection for exchange in show.exchanges()}) == 1


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("name", ["index.m3u8", "a.ts"])
def test_28_a_short_retry_after_is_waited_for(
    name: str, status: int, show: Show, url: str, client: httpx.Client
) -> None:
    data = presentation.flat(show, ["a.ts"])
    busy = always(Answer(status, fields={"Retry-After": "1"}))
    show.routes[name] = in_turn(busy, show.routes[name])
    started = time.monotonic()
    [address] = follow(client, url)
    assert client.get(address).content == data["a.ts"]
    assert time.monotonic() - started >= 1
    assert len(show.asked(name)) == 2
    assert len(show.questions) == 1


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("name", ["index.m3u8", "a.ts"])
def test_28_a_long_retry_after_is_passed_on(
    name: str, status: int, show: Show, url: str, client: httpx.Client
) -> None:
    presentation.flat(show, ["a.ts"])
    show.routes[name] = always(Answer(status, fields={"Retry-After": "120"}))
    address = url if name == show.entry else follow(client, url)[0]
    # It would wait for two minutes if it did as it is told.
    response = client.get(address, timeout=60)
    assert response.status_code == status
    assert response.headers["Retry-After"] == "120"
    assert len(show.asked(name)) == 1
    assert len(show.questions) == 1


HEADERS = {
    "Referer": "https://made.up/watch/2",
    "User-Agent": "MadeUp/1.0",
    "Origin": "https://made.up",
    "Cookie": "session=of-the-mapping",
    "X-Made-Up": "secret",
}


def test_29_the_mapping_s_headers_go_with_every_request_and_nowhere_else(
    show: Show, url: str, client: httpx.Client
) -> None:
    presentation.put(show)
    show.headers = HEADERS
    found = presentation.addresses(client, url)
    answers = [client.get(url), *map(client.get, found.values())]
    assert {name for name in FILES if not show.asked(name)} == {"audio0.aac"}
    for request in show.asked():
        assert {name: request.fields.get(name.lower()) for name in HEADERS} == HEADERS
    for answer in answers:
        told = f"{answer.headers} {answer.content!r}"
        assert not any(value in told for value in HEADERS.values())


CLIENT = {
    "Cookie": "session=of-the-client",
    "Authorization": "Bearer of-the-client",
    "Proxy-Authorization": "Basic of-the-client",
    "X-Forwarded-For": "192.0.2.7",
    "X-Forwarded-Host": "of-the-client.example",
    "X-Real-IP": "192.0.2.7",
    "Forwarded": "for=192.0.2.7",
    "Via": "1.1 of-the-client",
    "Origin": "https://of-the-client.example",
    "Referer": "https://of-the-client.example/",
    "User-Agent": "of-the-client/1.0",
    "X-Emby-Token": "of-the-client",
    "Accept-Language": "of-the-client",
    "If-None-Match": '"of-the-client"',
}


def test_30_nothing_of_the_client_goes_upstream(
    show: Show, url: str, client: httpx.Client, resolver: Resolver
) -> None:
    presentation.put(show)
    client.headers.update(CLIENT)
    found = presentation.addresses(client, url)
    show.expire()
    for address in [url, *found.values()]:
        assert client.get(address).status_code == 200
    asked = [*show.asked(), *resolver.requests]
    assert len(asked) > 10
    for request in asked:
        told = f"{request.fields} {request.query} {request.body!r}"
        assert "of-the-client" not in told
        assert "192.0.2.7" not in told


def test_30_nothing_of_the_client_leads_into_playlists(
    show: Show, proxy: Proxy, url: str, client: httpx.Client
) -> None:
    presentation.flat(show, ["a.ts"])
    [address] = follow(client, url)
    answer = client.get(url, headers={"Host": "evil.example", **CLIENT})
    assert answer.text.splitlines()[3] == address
    assert urlsplit(address).netloc == urlsplit(proxy.url).netloc


def test_33_head_tail_and_play_are_one_resolution(
    show: Show, url: str, client: httpx.Client
) -> None:
    film = content("film", 3_000_000)
    show.entry = "film.mkv"
    show.routes["film.mkv"] = file(film, etag='"film"', media_type="video/x-matroska")
    head = client.get(url, headers={"Range": "bytes=0-65535"})
    tail = client.get(url, headers={"Range": "bytes=-65536"})
    whole = client.get(url, headers={"Range": "bytes=0-"})
    assert [answer.status_code for answer in (head, tail, whole)] == [206] * 3
    assert (head.content, tail.content, whole.content) == (film[:65536], film[-65536:], film)
    assert {answer.headers["ETag"] for answer in (head, tail, whole)} == {'"film"'}
    assert len(show.questions) == 1
    assert len(show.asked()) == 3


def test_33_probes_at_once_are_one_resolution(show: Show, url: str, client: httpx.Client) -> None:
    presentation.put(show)
    assert {answer.status_code for answer in at_once([url] * 3)} == {200}
    assert len(show.questions) == 1
    assert len(show.asked("index.m3u8")) == 1
