"""Tags with URIs are read by columns as line by line, and no token of the upstream's passes."""

from collections.abc import Sequence

import pytest
from hypothesis import example, given, strategies as st

from stage.hls_rows import INFS, PLAIN, ROW_TAGS, URIS, by_columns, check_both_ways, plain
from stage.hls_tags import PREFIX, text_of
from strmctl.domain.hls.known_tags import DATE

infs, uris = st.sampled_from(INFS), st.sampled_from(URIS)
NAMING = [
    *('#EXT-X-PART:DURATION=1.0,URI="p{n}.mp4",INDEPENDENT=YES', '#EXT-X-PART:URI="p{n}.{d}.ts"'),
    '#EXT-X-PART:DURATION=1,URI="p.mp4",BYTERANGE="{n}@{d}"',
    '#EXT-X-PART:DURATION=1,URI="p.mp4",BYTERANGE="{d}"',
    '#EXT-X-PART:BYTERANGE="7@1",URI="p?t={n}",GAP=YES',
    *('#EXT-X-PART:URI="p{n}",BYTERANGE="٣@1"', '#EXT-X-PART:URI="p{n}",BYTERANGE="0@{n}"'),
    *('#EXT-X-PART:URI="p{n}",BYTERANGE=5@{n}', '#EXT-X-PART:URI="p{n}",BYTERANGE=""'),
    *('#EXT-X-PART:X-BYTERANGE="5@1",URI="p{n}"', '#EXT-X-PART:X=",BYTERANGE="5@1",URI="p{n}"'),
    *('#EXT-X-PART:URI="",DURATION=1', "#EXT-X-PART:DURATION=1", "#EXT-X-PART:URI=p{n}.ts,A=,"),
    *('#EXT-X-PART:URI="data:,{n}"', '#EXT-X-PART:URI="ftp://a/{n}"', '#EXT-X-PART:URI="file:{n}"'),
    *('#EXT-X-PART:URI="a",URI="b{n}"', '#EXT-X-PART:X=",URI=",URI="{n}"', '#EXT-X-PART:URI="a'),
    *('#EXT-X-PART:X-URI="http://a/{n}"', '#EXT-X-PART:Y-URI="a",URI="b{n}"', "#EXT-X-PART"),
    *('#EXT-X-PART: URI="p{n}"', '#EXT-X-PART:\ufeffURI="p{n}"', '#EXT-X-PART:URI="p{n}" ,'),
    '#EXT-X-PART:URI="https://c.example/p{n}?token={n}",X-A="http://c.example/?b={n}"',
    *('#EXT-X-MAP:URI="i"', '#EXT-X-MAP:URI="i{n}.mp4"', '#EXT-X-MAP:URI="i",BYTERANGE="{n}@0"'),
    *('#EXT-X-MAP:URI="i",BYTERANGE="{n}"', '#EXT-X-MAP:URI="data:,{n}"', "#EXT-X-MAP:URI=i{n}"),
    *('#EXT-X-MAP:URI="i{d}",BYTERANGE="x"', "#EXT-X-MAP:", "#EXT-X-MAP"),
    '#EXT-X-KEY:METHOD=AES-128,URI="k{n}",IV=0x{n}',
    '#EXT-X-KEY:METHOD=AES-128,URI="https://c.example/k?s={n},",KEYFORMATVERSIONS="1/2"',
    '#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://{n}",KEYFORMAT="com.apple.streamingkeydelivery"',
    *('#EXT-X-KEY:METHOD=AES-128,URI="data:,{n}"', "#EXT-X-KEY:METHOD=NONE", "#EXT-X-KEY"),
    *('#EXT-X-KEY:URI="k{d}",IV="http://a/?b={n}"', '#EXT-X-KEY:URI="a"b,IV=1', "#EXT-X-KEY:a/b"),
    *('#EXT-X-PRELOAD-HINT:TYPE=PART,URI="h{n}"', '#EXT-X-PRELOAD-HINT:TYPE=MAP,URI="h{n}"'),
    *('#EXT-X-RENDITION-REPORT:URI="r{n}"', "#EXT-X-SKIP:SKIPPED-SEGMENTS={d}"),
    *('#EXT-X-SKIP:SKIPPED-SEGMENTS=1,URI="a"', '#EXT-X-NEW:URI="x{n}"', "#EXT-X-NEW:URI=x{n},"),
    *('#EXT-X-DATERANGE:ID="a",URI="x{n}"', '#EXT foo:URI="x{n}"', "#EXT http://a/{n}:b", "#EXT"),
    *(
        "#EXTINF",
        "#EXTINF 4:5",
        "#EXTINF:4,",
        "#EXT-X-GAP:5",
        "#EXT-X-GAP ",
        "#EXT-X-ENDLIST\u00a0",
    ),
    *("#EXT-X-DISCONTINUITY?a=b", "#EXT-X-BYTERANGE", "#EXT-X-PROGRAM-DATE-TIME", "# {n}", "#", ""),
    *('#EXT-X-DEFINE:NAME="v",VALUE="w{d}"', '#EXT-X-KEY:METHOD=AES-128,URI="{{$v}}{n}"', " ", "é"),
    *ROW_TAGS,
]
naming = st.lists(st.sampled_from(NAMING), max_size=4)
repeated = st.tuples(naming, st.lists(infs, max_size=2), naming, uris, st.integers(1, 45))


@given(
    st.lists(repeated, min_size=1, max_size=4),
    st.sampled_from(["\n", "\r\n"]),
    st.integers(1, 9),
    st.booleans(),
)
@example([(['#EXT-X-MAP:URI="i"'], ["#EXTINF:4,"], [], "a.ts", 5)], "\n", 1, True)
@example([([], [], [NAMING[0], '#EXT-X-MAP:URI="i"', NAMING[0]], "a.ts", 5)], "\n", 1, True)
@example([(['#EXT-X-PRELOAD-HINT:TYPE=PART,URI="h"', NAMING[0]], [], [], "a", 9)], "\n", 1, True)
def test_rows_with_names_are_read_as_line_by_line(
    blocks: Sequence[tuple[list[str], list[str], list[str], str, int]],
    end: str,
    step: int,
    is_ended: bool,
) -> None:
    """`step` is how many rows have each tag: some stand in each row, some in few."""
    lines = []
    for before, spans, behind, uri, count in blocks:
        for number in range(count):
            has_tags = number % step == 0
            tags = [*before * has_tags, *spans, *behind * has_tags]
            lines += [
                each.replace("{n}", f"{number * 7}").replace("{d}", f"{number % 3 + 1}")
                for each in (*tags, uri)
            ]
    check_both_ways(text_of([*lines, *["#EXT-X-ENDLIST"] * is_ended], end))


@pytest.mark.parametrize(
    "tag",
    [
        pytest.param('#EXT-X-PART:DURATION=1,URI="p{n}.mp4",INDEPENDENT=YES', id="parts"),
        pytest.param('#EXT-X-PART:DURATION=1,URI="p.mp4",BYTERANGE="9@{n}"', id="ranges of parts"),
        pytest.param('#EXT-X-MAP:URI="i{n}.mp4"', id="maps"),
        pytest.param('#EXT-X-KEY:METHOD=AES-128,URI="k{n}.key",IV=0x{n}', id="keys"),
        pytest.param("#EXT-X-KEY:METHOD=NONE", id="no keys"),
    ],
)
@pytest.mark.parametrize("step", [1, 10])
def test_rows_with_names_are_read_at_once(tag: str, step: int) -> None:
    lines = []
    for number in range(50):
        lines += [tag.format(n=number)] * (number % step == 0)
        lines += ["#EXTINF:4,", f"{number}.ts"]
    assert plain(by_columns(text_of(lines))) == 50


def test_what_was_said_before_the_first_row_is_said_of_it() -> None:
    said = ["#EXT-X-DISCONTINUITY", f"{DATE}:2026-01-01T00:00:00Z", '#EXT-X-KEY:URI="k"']
    text = text_of([*said, "#EXT-X-TARGETDURATION:4", '#EXT-X-KEY:URI="l"', *PLAIN])
    first, second, *_ = by_columns(text).segments
    assert (first.discontinuity, first.date_time) == (True, "2026-01-01T00:00:00Z")
    assert (second.discontinuity, second.date_time) == (False, "")
    assert first.keys == second.keys == ("k0", "k0-1")
    assert plain(by_columns(text)) == 20
    check_both_ways(text)


TOKEN = "c9f2b7d1e4"
ADDRESS = f"https://upstream.example/a/seg.ts?token={TOKEN}"
WHOLE = [
    "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00Z",
    '#EXT-X-KEY:METHOD=AES-128,URI="k.key",IV=0x1',
    '#EXT-X-MAP:URI="i.mp4",BYTERANGE="5@0"',
    '#EXT-X-PART:DURATION=1.0,URI="p.mp4",BYTERANGE="7@9",INDEPENDENT=YES',
    '#EXT-X-DATERANGE:ID="a",START-DATE="2026-01-01T00:00:00Z"',
    *("#EXT-X-BITRATE:8", "#EXT-X-GAP", "#EXT-X-DISCONTINUITY", "#EXT-X-CUE-OUT-CONT:5/30"),
    *("# a comment", "#EXTINF:4.0,Title", "#EXT-X-BYTERANGE:5@0", "seg.mp4"),
]
PLACES = [(row, at) for row, line in enumerate(WHOLE) for at in range(len(line) + 1)]


BESIDE = ["", *',:" =#;\ufeff\t@.']


@given(st.sampled_from(PLACES), st.sampled_from(BESIDE), st.booleans())
@example((1, len(WHOLE[1])), ",", False)
@example((2, len(WHOLE[2])), ":", False)
def test_no_token_is_let_through(place: tuple[int, int], beside: str, is_before: bool) -> None:
    """Wherever it stands in rows of every kind, in each of them or in one."""
    row, at = place
    put = f"{beside}{ADDRESS}" if is_before else f"{ADDRESS}{beside}"
    odd = [*WHOLE]
    odd[row] = f"{odd[row][:at]}{put}{odd[row][at:]}"
    for lines in (odd * 5, [*WHOLE * 5, *odd, *WHOLE * 5]):
        text = text_of(lines)
        assert TOKEN not in by_columns(text).render(PREFIX)
        check_both_ways(text)
