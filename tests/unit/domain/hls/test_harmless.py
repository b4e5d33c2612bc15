"""Nothing of the upstream's leaves in a playlist, in whatever place it stands (PEERS row 54)."""

from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import example, given, strategies as st

from stage.growth import grows_linearly
from strmctl.domain.hls import harmless, media_playlist_reader, multivariant_playlist
from strmctl.domain.hls.known_tags import ATTRIBUTES, BARE, VALUES
from strmctl.domain.hls.playlist_text import MAX_LINE, NotAPlaylistError

TOKEN = "tok3nS3cretX"
URL = f"https://cdn.example/show/index.m3u8?t={TOKEN}"
ADDRESSES = (
    f"https://cdn.example/a?token={TOKEN}",
    f"HTTP://cdn.example/{TOKEN}",
    f"//cdn.example/{TOKEN}/a.ts",
    f"/hls/{TOKEN}/a.ts",
    f"../{TOKEN}/a",
    f"seg-{TOKEN}/1.ts?x=1",
    f"ftp://user:{TOKEN}@cdn.example/a",
    f"file:///srv/{TOKEN}",
    f"https:\\/\\/cdn.example\\/{TOKEN}",
    quote(f"https://cdn.example/{TOKEN}", safe=""),
    f"cdn.example:8443/{TOKEN}",
    f"a.ts?sig={TOKEN}&e=1",
)


def served(text: str) -> str:
    """Both readers' texts: none may hold the token, whichever is asked."""
    root = multivariant_playlist.parse(text, URL).render(lambda key: key, lambda name: name)
    try:
        media = media_playlist_reader.parse(text, URL).render("p/", lambda uri: "r.m3u8")
    except NotAPlaylistError:
        media = ""
    return root + media


def places() -> list[str]:
    """Lines with a hole at every place that may hold text, known and unknown."""
    lists = [
        f'{tag}:{before}{name}={quotes}%s{quotes},X-MORE="a"'
        for tag, names in ATTRIBUTES.items()
        for name in (*sorted(names), "X-AD-URL", "uri", "X-URI")
        for quotes in ('"', "")
        for before in ("", "METHOD=AES-128,")
    ]
    loose = [f"{tag}:{text}" for tag in ATTRIBUTES for text in ("%s", 'NAME="a",%s', "A B %s")]
    values = [f"{tag}:{text}" for tag in VALUES for text in ("%s", "1 %s", "1,%s")]
    bare = [f"{tag}{text}" for tag in BARE for text in (":%s", " %s", ' x="%s"')]
    inf = [f"#EXTINF:{text}" for text in ("4,%s", '-1 tvg-logo="%s",News', "%s,", "4,a %s b")]
    unknown = [
        f"{tag}{text}"
        for tag in (
            "#EXT-X-PREFETCH",
            "#EXT-X-TWITCH-PREFETCH",
            "#EXT-X-NEW",
            "#EXT_vendor",
            "#EXTGRP",
            "#EXTVLCOPT",
            "#KODIPROP",
            "#",
            "# GET ",
            "##",
        )
        for text in (":%s", ' "%s"', ':X="%s",URI="a.json"', ":X=%s", ': a="b", c=%s', " %s;a:1")
    ]
    return [*lists, *loose, *values, *bare, *inf, *unknown, "%s", " %s", "#EXT%s", "\t#%s"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_token_is_found_nowhere(address: str) -> None:
    for place in places():
        line = place.replace("%s", address)
        row = f"{line}\n#EXTINF:4,\na.ts\n"
        rows = [row.replace(address, f"{address}{number}") for number in range(4)]
        # One row is read line by line, many are read by columns, by shapes where they differ.
        texts = (f"\n{row}", "\n" + row * 4, "\n" + "".join(rows), f" {line}\n{line}")
        for text in texts:
            assert TOKEN not in served(f"#EXTM3U{text}"), line


@given(
    st.lists(
        st.one_of(
            st.tuples(st.sampled_from(places()), st.sampled_from(ADDRESSES)),
            st.tuples(
                st.from_regex(
                    r"#(EXT-X-)?[A-Z-]{0,9}[ :]?[a-zA-Z =\",;\t]{0,12}%s", fullmatch=True
                ),
                st.sampled_from(ADDRESSES),
            ),
        ),
        max_size=8,
    ),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_a_token_in_unknown_tags_is_found_nowhere(lines: list[tuple[str, str]], end: str) -> None:
    text = end.join(["#EXTM3U", *(place.replace("%s", address) for place, address in lines)])
    assert TOKEN not in served(text)


words = st.text(st.sampled_from("019aHRcdA٣é._-+=:/\\?&%#[ ,;"), max_size=24)


@given(st.lists(words, min_size=1, max_size=4))
@example(["aHR5c"])
@example(["203.0.113.9"])
@example(["a%2", "h7dHA"])
def test_which_digits_there_are_does_not_matter(lines: list[str]) -> None:
    assert list(map(harmless.is_plain, harmless.shapes(lines))) == list(
        map(harmless.is_plain, lines)
    )


@given(st.lists(words, min_size=1, max_size=80), st.sampled_from(["# ", "#EXT-X-NEW:", "#EXTGRP"]))
@example([f"{number:012x}ab7c" for number in range(50)], "# ")
@example(["token=7", "b.ts", "fine"] * 20, "#EXT-X-NEW:")
def test_many_tags_are_judged_as_one_by_one(found: list[str], start: str) -> None:
    lines = [f"{start}{text}" for text in found]
    one_by_one = list(map(harmless.tag_line, lines))
    assert list(harmless.tag_lines(lines) or lines) == one_by_one


@pytest.mark.parametrize(
    "line",
    [
        pytest.param('#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="{$t}",URI="a.m3u8"', id="name"),
        pytest.param('#EXT-X-DATERANGE:ID="{$t}",START-DATE="2026-01-01T00:00:00Z"', id="id"),
        pytest.param('#EXT-X-SESSION-DATA:DATA-ID="a",VALUE="{$t}"', id="value"),
        pytest.param('#EXT-X-NEW:A="{$t}"', id="unknown tag"),
        pytest.param("#EXT-X-PROGRAM-DATE-TIME:{$t}", id="date"),
    ],
)
def test_what_the_query_tells_stays_here(line: str) -> None:
    text = f'#EXTM3U\n#EXT-X-DEFINE:QUERYPARAM="t"\n{line}\n#EXTINF:4,\na.ts\n'
    assert TOKEN not in served(text)


@pytest.mark.parametrize(
    ("uri", "is_kept"),
    [
        ("data:text/plain;base64,AAAA", True),
        ("skd://key/1", True),
        ("urn:uuid:1", True),
        ("ftp://cdn.example/k", False),
        ("file:///k", False),
        ("rtmp://cdn.example/k", False),
        ("data:application/vnd.apple.mpegurl;base64,I0VYVE0zVQ==", False),
    ],
)
def test_only_what_is_no_address_stays(uri: str, is_kept: bool) -> None:
    for name in ("KEY", "MAP", "SESSION-KEY", "MEDIA"):
        assert (uri in served(f'#EXTM3U\n#EXT-X-{name}:METHOD=X,URI="{uri}"\n')) is is_kept


def test_a_key_system_may_name_its_keys_as_it_likes() -> None:
    line = '#EXT-X-KEY:METHOD=SAMPLE-AES,KEYFORMAT="com.vendor.drm",URI="vendor:key/1"'
    assert line in served(f"#EXTM3U\n{line}\n")
    leaking = line.replace("vendor:key", "ftp://vendor")
    assert "ftp:" not in served(f"#EXTM3U\n{leaking}\n")


@pytest.mark.parametrize(
    "line",
    [
        '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="aac-128k",NAME="English/French 5.1",CHANNELS="16/JOC"',
        '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="Law & Order, 100 % (AC3/EAC3)"',
        '#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS="avc1.4d401f,mp4a.40.2",AUDIO="aac-128k"',
        '#EXT-X-STREAM-INF:BANDWIDTH=1,SUPPLEMENTAL-CODECS="dvh1.08.07/db4h,av01.1/cdm4"',
        '#EXT-X-STREAM-INF:BANDWIDTH=1,REQ-VIDEO-LAYOUT="CH-STEREO/PROJ-EQUI"',
        '#EXT-X-STREAM-INF:BANDWIDTH=1,ALLOWED-CPC="com.example.drm1:SMART-TV/PC"',
        '#EXT-X-KEY:METHOD=SAMPLE-AES,KEYFORMAT="com.apple.x",KEYFORMATVERSIONS="1/2/5"',
        "#EXT-X-KEY:METHOD=AES-128,IV=0x0123456789abcdef0123456789abcdef",
        '#EXT-X-DATERANGE:ID="splice-6FFFFFF0",START-DATE="2026-03-05T11:15:00Z",'
        "SCTE35-OUT=0xFC002F0000000000FF000014056FFFFFF000E011622DCAFF000052636200",
        '#EXT-X-SESSION-DATA:DATA-ID="com.example.title",VALUE="This is a title",LANGUAGE="en"',
        "#EXT-X-PROGRAM-DATE-TIME:20260101T000000.000Z",
        "#EXT-X-CUE-OUT:DURATION=30.5",
        "#EXT-X-CUE-OUT-CONT:8/30",
        "#EXT-X-MADE-UP:A=1,B=x",
        "## Created with Something (version=1.11.23-28141)",
        "#EXTINF:4,AC/DC, live",
        '#EXTINF:-1 tvg-id="a,b",N',
    ],
)
def test_what_is_harmless_keeps_every_byte(line: str) -> None:
    assert f"\n{line}\n" in media_playlist_reader.parse(f"#EXTM3U\n{line}\n", URL).render()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ('#EXT-X-KEY:METHOD=NONE,X-AD-URL="https://a.example/"\n', "#EXT-X-KEY:METHOD=NONE\n"),
        ('#EXT-X-START:X="/a/b",TIME-OFFSET=5\r\n', "#EXT-X-START:TIME-OFFSET=5\r\n"),
        ("#EXT-X-START:TIME-OFFSET=5,https://a.example/\n", "#EXT-X-START:TIME-OFFSET=5\n"),
        ('#EXTM3U x-tvg-url="http://a.example/"\n', "#EXTM3U\n"),
        ("#EXT-X-ENDLIST /a/b", "#EXT-X-ENDLIST"),
        ('#EXT-X-SESSION-DATA:DATA-ID="a",VALUE="https://a.example/"\n', None),
        ("#EXT-X-PREFETCH:https://a.example/1.ts\n", None),
        ("# from edge-7.cdn.example\n", None),
        ("# id 0a1b2c3d4e5f60718293\n", None),
        ("# Authorization: abc\n", None),
        ("# 203.0.113.9\n", None),
    ],
)
def test_what_goes_and_what_is_left(given: str, kept: str | None) -> None:
    assert harmless.tag_line(given) == kept


def test_groups_that_hold_an_address_are_still_found() -> None:
    group = f"https://cdn.example/{TOKEN}"
    media = harmless.tag_line(f'#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="{group}",NAME="a"\n')
    variant = harmless.tag_line(f'#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO="{group}"\n')
    assert media is not None
    assert variant is not None
    name = media.partition('GROUP-ID="')[2].partition('"')[0]
    assert f'AUDIO="{name}"' in variant


def _read_line_of(start: str, text: str) -> Callable[[int], object]:
    return lambda size: harmless.tag_line(f"{start}{text * size}\n")


@pytest.mark.parametrize("text", ["a", "a-1", "/a", "a.", "?a", "A=1,", 'A="', "&"])
def test_long_lines_take_linear_time(text: str) -> None:
    for start in ("#", "#EXT-X-NEW:", "#EXT-X-KEY:", "#EXTINF:4,"):
        assert grows_linearly(_read_line_of(start, text), 10_000), start
        longest = text * ((MAX_LINE - len(start) - 1) // len(text))
        served(f"#EXTM3U\n{start}{longest}\n")
