"""What caches in front may keep and for how long: names, never what a name meant before."""

import httpx
import pytest

from stage import presentation
from stage.proxy import Proxy, running_proxy
from stage.routes import file, playlist
from stage.show import Show
from stage.viewer import follow
from strmctl.settings.model import Settings

LIVE = """\
#EXTM3U
#EXT-X-TARGETDURATION:4
#EXT-X-MEDIA-SEQUENCE:7
#EXTINF:4.0,
seven.ts
"""
LOW_LATENCY = f"""\
{LIVE}#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.0
#EXT-X-PART-INF:PART-TARGET=0.33
"""
SEGMENT = b"\x47" + bytes(187)
FOR_PLAYERS = "no-cache"


def shared(answer: httpx.Response) -> tuple[str, str, str]:
    fields = ("Cache-Control", "CDN-Cache-Control", "X-Accel-Expires")
    return tuple(answer.headers.get(name, "") for name in fields)


def test_finished_playlists_for_ten_seconds(url: str, show: Show, client: httpx.Client) -> None:
    presentation.put(show)
    answers = [client.get(url), *(client.get(each) for each in follow(client, url))]
    playlists = [it for it in answers if it.content.startswith(b"#EXTM3U")]
    assert len(playlists) > 2
    assert {shared(it) for it in playlists} == {(FOR_PLAYERS, "max-age=10", "10")}


def test_older_nginx_meets_its_own_field_first(url: str, show: Show, client: httpx.Client) -> None:
    """Before 1.23 it does not keep what Cache-Control has forbidden by then."""
    presentation.put(show)
    names = list(client.get(url).headers)
    assert names.index("x-accel-expires") < names.index("cache-control")


@pytest.mark.parametrize("text", [LIVE, LOW_LATENCY], ids=["live", "low latency"])
@pytest.mark.parametrize("query", ["", "&_HLS_msn=7", "&_HLS_msn=7&_HLS_part=0"])
def test_live_playlists_for_one_second(
    url: str, show: Show, client: httpx.Client, text: str, query: str
) -> None:
    show.routes |= {"index.m3u8": playlist(text), "seven.ts": file(SEGMENT)}
    assert shared(client.get(url + query)) == (FOR_PLAYERS, "max-age=1", "1")


def test_films_never(url: str, show: Show, client: httpx.Client) -> None:
    show.entry = "film.mp4"
    show.routes["film.mp4"] = file(b"\0\0\0\x18ftypmp42" + bytes(5000), etag='"1"')
    for fields in ({}, {"Range": "bytes=10-20"}):
        answer = client.get(url, headers=fields)
        assert answer.is_success
        assert shared(answer) == (FOR_PLAYERS, "no-store", "0")


def test_errors_never(url: str, show: Show, client: httpx.Client) -> None:
    presentation.put(show)
    listed = presentation.addresses(client, url)["video.m3u8"]
    show.expire()
    show.is_dead = True
    for address in (
        url.replace("slug=", "slug=x"),
        listed.replace("index.m3u8", "abcdefgh/99.ts"),
        listed.replace("index.m3u8", "abcdefgh/0.m4s"),
        listed.replace("/hls/", "/hls/x"),
    ):
        answer = client.get(address)
        assert answer.is_error
        assert shared(answer) == ("no-store", "", "")


def test_who_has_it_is_told_so(url: str, show: Show, client: httpx.Client) -> None:
    presentation.put(show)
    for address in (url, presentation.addresses(client, url)["video.m3u8"]):
        answer = client.get(address)
        etag = answer.headers["ETag"]
        assert etag.startswith('"')
        for known in (etag, f"W/{etag}", f'"x,y", {etag}', "*"):
            again = client.get(address, headers={"If-None-Match": known})
            assert (again.status_code, again.content) == (304, b"")
            assert again.headers["ETag"] == etag
            assert shared(again) == shared(answer)
            assert "Content-Type" not in again.headers
        for other in ('"other"', etag.strip('"'), "", 'W/"other"'):
            again = client.get(address, headers={"If-None-Match": other})
            assert (again.status_code, again.content) == (200, answer.content)
        assert client.head(address, headers={"If-None-Match": etag}).status_code == 304


def test_every_node_calls_the_same_text_the_same(
    proxy: Proxy, settings: Settings, show: Show, client: httpx.Client
) -> None:
    presentation.put(show)
    url = proxy.playback_url(show.slug)
    assert settings.database != proxy.settings.database
    with running_proxy(settings, base_url=proxy.url) as other:
        there = f"http://{other.address}"
        listed = [url, presentation.addresses(client, url)["video.m3u8"]]
        one = [client.get(each) for each in listed]
        two = [client.get(each.replace(proxy.url, there)) for each in listed]
    assert [it.content for it in one] == [it.content for it in two]
    assert [it.headers["ETag"] for it in one] == [it.headers["ETag"] for it in two]
