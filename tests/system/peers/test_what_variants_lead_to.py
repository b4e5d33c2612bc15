"""What a Multivariant Playlist lists may be another one, or a file as it is."""

import httpx
import pytest

from stage.film import FILM, V1
from stage.proxy import running_proxy
from stage.routes import WEB_PAGE, cut, file, in_turn, playlist
from stage.show import Show
from stage.viewer import follow
from strmctl.settings.model import Settings

CAPTIONS = b"WEBVTT\n\n00:01.000 --> 00:02.000\nHallo\n"
SUBTITLED = """\
#EXTM3U
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="s",NAME="Deutsch",URI="deutsch.vtt"
#EXT-X-STREAM-INF:BANDWIDTH=1,SUBTITLES="s"
video.m3u8
"""
WRAPPED = '#EXTM3U\n#EXT-X-DEFINE:NAME="at",VALUE="inner"\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{}\n'
INNER = """\
#EXTM3U
#EXT-X-DEFINE:IMPORT="at"
#EXT-X-SESSION-DATA:DATA-ID="made.up",URI="{$at}.json"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="Deutsch",URI="audio.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO="a"
video.m3u8
"""
LISTED = "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfilm.ts\n#EXT-X-ENDLIST\n"


def put_nested(show: Show) -> None:
    show.routes["index.m3u8"] = playlist(WRAPPED.format("deep/inner.m3u8"))
    show.routes["deep/inner.m3u8"] = playlist(INNER)
    show.routes["deep/inner.json"] = file(b'{"title": "made up"}', media_type="application/json")
    for name in ("audio.m3u8", "video.m3u8"):
        show.routes[f"deep/{name}"] = playlist(LISTED)
    show.routes["deep/film.ts"] = file(FILM, etag=V1)


def leaves(client: httpx.Client, url: str) -> list[str]:
    """The addresses in the Multivariant Playlist that is below the one at `url`."""
    [inner] = follow(client, url)
    return follow(client, inner)


def test_56_a_multivariant_playlist_below_another_one(
    show: Show, url: str, client: httpx.Client
) -> None:
    put_nested(show)
    data, audio, video = leaves(client, url)
    assert client.get(data).json() == {"title": "made up"}
    for rendition in (audio, video):
        [segment] = follow(client, rendition)
        assert client.get(segment).content == FILM
    assert len(show.questions) == 1


def test_56_what_is_below_another_one_heals(show: Show, url: str, client: httpx.Client) -> None:
    put_nested(show)
    _, _, video = leaves(client, url)
    [segment] = follow(client, video)
    show.expire()
    assert client.get(segment).content == FILM
    assert leaves(client, url)[2] == video
    assert len(show.questions) == 2


def test_56_what_is_below_another_one_outlives_a_restart(
    show: Show, settings: Settings, client: httpx.Client
) -> None:
    put_nested(show)
    with running_proxy(settings) as first:
        data, _, video = leaves(client, first.playback_url(show.slug))
        [segment] = follow(client, video)
    with running_proxy(settings) as second:
        for address, content in ((data, b'{"title": "made up"}'), (segment, FILM)):
            moved = address.replace(first.address, second.address)
            assert client.get(moved).content == content


def test_56_a_multivariant_playlist_that_lists_itself_ends(
    show: Show, url: str, client: httpx.Client
) -> None:
    show.routes["index.m3u8"] = playlist(WRAPPED.format("index.m3u8"))
    address = url
    for _ in range(3):
        [address] = follow(client, address)
    [address] = follow(client, address)
    assert client.get(address).status_code == 502
    assert len(show.asked()) < 12


def test_56_playlists_are_no_copy_of_what_listed_segments(
    show: Show, url: str, client: httpx.Client
) -> None:
    put_nested(show)
    _, _, video = leaves(client, url)
    [segment] = follow(client, video)
    show.expire()
    show.routes["deep/video.m3u8"] = playlist(WRAPPED.format("expired.m3u8"))
    for address in (segment, video):
        assert client.get(address).status_code == 502


@pytest.mark.parametrize("media_type", ["text/vtt", "text/plain", "application/vnd.apple.mpegurl"])
def test_56_subtitles_listed_as_they_are(
    media_type: str, show: Show, url: str, client: httpx.Client
) -> None:
    show.routes["index.m3u8"] = playlist(SUBTITLED)
    show.routes["deutsch.vtt"] = file(CAPTIONS, etag=V1, media_type=media_type)
    captions, _ = follow(client, url)
    response = client.get(captions)
    assert (response.status_code, response.content) == (200, CAPTIONS)
    assert response.headers["Content-Type"] == "text/vtt; charset=utf-8"
    # ffmpeg 9 takes the rest of what is no playlist for the answer to its next request.
    assert response.headers["Connection"] == "close"
    assert client.head(captions).headers["Content-Length"] == str(len(CAPTIONS))
    part = client.get(captions, headers={"Range": "bytes=0-5"})
    assert (part.status_code, part.content) == (206, CAPTIONS[:6])


def test_56_subtitles_listed_as_they_are_heal(show: Show, url: str, client: httpx.Client) -> None:
    show.routes["index.m3u8"] = playlist(SUBTITLED)
    show.routes["deutsch.vtt"] = file(CAPTIONS)
    captions, _ = follow(client, url)
    show.expire()
    assert client.get(captions).content == CAPTIONS
    assert len(show.questions) == 2


def test_56_subtitles_listed_as_they_are_go_on_where_they_ended(
    show: Show, url: str, client: httpx.Client
) -> None:
    captions = CAPTIONS + b"NOTE " + b"long " * 60_000
    whole = file(captions, etag=V1)
    show.routes["index.m3u8"] = playlist(SUBTITLED)
    show.routes["deutsch.vtt"] = in_turn(cut(whole, every=100_000), whole)
    address, _ = follow(client, url)
    assert client.get(address).content == captions
    assert [each.fields.get("range") for each in show.asked("deutsch.vtt")] == [
        None,
        f"bytes=100000-{len(captions) - 1}",
    ]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(WEB_PAGE, id="a web page"),
        pytest.param(b"WEBVTT" + WEB_PAGE, id="a web page behind the word"),
        pytest.param(b"Forbidden", id="text"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + bytes(2000), id="an image"),
        pytest.param(FILM, id="a segment"),
    ],
)
def test_56_what_is_neither_playlist_nor_subtitles_is_resolved_again(
    content: bytes, show: Show, url: str, client: httpx.Client
) -> None:
    show.routes["index.m3u8"] = playlist(SUBTITLED)
    show.routes["deutsch.vtt"] = file(content, media_type="text/vtt")
    captions, _ = follow(client, url)
    assert client.get(captions).status_code == 502
    assert len(show.questions) == 2


def test_56_subtitles_in_place_of_a_variant_are_resolved_again(
    show: Show, url: str, client: httpx.Client
) -> None:
    show.routes["index.m3u8"] = playlist(WRAPPED.format("deutsch.vtt"))
    show.routes["deutsch.vtt"] = file(CAPTIONS, media_type="text/vtt")
    [variant] = follow(client, url)
    assert client.get(variant).status_code == 502
    assert len(show.questions) == 2
