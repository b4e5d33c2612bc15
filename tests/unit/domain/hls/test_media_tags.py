"""What each line of a Media Playlist becomes (HLS.md's table of tags)."""

import pytest

from stage.hls_tags import PREFIX, media, rewritten, segment
from strmctl.domain.hls import media_playlist_reader

REPORT = "#EXT-X-RENDITION-REPORT:LAST-MSN=7,LAST-PART=2"


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        # URIs that become names
        pytest.param("seg.ts?a=1", "here/0.ts", id="segment"),
        pytest.param("  https://cdn.example/seg.ts \t", "here/0.ts", id="segment, white space"),
        pytest.param('#EXT-X-KEY:METHOD=AES-128,URI="k"', '…AES-128,URI="here/k0.key"', id="key"),
        pytest.param(
            '#EXT-X-KEY:URI="https://k.example/",METHOD=AES-128,IV=0x1',
            '#EXT-X-KEY:URI="here/k0.key",METHOD=AES-128,IV=0x1',
            id="key, URI first",
        ),
        pytest.param(
            '#EXT-X-KEY:METHOD=X,KEYFORMAT="a,URI=b#c",URI="k"',
            '#EXT-X-KEY:METHOD=X,KEYFORMAT="a,URI=b#c",URI="here/k0.key"',
            id="key, URI= in a quoted value",
        ),
        pytest.param(
            '#EXT-X-KEY:METHOD=AES-128,URI="a",URI="https://b.example/"',
            '#EXT-X-KEY:METHOD=AES-128,URI="here/k0.key",URI="here/k0.key"',
            id="key, URI twice",
        ),
        pytest.param(
            '#EXT-X-KEY:METHOD=AES-128,URI="https://b.example/',
            '#EXT-X-KEY:METHOD=AES-128,URI="here/k0.key"',
            id="key, closing quote forgotten",
        ),
        pytest.param('#EXT-X-MAP:URI="i.mp4"', '#EXT-X-MAP:URI="here/i0.mp4"', id="map"),
        pytest.param(
            '#EXT-X-MAP:BYTERANGE="9@0",URI="i"', '#EXT-X-MAP:URI="here/i0.mp4"', id="map, range"
        ),
        pytest.param(
            '#EXT-X-PART:DURATION=0.3,URI="p.ts",INDEPENDENT=YES',
            '#EXT-X-PART:DURATION=0.3,URI="here/0-0.ts",INDEPENDENT=YES',
            id="part",
        ),
        pytest.param(
            '#EXT-X-PART:URI="p.ts",BYTERANGE="9@5",DURATION=1',
            '#EXT-X-PART:URI="here/0-0.ts",DURATION=1',
            id="part, range",
        ),
        pytest.param(
            '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p.ts"', '…TYPE=PART,URI="here/0-0.ts"', id="hint"
        ),
        pytest.param(
            '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p.ts",BYTERANGE-START=7,BYTERANGE-LENGTH=9',
            '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="here/0-0.ts"',
            id="hint, range",
        ),
        pytest.param(
            '#EXT-X-PRELOAD-HINT:TYPE=MAP,URI="i.mp4"', '…MAP,URI="here/i0.mp4"', id="hint, map"
        ),
        pytest.param(
            '#EXT-X-FUTURE:A=1,URI="https://x.example/a.json"',
            '#EXT-X-FUTURE:A=1,URI="here/x0-0.json"',
            id="unknown tag",
        ),
        pytest.param('#EXT_vendor:URI ="/a"', '#EXT_vendor:URI ="here/x0-0.bin"', id="vendor tag"),
        pytest.param(
            '#EXT-X-MEDIA:TYPE=AUDIO,URI="a.m3u8"',
            '#EXT-X-MEDIA:TYPE=AUDIO,URI="here/x0-0.m3u8"',
            id="tag of another playlist",
        ),
        pytest.param(
            '#EXT-X-DATERANGE:ID="a",URI="https://x.example/"',
            '#EXT-X-DATERANGE:ID="a",URI="here/x0-0.bin"',
            id="URI where none belongs",
        ),
        # Tags that go
        pytest.param("#EXT-X-BYTERANGE:9@0", None, id="byte range"),
        pytest.param('#EXT-X-DEFINE:NAME="a",VALUE="b"', None, id="define"),
        pytest.param('#EXT-X-DATERANGE:ID="a",X-ASSET-URI="https://ad.example/"', None, id="asset"),
        pytest.param('#EXT-X-DATERANGE:X-ASSET-LIST="/l.json",ID="a"', None, id="asset list"),
        pytest.param('#EXT-X-CONTENT-STEERING:SERVER-URI="/s.json"', None, id="steering"),
        pytest.param(
            '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p.ts",BYTERANGE-START=7', None, id="open hint"
        ),
        pytest.param(f'{REPORT},URI="unknown.m3u8"', None, id="report of an unknown rendition"),
        # Everything else stays
        pytest.param("#EXT-X-KEY:METHOD=NONE", "=", id="no key"),
        pytest.param('#EXT-X-KEY:METHOD=X,URI="data:text/plain,k"', "=", id="data: key"),
        pytest.param('#EXT-X-KEY:METHOD=X,URI="skd://k"', "=", id="skd: key"),
        pytest.param('#EXT-X-KEY:METHOD=X,URI="urn:uuid:1"', "=", id="urn: key"),
        pytest.param('#EXT-X-KEY:METHOD=X,URI=""', "=", id="empty URI"),
        pytest.param('#EXT-X-MAP:URI="data:,i",BYTERANGE="9@0"', "=", id="data: map"),
        pytest.param('#EXT-X-PART:DURATION=1,URI="data:,p"', "=", id="data: part"),
        pytest.param("#EXT-X-PART:DURATION=1", "=", id="part without URI"),
        pytest.param("#EXT-X-PRELOAD-HINT:TYPE=PART", "=", id="hint without URI"),
        pytest.param("#EXT-X-MAP:", "=", id="map without URI"),
        pytest.param("#EXT-X-KEY", "=", id="key without a list"),
        pytest.param('#EXT-X-FUTURE:URI="data:,x"', "=", id="unknown tag, data:"),
        pytest.param('#EXT-X-FUTURE:X-URI="a",LIST="URI=b"', "=", id="unknown tag, no URI"),
        pytest.param('#EXT-X-DATERANGE:ID="a",SCTE35-OUT=0xFC', "=", id="date range"),
        pytest.param("#EXT-X-SKIP:SKIPPED-SEGMENTS=3", "=", id="skip"),
        pytest.param("#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES", "=", id="server control"),
        pytest.param("#EXT-X-PART-INF:PART-TARGET=0.33", "=", id="part information"),
        pytest.param("#EXT-X-GAP", "=", id="gap"),
        pytest.param("#EXT-X-DISCONTINUITY", "=", id="discontinuity"),
        pytest.param("#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00Z", "=", id="date"),
        pytest.param("#EXT-X-BITRATE:800", "=", id="bit rate"),
        pytest.param("#EXT-X-TILES:RESOLUTION=1x1,LAYOUT=5x5,DURATION=2", "=", id="tiles"),
        pytest.param("#EXT-X-DISCONTINUITY-SEQUENCE:5", "=", id="discontinuity sequence"),
        pytest.param("#EXT-X-ENDLIST", "=", id="end"),
        pytest.param("# comment, 4:3", "=", id="comment"),
        pytest.param("# comment https://x.example/", None, id="comment with an address"),
        pytest.param('# URI="https://x.example/"', None, id="comment like a tag"),
        pytest.param("#", "=", id="empty comment"),
        pytest.param("", "=", id="blank line"),
        pytest.param(" \t", "=", id="white space"),
        pytest.param("#EXTINF:4.000s,", "=", id="duration with a unit"),
        pytest.param('#EXTINF:-1 tvg-id="a,b",N', "=", id="duration with attributes"),
        pytest.param("#EXTINF:4.0,t\x85\u2028 #é,\udcff", "=", id="title with odd characters"),
    ],
)
def test_a_line_before_a_segment_is_kept_edited_or_gone(given: str, wanted: str | None) -> None:
    lines = rewritten([given, "#EXTINF:4,", "last.ts"])
    *before, inf, last = lines
    assert (inf, last[: len(PREFIX)]) == ("#EXTINF:4,", PREFIX)
    if wanted is None:
        assert before == []
    elif wanted.startswith("…"):
        assert len(before) == 1
        assert before[0].endswith(wanted[1:])
    else:
        assert before == [given if wanted == "=" else wanted]


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        pytest.param('#EXT-X-MAP:X-URI="a",URI=b', '#EXT-X-MAP:X-URI="a",URI="i0.mp4"', id="X-URI"),
        pytest.param('#EXT-X-MAP:URI="a"', '#EXT-X-MAP:URI="i0.mp4"', id="alone"),
        pytest.param('#EXT-X-MAP:URI="a', '#EXT-X-MAP:URI="i0.mp4"', id="no closing quote"),
        pytest.param(
            '#EXT-X-MAP:URI="a",URI="b"', '#EXT-X-MAP:URI="i0.mp4",URI="i0.mp4"', id="two"
        ),
        pytest.param('#EXT-X-MAP:URI="URI"', '#EXT-X-MAP:URI="i0.mp4"', id="called so"),
        pytest.param(
            "#EXT-X-KEY:METHOD=AES-128,URI=https://b.example/k?s,",
            '#EXT-X-KEY:METHOD=AES-128,URI="k0.key",',
            id="no quotes, a comma behind",
        ),
        pytest.param(
            "#EXT-X-MAP:URI=https://b.example:", '#EXT-X-MAP:URI="i0.mp4"', id="a colon at the end"
        ),
        pytest.param(
            "#EXT-X-MAP:URI=https://b.example/i,X=,",
            '#EXT-X-MAP:URI="i0.mp4",X=,',
            id="no quotes, nothing behind",
        ),
        pytest.param(
            "#EXT-X-PART:DURATION=1,URI=https://b.example/p,",
            '#EXT-X-PART:DURATION=1,URI="0-0.ts",',
            id="a part without quotes",
        ),
    ],
)
def test_the_uri_of_a_tag_is_named(tag: str, expected: str) -> None:
    text = f"#EXTM3U\n{tag}\n#EXTINF:4,\na.m4s\n#EXT-X-ENDLIST\n"
    assert (
        media_playlist_reader.parse(text, "https://a.example/").render().split("\n")[1] == expected
    )


@pytest.mark.parametrize("count", [1, 50], ids=["line by line", "by columns"])
def test_a_segment_that_stands_in_its_line_stays(count: int) -> None:
    held = "data:video/mp2t;base64,R0AAEA=="
    lines = [*segment("a.ts"), *segment(held), *segment("b.ts")] * count
    playlist = media([*lines, "#EXT-X-ENDLIST"])
    shown = [each for each in playlist.render().splitlines() if each and each[0] != "#"]
    assert shown[:3] == ["0.ts", held, "2.ts"]
    assert shown[1::3] == [held] * count
    assert [each.number for each in playlist.segments] == list(range(3 * count))
    assert media(segment(held)).untold() is None


@pytest.mark.parametrize(
    "uri",
    [
        *("data:,http://a.example/x", "data:;base64,I0VYVE0zVQ==", "data.ts", "DATA:,#EXTM3U"),
        *("data:x", "data:"),
    ],
)
@pytest.mark.parametrize("count", [1, 50], ids=["line by line", "by columns"])
def test_what_leads_elsewhere_does_not_stay(uri: str, count: int) -> None:
    playlist = media([*segment("a.ts"), *segment(uri)] * count)
    assert uri not in playlist.render()


def test_no_token_of_the_address_stays_in_data() -> None:
    token = "a1b2c3d4e5f6a7b8"
    lines = ['#EXT-X-DEFINE:QUERYPARAM="t"', *segment("data:,{$t}"), *segment("data:,b")]
    shown = media(lines, url=f"https://a.example/?t={token}").render()
    assert token not in shown
    assert "data:,b" in shown
