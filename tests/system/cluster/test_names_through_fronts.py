"""The shard chooses a node and nothing else; a cache in front never mixes what names stand for."""

import re
from collections.abc import Callable
from urllib.parse import parse_qs

import httpx
import pytest

from stage import presentation
from stage.routes import PLAYLIST_TYPE, file
from stage.show import Resolver, Show
from stage.upstream import Answer, Request
from stage.viewer import follow
from strmctl.domain.urls.playback_url import without_shard
from system.cluster.nodes import Cluster

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("machines")]

_IN_PATH = re.compile("/hls/[a-z2-7]{8}/")
_IN_QUERY = re.compile("shard=[a-z2-7]{8}")
FILM = b"\0\0\0\x18ftypmp42" + bytes(range(256)) * 400


@pytest.fixture
def far_show(far_resolver: Resolver) -> Show:
    return far_resolver.new_show()


OTHER_FORMS: dict[str, Callable[[str], str]] = {
    "of 0.1.0": lambda url: _IN_PATH.sub("/hls/", without_shard(url)),
    "of another title": lambda url: _IN_PATH.sub(
        "/hls/aaaaaaaa/", _IN_QUERY.sub("shard=aaaaaaaa", url)
    ),
    "twice": lambda url: f"{url}{'&' if '?' in url else '?'}shard=bbbbbbbb",
    "nothing": lambda url: _IN_QUERY.sub("shard=", url),
    "no text": lambda url: _IN_QUERY.sub("shard=%ff%00", url),
}


@pytest.mark.parametrize("form", OTHER_FORMS.values(), ids=OTHER_FORMS)
def test_another_shard_is_the_same_content(
    form: Callable[[str], str], cluster: Cluster, far_show: Show, viewer: httpx.Client
) -> None:
    presentation.put(far_show)
    url = cluster.playback_url(far_show.slug)
    first = viewer.get(url)
    again = viewer.get(form(url))
    assert (again.status_code, again.content) == (200, first.content)
    for address in presentation.addresses(viewer, url).values():
        first, again = viewer.get(address), viewer.get(form(address))
        assert (again.status_code, again.content) == (200, first.content)
        assert again.headers["Content-Type"] == first.headers["Content-Type"]


@pytest.mark.parametrize("cluster", ["nginx"], indirect=True)
def test_the_cache_keeps_playlists_and_says_who_has_them(
    cluster: Cluster, far_show: Show, viewer: httpx.Client
) -> None:
    presentation.put(far_show)
    url = cluster.playback_url(far_show.slug)
    for address in (url, presentation.addresses(viewer, url)["video.m3u8"]):
        answer = viewer.get(address)
        again = viewer.get(address)
        assert again.headers["X-Cache"] == "HIT"
        assert again.content == answer.content
        known = {"If-None-Match": answer.headers["ETag"]}
        assert viewer.get(address, headers=known).status_code == 304


@pytest.mark.parametrize("hint", [".m3u8", ".mp4", ""])
def test_parts_of_a_film_are_those_that_were_asked_for(
    hint: str, cluster: Cluster, far_show: Show, viewer: httpx.Client
) -> None:
    """Also where the file's name still says that it is a playlist; never out of a cache."""
    far_show.entry = "film.mp4"
    far_show.routes["film.mp4"] = file(FILM, etag='"1"', media_type="video/mp4")
    url = cluster.playback_url(far_show.slug).replace("stream.m3u8", f"stream{hint}")
    for first, last in [(0, 9), (5000, 5999), (5000, 5999), (len(FILM) - 10, len(FILM) - 1)]:
        answer = viewer.get(url, headers={"Range": f"bytes={first}-{last}"})
        assert (answer.status_code, answer.content) == (206, FILM[first : last + 1])
        assert answer.headers.get("X-Cache", "MISS") == "MISS"
    other = bytes(reversed(FILM[12:]))
    far_show.routes["film.mp4"] = file(FILM[:12] + other, etag='"2"', media_type="video/mp4")
    far_show.expire()
    answer = viewer.get(url, headers={"Range": "bytes=5000-5999"})
    assert answer.content == (FILM[:12] + other)[5000:6000]


def test_each_blocking_reload_has_an_answer_of_its_own(
    cluster: Cluster, far_show: Show, viewer: httpx.Client
) -> None:
    def reload(request: Request) -> Answer:
        end = int(parse_qs(request.query).get("_HLS_msn", ["2"])[0])
        lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:4", f"#EXT-X-MEDIA-SEQUENCE:{end - 2}"]
        lines += ["#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=3.0"]
        for number in range(end - 2, end + 1):
            lines += ["#EXTINF:4.0,", f"{number}.ts"]
        return Answer(200, "\n".join([*lines, ""]).encode(), {"Content-Type": PLAYLIST_TYPE})

    far_show.entry = "all.m3u8"
    far_show.routes |= {
        "all.m3u8": lambda _: Answer(
            200,
            b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nvideo.m3u8\n",
            {"Content-Type": PLAYLIST_TYPE},
        ),
        "video.m3u8": reload,
    }
    [video] = follow(viewer, cluster.playback_url(far_show.slug))
    for number in (3, 4, 5, 4):
        answer = viewer.get(f"{video}?_HLS_msn={number}")
        assert f"\n{number}.ts\n" in answer.text
        assert f"\n{number + 1}.ts\n" not in answer.text
