"""Row 54: nothing of the upstream's leaves in a playlist, whatever tag it stands in."""

import json

import httpx
import pytest

from stage.routes import file, playlist
from stage.show import Show
from stage.upstream import Answer, Request
from stage.viewer import follow, lines_of, uris_in

MEDIA = ["#EXTM3U", "#EXT-X-TARGETDURATION:4", "#EXTINF:4.0,", "a.ts", "#EXT-X-ENDLIST", ""]

LEAKS = {
    "prefetch": "#EXT-X-PREFETCH:%s",
    "prefetch of another vendor": "#EXT-X-TWITCH-PREFETCH:%s",
    "unknown tag": "#EXT-X-MADE-UP:a,b,%s",
    "unknown attribute": '#EXT-X-MADE-UP:X-AD-URL="%s"',
    "unknown attribute of a known tag": '#EXT-X-START:TIME-OFFSET=1,X-AD-URL="%s"',
    "date range": '#EXT-X-DATERANGE:ID="a",START-DATE="2026-01-01T00:00:00Z",X-COM-A="%s"',
    "session data": '#EXT-X-SESSION-DATA:DATA-ID="a",VALUE="%s"',
    "comment": "# GET %s HTTP/1.1",
    "comment without a space": "#%s",
    "first line": '#EXTM3U url-tvg="%s"',
    "title": "#EXTINF:4,%s",
    "attributes of a duration": '#EXTINF:-1 tvg-logo="%s",News',
    "group": '#EXT-X-MEDIA:TYPE=AUDIO,NAME="a",GROUP-ID="%s"',
    "date": "#EXT-X-PROGRAM-DATE-TIME:%s",
    "end": "#EXT-X-ENDLIST %s",
    "player option": "#EXTVLCOPT:http-referrer=%s",
}
ADDRESSES = {
    "absolute": "{url}",
    "host alone": "//{address}/{token}/a.ts",
    "path": "/{token}/a.ts?sig={token}",
    "relative": "hls/{token}/a.ts",
    "ftp": "ftp://{address}/{token}",
    "file": "file:///srv/{token}",
}


BEGINS = {"media": MEDIA[1:2], "multivariant": []}
ENDS = {"media": MEDIA[2:], "multivariant": ["#EXT-X-STREAM-INF:BANDWIDTH=1", "b.m3u8", ""]}


@pytest.mark.parametrize("kind", BEGINS)
@pytest.mark.parametrize("line", LEAKS.values(), ids=LEAKS)
def test_54_no_address_of_the_upstream_s_leaves_in_a_playlist(
    line: str, kind: str, show: Show, url: str, client: httpx.Client
) -> None:
    def index(request: Request) -> Answer:
        told = {"url": show.url("a.ts"), "address": show.upstream.address, "token": show.token}
        lines = [line.replace("%s", each.format(**told)) for each in ADDRESSES.values()]
        text = "\n".join(["#EXTM3U", *BEGINS[kind], *lines, *ENDS[kind]])
        return playlist(text)(request)

    show.routes["index.m3u8"] = index
    received = client.get(url)
    assert received.status_code == 200
    assert show.upstream.address not in received.text
    assert show.token not in received.text
    assert len(uris_in(received.text)) >= 1


HARMLESS = [
    "#EXT-X-VERSION:6",
    '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://made.up/1",KEYFORMAT="com.apple.x"',
    '#EXT-X-DATERANGE:ID="a",START-DATE="2026-01-01T00:00:00Z",SCTE35-OUT=0xFC00',
    "#EXT-X-CUE-OUT-CONT:8/30",
    "## made by a packager (version=1.11.23-28141)",
    "#EXT-X-MADE-UP:A=1",
]


def test_54_what_is_harmless_stays_byte_for_byte(
    show: Show, url: str, client: httpx.Client
) -> None:
    show.routes["a.ts"] = file(b"G" * 188)
    show.routes["index.m3u8"] = playlist("\n".join([*MEDIA[:2], *HARMLESS, *MEDIA[2:]]))
    received = lines_of(client.get(url).text)
    assert received[2 : 2 + len(HARMLESS)] == HARMLESS


@pytest.mark.parametrize("scheme", ["ftp", "file", "rtmp", "smb"])
def test_54_uris_of_other_protocols_are_named_too(
    scheme: str, show: Show, url: str, client: httpx.Client
) -> None:
    lines = [f'#EXT-X-KEY:METHOD=AES-128,URI="{scheme}://cdn.example/k"', *MEDIA[2:]]
    show.routes["index.m3u8"] = playlist("\n".join([*MEDIA[:2], *lines]))
    key, _ = follow(client, url)
    assert "cdn.example" not in client.get(url).text
    assert client.get(key).status_code == 502


@pytest.fixture(params=["SESSION-DATA", "MADE-UP"])
def data(request: pytest.FixtureRequest, show: Show, url: str, client: httpx.Client) -> str:
    """The address of a datum that a tag leads to."""
    lines = [f'#EXT-X-{request.param}:DATA-ID="a",URI="a.json"', *ENDS["multivariant"]]
    show.routes["index.m3u8"] = playlist("\n".join(["#EXTM3U", *lines]))
    return follow(client, url)[0]


def test_54_no_address_leaves_in_data_beside_a_playlist(
    data: str, show: Show, client: httpx.Client
) -> None:
    def document(request: Request) -> Answer:
        shown = {"title": "made up", "poster": show.url("a.jpg"), "n": 1}
        return file(json.dumps(shown).encode(), etag='"a"', media_type="application/json")(request)

    show.routes["a.json"] = document
    answer = client.get(data, headers={"Range": "bytes=0-9999"})
    assert answer.json() == {"title": "made up", "poster": "", "n": 1}
    assert answer.headers["Content-Type"] == "application/json"
    etag = answer.headers["ETag"]
    assert etag != '"a"'
    assert client.get(data, headers={"If-None-Match": etag}).status_code == 304
    assert int(client.head(data).headers["Content-Length"]) == len(answer.content)
    show.expire()
    assert client.get(data).content == answer.content


def test_54_other_text_that_holds_an_address_is_withheld(
    data: str, show: Show, client: httpx.Client
) -> None:
    show.routes["a.json"] = lambda request: file(show.url("a.ts").encode())(request)
    answer = client.get(data)
    assert answer.status_code == 404
    assert show.token not in answer.text
    assert len(show.questions) == 1


def test_54_data_that_is_no_text_passes(data: str, show: Show, client: httpx.Client) -> None:
    show.routes["a.json"] = file(bytes(range(256)) * 9, etag='"a"')
    assert client.get(data).content == bytes(range(256)) * 9
