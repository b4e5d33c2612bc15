"""Rows 1, 9, 11 to 15, 18, 20 and 21: playlists, read exactly and rewritten exactly."""

from collections.abc import Mapping
from urllib.parse import urljoin, urlsplit

import httpx
import pytest

from stage import presentation
from stage.presentation import content
from stage.routes import PLAYLIST_TYPE, WEB_PAGE, always, deaf, file, playlist
from stage.show import Show
from stage.upstream import Answer, running_upstream
from stage.viewer import ask_raw, follow, lines_of, uris_in

LINES = ["#EXTM3U", "#EXT-X-TARGETDURATION:4", "#EXTINF:4.0,", "a.ts", "#EXT-X-ENDLIST", ""]
MEDIA = "\n".join(LINES)
PAGE = Answer(200, WEB_PAGE, {"Content-Type": "text/html"})


def media_playlist(*lines: str) -> str:
    """A finished Media Playlist with these lines before its only segment, a.ts."""
    return "\n".join([*LINES[:2], *lines, *LINES[2:]])


def multivariant_playlist(*lines: str) -> str:
    return "\n".join(["#EXTM3U", *lines, "#EXT-X-STREAM-INF:BANDWIDTH=1", "video.m3u8", ""])


def with_segment(show: Show, name: str = "a.ts", media_type: str = "video/mp2t") -> bytes:
    data = content(name)
    show.routes[name] = file(data, media_type=media_type)
    return data


def hides_the_upstream(show: Show, text: str) -> bool:
    return not any(secret in text for secret in (show.upstream.address, show.slug, "token"))


def test_01_one_content_length_and_it_is_right(show: Show, url: str, client: httpx.Client) -> None:
    presentation.put(show)
    for address in [url, follow(client, url)[-1]]:
        answer = ask_raw(address)
        assert answer.status == 200
        assert answer.all_of("Content-Length") == [str(len(answer.body))]
        assert answer.all_of("Transfer-Encoding") == []
        assert answer.body.startswith(b"#EXTM3U")
    assert {len(text) for text in presentation.PLAYLISTS.values()}.isdisjoint({len(answer.body)})


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_09_relative_uris_count_from_behind_the_redirects(
    status: int, show: Show, url: str, client: httpx.Client
) -> None:
    data = with_segment(show, "deep/down/a.ts")
    show.routes["index.m3u8"] = always(Answer(status, fields={"Location": "deep/hop.m3u8"}))
    show.routes["deep/hop.m3u8"] = lambda request: Answer(
        status, fields={"Location": show.url("deep/down/list.m3u8")}
    )
    show.routes["deep/down/list.m3u8"] = playlist(MEDIA)
    [segment] = follow(client, url)
    assert client.get(segment).content == data


def test_09_redirects_to_another_server(show: Show, url: str, client: httpx.Client) -> None:
    presentation.put(show)
    with running_upstream() as other:
        other.sites[show.slug] = show

        def move(name: str) -> Answer:
            return Answer(302, fields={"Location": f"{other.url}/{show.slug}/{show.token}/{name}"})

        show.routes["index.m3u8"] = lambda request: move("far/index.m3u8")
        show.routes["far/index.m3u8"] = playlist("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n")
        show.routes["far/v.m3u8"] = playlist(MEDIA)
        data = with_segment(show, "far/a.ts")
        [video] = follow(client, url)
        [segment] = follow(client, video)
        assert client.get(segment).content == data
        assert len(other.exchanges) == 3


TEXTS: Mapping[str, str] = {
    "CRLF": MEDIA.replace("\n", "\r\n"),
    "CR": MEDIA.replace("\n", "\r"),
    "mixed line ends": "\r\n".join(LINES[:2]) + "\n" + "\r\n".join(LINES[2:]),
    "U+0085 in a title": MEDIA.replace("4.0,", "4.0,one\u0085two"),
    "U+2028 in a title": MEDIA.replace("4.0,", "4.0,one\u2028two"),
    "form feed in a title": MEDIA.replace("4.0,", "4.0,one\x0ctwo\x1cthree"),
    "blank lines": MEDIA.replace("\n", "\n\n"),
    "no final newline": MEDIA.removesuffix("\n"),
    "URI is the last line": "\n".join(LINES[:4]),
    "comments and unknown tags": media_playlist("# a comment", "#EXT-X-MADE-UP:X=1", "#EXTGRP:x"),
    "not UTF-8": MEDIA.replace("4.0,", "4.0,\udcff\udce9"),
}


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"], ids=["", "BOM"])
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_11_every_byte_but_the_uris_is_kept(
    text: str, bom: bytes, show: Show, url: str, client: httpx.Client
) -> None:
    data = with_segment(show)
    show.routes["index.m3u8"] = playlist(bom + text.encode("utf-8", "surrogateescape"))
    received = client.get(url).content.decode("utf-8", "surrogateescape")
    [segment] = uris_in(received)
    assert received == text.replace("a.ts", segment)
    assert client.get(segment).content == data


@pytest.mark.parametrize("entry", ["index.m3u8", "master.txt", "play", "x.jpg", "x.php"])
@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/octet-stream", "video/mp2t", "text/html", ""]
)
def test_12_playlists_are_known_by_their_content(
    media_type: str, entry: str, show: Show, url: str, client: httpx.Client
) -> None:
    show.entry = entry
    show.routes[entry] = playlist(multivariant_playlist(), media_type)
    show.routes["video.m3u8"] = playlist(MEDIA, media_type)
    data = with_segment(show)
    first = client.get(url)
    assert first.headers["Content-Type"] == PLAYLIST_TYPE
    assert hides_the_upstream(show, first.text)
    [video] = uris_in(first.text)
    [segment] = follow(client, video)
    assert client.get(segment).content == data


@pytest.mark.parametrize("status", [200, 403])
def test_13_a_web_page_in_place_of_a_playlist_is_resolved_again(
    status: int, show: Show, url: str, client: httpx.Client
) -> None:
    page = always(Answer(status, WEB_PAGE, {"Content-Type": "text/html"}))
    show.routes["index.m3u8"] = lambda request: (
        page(request) if len(show.questions) == 1 else playlist(MEDIA)(request)
    )
    with_segment(show)
    [segment] = follow(client, url)
    assert client.get(segment).status_code == 200
    assert len(show.questions) == 2


@pytest.mark.parametrize(("status", "told"), [(200, 502), (403, 403), (404, 404)])
def test_13_a_web_page_that_stays_is_an_honest_error(
    status: int, told: int, show: Show, url: str, client: httpx.Client
) -> None:
    show.routes["index.m3u8"] = always(Answer(status, WEB_PAGE, {"Content-Type": PLAYLIST_TYPE}))
    response = client.get(url)
    assert response.status_code == told
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["status"] == told
    assert hides_the_upstream(show, response.text.replace(show.slug, "", 1))


@pytest.mark.parametrize("entry", ["index.m3u8", "master.txt"])
@pytest.mark.parametrize("wanted", ["bytes=0-", "bytes=0-9", "bytes=5-", "bytes=-9", "bytes=9999-"])
@pytest.mark.parametrize("upstream_knows_ranges", [True, False], ids=["ranges", "no ranges"])
def test_14_a_range_of_a_playlist_is_the_whole_playlist(
    upstream_knows_ranges: bool, wanted: str, entry: str, show: Show, url: str, client: httpx.Client
) -> None:
    show.entry = entry
    served = file(MEDIA.encode(), media_type="text/plain", etag='"p"')
    show.routes[entry] = served if upstream_knows_ranges else deaf(served, "range")
    response = client.get(url, headers={"Range": wanted})
    assert response.status_code == 200
    assert "Content-Range" not in response.headers
    assert response.text == client.get(url).text
    assert lines_of(response.text)[-2:] == ["#EXT-X-ENDLIST", ""]


def test_14_head_tells_what_get_would(show: Show, url: str, client: httpx.Client) -> None:
    presentation.put(show)
    found = presentation.addresses(client, url)
    for address in [url, *found.values()]:
        head, got = ask_raw(address, "HEAD"), ask_raw(address, "GET")
        assert head.status == got.status == 200
        assert head.body == b""
        assert head.all_of("Content-Length") == [str(len(got.body))]
        assert head.all_of("Content-Type") == got.all_of("Content-Type")


ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    "a name that looks like a URI": (
        '#EXT-X-MEDIA:TYPE=AUDIO,NAME="URI=x",GROUP-ID="a",URI="audio.m3u8"',
    ),
    "URI first": ('#EXT-X-MEDIA:URI="audio.m3u8",TYPE=AUDIO,NAME="a, b # c = d",GROUP-ID="a"',),
    "X-URI beside URI": (
        '#EXT-X-MEDIA:X-URI="not this",TYPE=AUDIO,GROUP-ID="a",NAME="b",URI="audio.m3u8"',
    ),
    "no URI at all": (
        '#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="URI=",NAME="x",INSTREAM-ID="CC1"',
    ),
}


@pytest.mark.parametrize("lines", ATTRIBUTES.values(), ids=ATTRIBUTES)
def test_15_attribute_lists_are_parsed(
    lines: tuple[str, ...], show: Show, url: str, client: httpx.Client
) -> None:
    text = multivariant_playlist(*lines)
    show.routes["index.m3u8"] = playlist(text)
    show.routes["audio.m3u8"] = show.routes["video.m3u8"] = playlist(MEDIA)
    received = client.get(url).text
    *audio, video = uris_in(received)
    for uri in audio:
        text = text.replace('"audio.m3u8"', f'"{uri}"')
    assert received == text.replace("video.m3u8", video)
    for uri in (*audio, video):
        assert client.get(uri).text.startswith("#EXTM3U")


NAMES = ["seg", "seg.jpg", "seg.html", "seg.js", "seg.ts", "seg.php?n=1.jpg", "seg?u=.ts"]


@pytest.mark.parametrize("has_init", [False, True], ids=["TS", "fMP4"])
@pytest.mark.parametrize("name", NAMES)
def test_18_segments_have_a_real_extension(
    name: str, has_init: bool, show: Show, url: str, client: httpx.Client
) -> None:
    path = name.partition("?")[0]
    data = with_segment(show, path, media_type="text/html")
    init = ['#EXT-X-MAP:URI="init.bin"'] if has_init else []
    show.routes["init.bin"] = file(content("init"), media_type="image/jpeg")
    show.routes["index.m3u8"] = playlist(media_playlist(*init).replace("a.ts", name))
    *maps, segment = follow(client, url)
    parts = urlsplit(segment)
    assert parts.path.endswith(".m4s" if has_init else ".ts")
    assert not parts.query
    assert [urlsplit(address).path[-4:] for address in maps] == [".mp4"] * has_init
    response = client.get(segment)
    assert response.content == data
    assert response.headers["Content-Type"] == ("video/iso.segment" if has_init else "video/mp2t")


def test_18_what_hides_behind_an_image_is_unwrapped(
    show: Show, url: str, client: httpx.Client
) -> None:
    image = b"\x89PNG\r\n\x1a\n" + bytes(100) + b"IEND\xaeB`\x82"
    packets = b"".join(b"G" + bytes([n]) * 187 for n in range(50))
    show.routes["a.ts"] = file(image + packets, media_type="image/png")
    show.routes["index.m3u8"] = playlist(MEDIA)
    [segment] = follow(client, url)
    for _ in range(2):
        response = client.get(segment)
        assert response.content == packets
        assert response.headers["Content-Type"] == "video/mp2t"
    part = client.get(segment, headers={"Range": "bytes=188-375"})
    assert part.status_code == 206
    assert part.content == packets[188:376]


@pytest.mark.parametrize(("first", "last"), [(188, 375), (0, 1), (5000, 9399)])
def test_18_a_part_is_of_what_hides_even_if_it_is_asked_for_first(
    first: int, last: int, show: Show, url: str, client: httpx.Client
) -> None:
    image = b"\x89PNG\r\n\x1a\n" + bytes(100) + b"IEND\xaeB`\x82"
    packets = b"".join(b"G" + bytes([n]) * 187 for n in range(50))
    show.routes["a.ts"] = file(image + packets, media_type="image/png")
    show.routes["index.m3u8"] = playlist(MEDIA)
    [segment] = follow(client, url)
    part = client.get(segment, headers={"Range": f"bytes={first}-{last}"})
    assert part.headers["Content-Range"] == f"bytes {first}-{last}/{len(packets)}"
    assert part.content == packets[first : last + 1]


def test_20_variables_are_substituted(show: Show, url: str, client: httpx.Client) -> None:
    show.entry = "index.m3u8?tier=high"
    show.routes["index.m3u8"] = playlist(
        multivariant_playlist(
            '#EXT-X-DEFINE:NAME="folder",VALUE="far/away"',
            '#EXT-X-DEFINE:QUERYPARAM="tier"',
            '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="{$tier}",URI="{$folder}/{$tier}.m3u8"',
        ).replace("video.m3u8", "{$folder}/video.m3u8")
    )
    show.routes["far/away/video.m3u8"] = show.routes["far/away/high.m3u8"] = playlist(
        media_playlist(
            '#EXT-X-DEFINE:IMPORT="folder"',
            '#EXT-X-DEFINE:NAME="key",VALUE="secret"',
            '#EXT-X-KEY:METHOD=AES-128,URI="{$key}.key"',
        ).replace("a.ts", "/{$folder}/a.ts")
    )
    show.routes["far/away/secret.key"] = file(b"k" * 16)
    data = content("a.ts")
    show.upstream.sites["far"] = file(data)
    text = client.get(url).text
    assert 'NAME="high"' in text
    assert "EXT-X-DEFINE" not in text
    for rendition in follow(client, url):
        key, segment = follow(client, rendition)
        assert client.get(key).content == b"k" * 16
        assert client.get(segment).content == data
        assert "{$" not in client.get(rendition).text


KEPT = [
    '#EXT-X-KEY:METHOD=AES-128,URI="data:text/plain;base64,AAECAwQFBgcICQoLDA0ODw=="',
    '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://made.up/key?id=1",KEYFORMAT="com.apple.streamingkeydelivery"',
    '#EXT-X-KEY:METHOD=SAMPLE-AES-CTR,URI="urn:uuid:1234",KEYFORMAT="x"',
    "#EXT-X-KEY:METHOD=NONE",
]


@pytest.mark.parametrize("line", KEPT)
def test_21_uris_that_are_no_addresses_are_left_alone(
    line: str, show: Show, url: str, client: httpx.Client
) -> None:
    show.routes["index.m3u8"] = playlist(media_playlist(line))
    received = lines_of(client.get(url).text)
    expected = lines_of(media_playlist(line))
    assert [own for own in received if own.startswith("#")] == [
        their for their in expected if their.startswith("#")
    ]
    assert line in received


def test_21_a_segment_that_stands_in_its_line_is_left_alone(
    show: Show, url: str, client: httpx.Client
) -> None:
    held = "data:text/vtt,WEBVTT%0A%0A00:01.000%20-->%2000:02.000%0AHi"
    show.routes["index.m3u8"] = playlist(media_playlist("#EXTINF:4,", held))
    data = with_segment(show)
    kept, segment = uris_in(client.get(url).text)
    assert kept == held
    assert client.get(urljoin(url, segment)).content == data


def test_21_several_keys_in_a_row_are_all_kept(show: Show, url: str, client: httpx.Client) -> None:
    show.routes["index.m3u8"] = playlist(
        media_playlist(KEPT[1], '#EXT-X-KEY:METHOD=AES-128,URI="a.key"', KEPT[2])
    )
    show.routes["a.key"] = file(b"k" * 16)
    received = client.get(url).text
    assert KEPT[1] in received
    assert KEPT[2] in received
    [_, key, _, _] = uris_in(received)
    assert client.get(urljoin(url, key)).content == b"k" * 16
