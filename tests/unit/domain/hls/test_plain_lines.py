"""Plain segments are read by columns to the same playlist as line by line."""

import re
from collections.abc import Sequence

import pytest
from hypothesis import example, given, strategies as st

from stage.growth import grows_linearly
from stage.hls_tags import PREFIX, URL, text_of
from strmctl.domain.hls import cut, media_playlist_reader
from strmctl.domain.hls.listed import Segment, Segments, Stretch
from strmctl.domain.hls.media_playlist import MediaPlaylist
from strmctl.domain.hls.naming import upstream_extension, upstream_extensions
from strmctl.domain.hls.plain_lines import Rows, rows_in, tags_of

INFS = [
    "#EXTINF:4,",
    "#EXTINF:4.0001,",
    "#EXTINF:-0,",
    "#EXTINF: 5.5 ,Title",
    "#EXTINF:x",
    "#EXTINF:",
    "#EXTINF:6,http://a.example/?token=1",
    '#EXTINF:-1 tvg-id="a",News',
    "#EXTINF:4,é\u2028",
]
URIS = [
    "a.ts",
    "b.TS?t=1",
    "b.ts?t=2&u=.mp4",
    "https://c.example/d.m4s#e.aac",
    "e.jpg",
    "f",
    "g/.ts",
    "h.ts \t",
    "i?j.ts",
    "k.\u0130",
    "é.aac",
    "l.ts\u00a0",
    "data:,x",
    "m.vtt",
    "{$v}.ts",
]
ODD = [
    "",
    " ",
    "n.ts",
    " o.ts",
    "{$v}.ts",
    "\ufeff#EXTINF:3,",
    " #EXTINF:2,",
    "#EXTINF:1,",
    "#",
    "# c",
    "\u00a0",
    "#EXT-X-DISCONTINUITY",
    "#EXT-X-BYTERANGE:5@0",
    "#EXT-X-BYTERANGE:5",
    "#EXT-X-GAP",
    "#EXT-X-ENDLIST",
    "#EXT-X-IMAGES-ONLY",
    "#EXT-X-MEDIA-SEQUENCE:7",
    "#EXT-X-SKIP:SKIPPED-SEGMENTS=3",
    "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00Z",
    "#EXT-X-KEY:METHOD=NONE",
    '#EXT-X-KEY:METHOD=AES-128,URI="k"',
    '#EXT-X-MAP:URI="i"',
    '#EXT-X-MAP:URI="data:,i"',
    '#EXT-X-PART:DURATION=1,URI="p"',
    '#EXT-X-NEW:URI="x"',
    '#EXT-X-DEFINE:NAME="v",VALUE="w"',
]
infs, uris, odd = st.sampled_from(INFS), st.sampled_from(URIS), st.sampled_from(ODD)
RANGES = ["#EXT-X-BYTERANGE:5@0", "#EXT-X-BYTERANGE:7@5", "#EXT-X-BYTERANGE:12@99"]
ODD_RANGES = ["5", "0@5", "5@", "@5", "5@6 ", " 5@6", "5@6@7", "٣@1", f"1@{2**64}", f"{2**63}@1"]
ranges = st.sampled_from([*RANGES * 5, *(f"#EXT-X-BYTERANGE:{each}" for each in ODD_RANGES)])


def rows(*columns: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.tuples(*columns), min_size=1, max_size=40).map(
        lambda found: [line for row in found for line in row]
    )


plain_rows = st.one_of(
    rows(infs, uris),
    rows(infs, ranges, uris),
    rows(ranges, infs, uris),
    rows(infs, st.sampled_from(RANGES), st.just("film.mp4")),
    rows(st.sampled_from(RANGES), infs, st.just("film.mp4")),
)
playlists = st.lists(st.one_of(plain_rows, odd.map(lambda line: [line])), max_size=8).map(
    lambda parts: [line for part in parts for line in part]
)
RANGED = [line for each in range(20) for line in ("#EXTINF:4,", f"{RANGES[1]}{each}", "a.mp4")]
PLAIN = [line for number in range(20) for line in ("#EXTINF:4,", f"{number}.ts")]


def by_columns(text: str, previous: MediaPlaylist | None = None) -> MediaPlaylist:
    return media_playlist_reader.parse(text, URL, previous=previous)


def line_by_line(text: str, previous: MediaPlaylist | None = None) -> MediaPlaylist:
    """Lines that end in different ways are read one by one."""
    return media_playlist_reader.parse(text + "\r", URL, previous=previous)


def plain(playlist: MediaPlaylist) -> int:
    """How many segments have been read by columns."""
    return sum(len(part.uris) for part in playlist.segments.parts if isinstance(part, Stretch))


@given(playlists, st.sampled_from(["\n", "\r\n"]), st.booleans(), st.booleans())
@example(PLAIN, "\n", True, True)
@example(PLAIN, "\r\n", False, False)
@example([*RANGED, "#EXT-X-BYTERANGE:9", "#EXTINF:4,", "a.mp4"], "\n", True, True)
@example([*RANGED, RANGES[0], *PLAIN, *RANGED[1:], RANGES[0]], "\r\n", True, True)
@example(['#EXT-X-DEFINE:NAME="v",VALUE="w"', *["#EXTINF:4,", "{$v}.ts"] * 9], "\n", True, True)
def test_both_ways_lead_to_the_same(
    lines: Sequence[str], end: str, is_ended: bool, has_final: bool
) -> None:
    text = text_of([*lines, *["#EXT-X-ENDLIST"] * is_ended], end, final=has_final)
    fast, exact = by_columns(text), line_by_line(text)
    assert plain(exact) == 0
    assert fast.render(PREFIX) + "\r" == exact.render(PREFIX)
    assert list(fast.segments) == list(exact.segments)
    assert len(fast.segments) == len(exact.segments)
    assert [fast.segments[index] for index in range(len(fast.segments))] == list(fast.segments)
    assert dict(fast.resources) == dict(exact.resources) == dict(fast.resources.pairs())
    assert len(fast.resources) == len(exact.resources)
    assert cut.cut_of(fast) == cut.cut_of(exact)
    assert fast.seconds == exact.seconds
    numbers = [segment.number for segment in exact.segments]
    assert [fast.segment(each) for each in numbers] == [exact.segment(each) for each in numbers]
    seen = (fast.first_number, fast.target_duration, fast.ended, fast.delta, fast.preludes)
    assert seen == (
        exact.first_number,
        exact.target_duration,
        exact.ended,
        exact.delta,
        exact.preludes,
    )


@given(playlists, playlists)
def test_a_later_load_gives_the_same_names(first: Sequence[str], second: Sequence[str]) -> None:
    before, after = text_of(first), text_of(second)
    fast = by_columns(after, by_columns(before))
    exact = line_by_line(after, line_by_line(before))
    assert fast.render(PREFIX) + "\r" == exact.render(PREFIX)
    assert dict(fast.resources) == dict(exact.resources)


shown_ranges = st.sampled_from(["", *RANGES[:2]])
durations = st.lists(st.sampled_from(["4", "4.0001", "4.01", "5"]), min_size=1, max_size=30)
marks = st.sampled_from(["", "#EXT-X-DISCONTINUITY", '#EXT-X-MAP:URI="i"'])


@given(
    durations,
    st.integers(0, 40),
    st.integers(0, 40),
    st.integers(0, 30),
    marks,
    st.booleans(),
    st.tuples(shown_ranges, shown_ranges),
)
@example(["4"] * 20, 5, 10, 30, "", False, ("", ""))
@example(["4"] * 20, 5, 10, 30, "", False, (RANGES[0], RANGES[1]))
@example(["4"] * 20, 0, 12, 20, '#EXT-X-MAP:URI="i"', False, ("", ""))
def test_windows_agree_as_line_by_line(
    spans: Sequence[str],
    first: int,
    second: int,
    place: int,
    mark: str,
    changes: bool,
    parts: tuple[str, str],
) -> None:
    def window(number: int, mark: str, part: str) -> str:
        whole = [*spans] * 40
        if changes and mark:
            whole[place] = "9"
        lines = [f"#EXT-X-MEDIA-SEQUENCE:{number}"]
        for each in range(number, number + 40):
            if each == place and mark:
                lines.append(mark)
            lines += [f"#EXTINF:{whole[each % len(whole)]},", *[part] * bool(part), f"{each}.ts"]
        return text_of(lines)

    old, new = window(first, "", parts[0]), window(second, mark, parts[1])
    wanted = cut.agree(line_by_line(old), line_by_line(new))
    assert cut.agree(by_columns(old), by_columns(new)) is wanted
    assert cut.agree(by_columns(old), line_by_line(new)) is wanted
    assert cut.agree(line_by_line(old), by_columns(new)) is wanted


def test_segments_under_another_key_are_another_stretch() -> None:
    segments = Segments()
    for first, keys in ((0, "k0"), (2, "k0"), (4, "k4")):
        segments.extend(Stretch(first, ["a.ts"] * 2, [4.0] * 2, [], [], [], (keys,)))
    assert [each.keys for each in segments] == [("k0",)] * 4 + [("k4",)] * 2


def test_all_plain_segments_are_read_by_columns() -> None:
    lines = [line for number in range(20_000) for line in ("#EXTINF:4,", f"seg-{number}.ts?a=b")]
    playlist = by_columns(text_of([*lines, "#EXT-X-ENDLIST"]))
    assert plain(playlist) == 20_000
    assert len(playlist.segments.parts) == 1, "pieces of the text leave no trace"
    ranged = by_columns(text_of(RANGED * 1000))
    assert plain(ranged) == 20_000
    assert len(ranged.segments.parts) == 1
    assert playlist.segments[-1] == Segment(19_999, 4.0, None, False, "", (), "", "")
    assert playlist.segments[1:3] == [playlist.segment(1), playlist.segment(2)]
    assert playlist.resources["19999"].uri == "seg-19999.ts?a=b"
    with pytest.raises(IndexError):
        playlist.segments[20_000]


@pytest.mark.parametrize("name", ["20", "-1", "01", "٣", "1_0", "", " 1", "1" * 5000, "k1", "1-0"])
def test_no_other_name_is_that_of_a_plain_segment(name: str) -> None:
    assert by_columns(text_of(PLAIN)).resources.get(name) is None


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param(PLAIN, [20], id="all"),
        pytest.param(PLAIN[:-1], [19], id="no URI"),
        pytest.param(PLAIN[:4], [], id="too few"),
        pytest.param([*PLAIN[:24], "#EXT-X-GAP", *PLAIN], [32], id="a tag"),
        pytest.param([*PLAIN[:25], "", *PLAIN[25:]], [20], id="a blank line"),
        pytest.param([*PLAIN[:25], "# c", *PLAIN[25:]], [20], id="a comment"),
        pytest.param([*PLAIN[:25], "#EXT-X-NEW:A=1", *PLAIN[25:]], [20], id="an unknown tag"),
        pytest.param([*PLAIN[:25], '#EXT-X-NEW:URI="a"', *PLAIN[25:]], [], id="its URI"),
        pytest.param([*PLAIN[:25], "#http://a/?b=c", *PLAIN[25:]], [20], id="an address"),
        pytest.param([*PLAIN[:24], '#EXT-X-MAP:URI="a"', *PLAIN], [12, 20], id="a map"),
        pytest.param([*PLAIN[:24], "a.ts", *PLAIN], [12, 20], id="no EXTINF"),
        pytest.param([*PLAIN[:25], "#EXTINF:1,", *PLAIN[25:]], [12, 8], id="two EXTINF"),
        pytest.param([*PLAIN[:25], "\ufeff#EXT-X-GAP", *PLAIN[25:]], [12, 7], id="a BOM"),
        pytest.param([*PLAIN[:24], *["#EXT-X-GAP"] * 9, *PLAIN], [12, 20], id="many tags"),
        pytest.param(PLAIN * 100, [2000], id="many"),
        pytest.param([], [], id="none"),
    ],
)
def test_which_rows_are_read_at_once(lines: Sequence[str], expected: list[int]) -> None:
    found = list(rows_in("".join(f"{line}\n" for line in lines)))
    assert [len(each.uris) for each in found if isinstance(each, Rows)] == expected


ROW_TAGS = [
    "#EXT-X-DISCONTINUITY",
    "#EXT-X-GAP",
    "#EXT-X-BITRATE:800",
    "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:06.500+02:00",
    "#EXT-X-PROGRAM-DATE-TIME:2026-13-01T00:00:06Z",
    "#EXT-X-BYTERANGE:5@7",
    "#EXT-X-BYTERANGE:5",
    '#EXT-X-DATERANGE:ID="a",START-DATE="2026-01-01T00:00:00Z",DURATION=6.0',
    '#EXT-X-DATERANGE:ID="a",CLASS="b/c/d"',
    '#EXT-X-DATERANGE:ID="a",X-COM="http://a/?b=c"',
    '#EXT-X-DATERANGE:ID="a",X-ASSET-URI="http://a/"',
    '#EXT-X-DATERANGE:ID="X-ASSET-"',
    '#EXT-X-NEW:A="b",URI="c"',
    "#EXT-X-NEW:A=http://b/",
    "#EXT-X-NEW:A=1",
    "#EXT-X-CONTENT-STEERING:A=1",
    "#EXT-X-KEYS:A=1",
    "#EXTRA",
    "# a comment, with EXT-X-GAP",
    "# #EXT-X-DISCONTINUITY",
    "#\u2028#EXT-X-DISCONTINUITY",
    "#token=1",
    "",
]
row_tags = st.lists(st.sampled_from(ROW_TAGS), max_size=3)


@given(
    st.lists(st.tuples(row_tags, infs, row_tags, uris), min_size=1, max_size=60),
    st.sampled_from(["\n", "\r\n"]),
)
def test_tags_of_rows_are_read_as_line_by_line(
    rows: Sequence[tuple[list[str], str, list[str], str]], end: str
) -> None:
    lines = [line for before, inf, behind, uri in rows for line in (*before, inf, *behind, uri)]
    text = text_of([*lines, "#EXT-X-ENDLIST"], end)
    fast, exact = by_columns(text), line_by_line(text)
    assert fast.render(PREFIX) + "\r" == exact.render(PREFIX)
    assert list(fast.segments) == list(exact.segments)
    assert dict(fast.resources) == dict(exact.resources)
    assert cut.cut_of(fast) == cut.cut_of(exact)


@pytest.mark.parametrize("tag", [tag for tag in ROW_TAGS if not re.search("URI|STEER|X-COM", tag)])
def test_one_tag_before_each_is_read_at_once(tag: str) -> None:
    lines = [line for number in range(50) for line in (tag, "#EXTINF:4,", f"{number}.ts")]
    assert plain(by_columns(text_of(lines))) == 50


def test_what_was_said_before_the_first_row_is_said_of_it() -> None:
    rows = Rows(["", ""], ["#EXTINF:4,"] * 2, ["", ""], ["a.ts", "b.ts"])
    _, tags = tags_of(rows, discontinuity=True, date_time="2026-01-01T00:00:00Z")
    assert tags.discontinuities == [True, False]
    assert tags.dates == ["2026-01-01T00:00:00Z", ""]


@given(st.lists(uris, min_size=1, max_size=5))
@example(["a?b.ts", "a.ts"])
@example(["a.ts?a.ts", "a.ts?b.ts?a.ts"])
@example(["a.ts", "b#c.ts"])
@example(["ts", "ts"])
def test_extensions_of_several(found: Sequence[str]) -> None:
    assert list(upstream_extensions(found)) == [upstream_extension(uri) for uri in found]


@pytest.mark.parametrize("odd", ["#EXT-X-GAP", "#EXTINF:1,"])
def test_odd_lines_between_take_linear_time(odd: str) -> None:
    part = "#EXTINF:4,\na.ts\n" * 5 + f"{odd}\n" + "#EXT-X-BYTERANGE:5@0\n#EXTINF:4,\na.ts\n" * 5
    assert grows_linearly(lambda size: by_columns("#EXTM3U\n" + part * size), 100)
