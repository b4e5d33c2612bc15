"""Rows are read by columns to the same playlist as line by line, whatever stands in them."""

import re
from collections.abc import Sequence

import pytest
from hypothesis import example, given, strategies as st

from stage.growth import grows_linearly
from stage.hls_rows import (
    INFS,
    PLAIN,
    ROW_TAGS,
    URIS,
    by_columns,
    check_both_ways,
    line_by_line,
    plain,
)
from stage.hls_tags import PREFIX, text_of
from strmctl.domain.hls import cut
from strmctl.domain.hls.known_tags import DATE
from strmctl.domain.hls.listed import Decoding, Segment, Segments, Stretch
from strmctl.domain.hls.naming import upstream_extension, upstream_extensions

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


@given(playlists, st.sampled_from(["\n", "\r\n"]), st.booleans(), st.booleans())
@example(PLAIN, "\n", True, True)
@example(PLAIN, "\r\n", False, False)
@example([*RANGED, "#EXT-X-BYTERANGE:9", "#EXTINF:4,", "a.mp4"], "\n", True, True)
@example([*RANGED, RANGES[0], *PLAIN, *RANGED[1:], RANGES[0]], "\r\n", True, True)
@example(['#EXT-X-DEFINE:NAME="v",VALUE="w"', *["#EXTINF:4,", "{$v}.ts"] * 9], "\n", True, True)
def test_both_ways_lead_to_the_same(
    lines: Sequence[str], end: str, is_ended: bool, has_final: bool
) -> None:
    check_both_ways(text_of([*lines, *["#EXT-X-ENDLIST"] * is_ended], end, final=has_final))


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


def test_segments_under_another_key_stand_in_one_stretch() -> None:
    segments = Segments()
    for first, key in ((0, "k0"), (2, "k0"), (4, "k4")):
        segments.extend(Stretch(first, ["a"] * 2, [4.0] * 2, [Decoding((key,))] * 2, [], [], []))
    assert [each.keys for each in segments] == [("k0",)] * 4 + [("k4",)] * 2
    assert len(segments.parts) == 1


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


row_tags = st.lists(st.sampled_from(ROW_TAGS), max_size=3)


@given(
    st.lists(st.tuples(row_tags, infs, row_tags, uris), min_size=1, max_size=60),
    st.sampled_from(["\n", "\r\n"]),
)
def test_tags_of_rows_are_read_as_line_by_line(
    rows: Sequence[tuple[list[str], str, list[str], str]], end: str
) -> None:
    lines = [line for before, inf, behind, uri in rows for line in (*before, inf, *behind, uri)]
    check_both_ways(text_of([*lines, "#EXT-X-ENDLIST"], end))


@pytest.mark.parametrize("tag", [tag for tag in ROW_TAGS if not re.search("URI|STEER|X-COM", tag)])
def test_one_tag_before_each_is_read_at_once(tag: str) -> None:
    lines = [line for number in range(50) for line in (tag, "#EXTINF:4,", f"{number}.ts")]
    assert plain(by_columns(text_of(lines))) == 50


CLOCKS = [
    *("2026-01-01T00:00:06", "2026-01-01T23:59:59", "2026-12-31T12:30:00"),
    *("2026-02-30T00:00:00", "2026-01-01T24:00:00", "2026-01-01T24:30:00", "2026-01-01T00:00:60"),
    *("0001-01-01T00:00:00", "9999-12-31T23:59:59", "20260101T000006", "2026-01-01", "T"),
]
ZONES = ["Z", "+00:00", "-0000", "+0200", "+02:30", "-03:45", "+24:00", "+99:99", "+02", ""]
clocks = st.lists(st.sampled_from(CLOCKS[:3]) | st.sampled_from(CLOCKS), min_size=1, max_size=4)
seconds = st.lists(st.sampled_from(["", ".000", ".5", ".500", ".123456", ".1234567"]), min_size=1)
zones = st.sampled_from(ZONES).map(lambda zone: [zone]) | st.lists(
    st.sampled_from(ZONES), min_size=1
)


@given(clocks, seconds, zones, st.booleans())
@example(["2026-01-01T23:59:59"], ["", ".5"], ["-03:45"], False)
@example(["2026-01-01T23:59:59"], [".000"], ["Z"], True)
def test_dates_are_said_as_line_by_line(
    clocks: Sequence[str], seconds: Sequence[str], zones: Sequence[str], has_gaps: bool
) -> None:
    lines = []
    for row in range(12):
        texts = (clocks[row % len(clocks)], seconds[row % len(seconds)], zones[row % len(zones)])
        date = f"{DATE}:{''.join(texts)}"
        lines += [*[date] * (not has_gaps or row % 3 == 0), "#EXTINF:4,", f"{row}.ts"]
    check_both_ways(text_of([*lines, "#EXT-X-ENDLIST"]))


@pytest.mark.parametrize(
    "row",
    [
        pytest.param("#EXTINF:0{n}.50,", id="zeros before a duration"),
        pytest.param("#EXTINF:{n}.,", id="a dot behind it"),
        pytest.param("#EXTINF:+{n},", id="a sign"),
        pytest.param("#EXTINF:-0.{n},", id="a sign of nothing"),
        pytest.param("#EXTINF:{n}23456789012345678.5,", id="a long one"),
        pytest.param("#EXTINF:{n}234567890123456789.5,", id="too long a one"),
        pytest.param("#EXTINF:.{n},", id="none before the dot"),
        pytest.param("#EXTINF: {n}.5 ,Part {n}: of it", id="a title"),
        pytest.param("#EXTINF:{n}.5,Part {n} of a{n}.example", id="a host"),
        pytest.param("#EXT-X-BYTERANGE:{n}5@0{n}\n#EXTINF:4,", id="zeros before an offset"),
        pytest.param("#EXT-X-BYTERANGE:5{n}\n#EXTINF:4,", id="no offsets"),
        pytest.param("#EXT-X-BYTERANGE:5{n}@99999999999999999{n}\n#EXTINF:4,", id="far away"),
        pytest.param("#EXT-X-SIG:0a1b2c3d4e5f6{n}7\n#EXTINF:4,", id="tokens"),
        pytest.param("#EXT-X-TIME:{n},of=Duration\n#EXTINF:4,", id="tokens among others"),
        pytest.param("# aHR{n}c\n#EXTINF:4,", id="base64"),
    ],
)
@pytest.mark.parametrize("uri", ["all.mp4", "{n}.ts"])
def test_numbers_that_differ_in_each_row(row: str, uri: str) -> None:
    rows = [f"{row}\n{uri}".replace("{n}", str(number)) for number in range(120)]
    check_both_ways(text_of(["\n".join(rows), "#EXT-X-ENDLIST"]))


@given(st.lists(uris, min_size=1, max_size=5))
@example(["a?b.ts", "a.ts"])
@example(["a.ts?a.ts", "a.ts?b.ts?a.ts"])
@example(["a.ts", "b#c.ts"])
@example(["ts", "ts"])
def test_extensions_of_several(found: Sequence[str]) -> None:
    assert list(upstream_extensions(found)) == [upstream_extension(uri) for uri in found]


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param("#EXT-X-GAP", id="a tag"),
        pytest.param("#EXTINF:1,", id="two EXTINF"),
        pytest.param("#EXT-X-TARGETDURATION:4", id="of another meaning"),
        pytest.param('#EXT-X-NEW:URI="a"', id="a name of its own"),
        pytest.param('#EXT-X-PART:URI="data:,a"', id="no address"),
        pytest.param('#EXT-X-MAP:URI="data:,a"', id="a map that is no address"),
        pytest.param('#EXT-X-PART:URI="a', id="no quote"),
        pytest.param('#EXT-X-PART:URI="a",A={n}', id="another shape each"),
        pytest.param('#EXT-X-PART:URI="a",BYTERANGE="{n}"', id="a range"),
        pytest.param('#EXT-X-KEY:METHOD=AES-128,URI="k{n}"', id="another key each"),
        pytest.param("#EXT-X-A{n}:1", id="another name each"),
        pytest.param("# {n}", id="comments"),
    ],
)
def test_odd_lines_between_take_linear_time(odd: str) -> None:
    part = "#EXTINF:4,\na.ts\n" * 5 + f"{odd}\n" + "#EXT-X-BYTERANGE:5@0\n#EXTINF:4,\na.ts\n" * 5

    def read(size: int) -> None:
        by_columns("#EXTM3U\n" + "".join(part.replace("{n}", str(each)) for each in range(size)))

    assert grows_linearly(read, 30)
