"""Media Playlists: what the names stand for, and what is known of segments."""

import pytest

from stage.hls_tags import Line, Uri, gone, line, media, rewritten, segment, tag, text_of, uris
from strmctl.domain.hls import media_playlist_reader
from strmctl.domain.hls.listed import ByteRange, Resource
from strmctl.domain.hls.playlist_text import MAX_LINES, NotAPlaylistError

REPORT = "#EXT-X-RENDITION-REPORT:LAST-MSN=7,LAST-PART=2"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("final", [True, False], ids=["final end", "no final end"])
def test_line_ends_stay(end: str, final: bool) -> None:
    given = ["#EXT-X-MEDIA-SEQUENCE:5", tag("EXT-X-KEY", "k"), *segment("a.ts"), *segment("b.ts")]
    playlist = media_playlist_reader.parse(text_of(given, end, final=final), "http://a.example/")
    wanted = [
        "#EXT-X-MEDIA-SEQUENCE:5",
        '#EXT-X-KEY:URI="k5.key"',
        "#EXTINF:4.0,",
        "5.ts",
        "#EXTINF:4.0,",
        "6.ts",
    ]
    assert playlist.render() == text_of(wanted, end, final=final)


def test_tags_may_stand_between_duration_and_uri() -> None:
    playlist = media(["#EXTINF:4.5,", "# comment", "#EXT-X-GAP", "", "a.ts"])
    assert [(each.number, each.duration) for each in playlist.segments] == [(0, 4.5)]


def test_a_uri_without_a_duration_has_none() -> None:
    playlist = media([*segment("a.ts"), "b.ts"])
    assert [each.duration for each in playlist.segments] == [4.0, 0.0]


def test_a_segment_knows_what_its_tags_say() -> None:
    playlist = media(
        [
            "#EXT-X-TARGETDURATION:6",
            "#EXT-X-MEDIA-SEQUENCE:41",
            tag("EXT-X-KEY", "k"),
            tag("EXT-X-MAP", "i"),
            "#EXT-X-DISCONTINUITY",
            "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00Z",
            "#EXT-X-BYTERANGE:10@20",
            *segment("a.mp4", 5.5),
            *segment("b.mp4"),
            "#EXT-X-ENDLIST",
        ]
    )
    first, second = playlist.segments
    assert first == (41, 5.5, (20, 10), True, "2026-01-01T00:00:00Z", ("k41",), "i41", "")
    assert second == (42, 4.0, None, False, "", ("k41",), "i41", "")
    assert (playlist.first_number, playlist.target_duration, playlist.ended) == (41, 6.0, True)
    assert playlist.segment(42) is second
    assert playlist.segment(40) is None
    assert playlist.segment(43) is None


def test_keys_in_a_row_are_all_kept() -> None:
    playlist = media(
        [
            tag("EXT-X-KEY", "a", "METHOD=X,", ',KEYFORMAT="1"'),
            tag("EXT-X-KEY", "b", "METHOD=X,", ',KEYFORMAT="2"'),
            *segment("0.ts"),
            *segment("1.ts"),
            tag("EXT-X-KEY", "c", "METHOD=X,"),
            *segment("2.ts"),
            "#EXT-X-KEY:METHOD=NONE",
            *segment("3.ts"),
            tag("EXT-X-KEY", "a", "METHOD=X,"),
            *segment("4.ts"),
        ]
    )
    assert [each.keys for each in playlist.segments] == [
        ("k0", "k0-1"),
        ("k0", "k0-1"),
        ("k2",),
        (),
        ("k0",),
    ]
    found = uris(playlist)
    assert (found["k0"], found["k0-1"], found["k2"]) == ("a", "b", "c")


@pytest.mark.parametrize(
    ("lines", "ranges"),
    [
        pytest.param(["5@10", "a"], [(10, 5)], id="with an offset"),
        pytest.param(["5", "a"], [(0, 5)], id="first without"),
        pytest.param(["5@10", "a", "6", "a"], [(10, 5), (15, 6)], id="goes on"),
        pytest.param(
            ["5@10", "a", "6@0", "b", "7", "a"], [(10, 5), (0, 6), (15, 7)], id="each URI its own"
        ),
        pytest.param(["5@10", "a", "6@2", "a", "7", "a"], [(10, 5), (2, 6), (8, 7)], id="jumps"),
        pytest.param(
            ["5@10", "a", "MAP 9@0", "6", "a"], [(10, 5), (15, 6)], id="not behind an EXT-X-MAP"
        ),
        pytest.param(
            ["5@10", "a", "PART 3@0", "6", "a"], [(10, 5), (15, 6)], id="not behind a part"
        ),
    ],
)
def test_byte_ranges_of_segments(lines: list[str], ranges: list[tuple[int, int]]) -> None:
    def tags(text: str) -> str:
        if text.startswith("MAP "):
            return f'#EXT-X-MAP:URI="a",BYTERANGE="{text[4:]}"'
        if text.startswith("PART "):
            return f'#EXT-X-PART:DURATION=1,URI="a",BYTERANGE="{text[5:]}"'
        return f"#EXT-X-BYTERANGE:{text}" if text[0].isdigit() else text

    playlist = media([tags(text) for text in lines])
    assert [each.byte_range for each in playlist.segments] == [ByteRange(*each) for each in ranges]
    numbers = range(len(ranges))
    assert [playlist.resources[str(each)].byte_range for each in numbers] == ranges


def test_byte_ranges_of_init_sections_and_parts() -> None:
    playlist = media(
        [
            tag("EXT-X-MAP", "a.mp4", behind=',BYTERANGE="700"'),
            tag("EXT-X-PART", "a.mp4", behind=',BYTERANGE="100@700"'),
            tag("EXT-X-PART", "a.mp4", behind=',BYTERANGE="50"'),
            tag("EXT-X-PART", "b.mp4", behind=',BYTERANGE="60"'),
            '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="a.mp4",BYTERANGE-START=850,BYTERANGE-LENGTH=20',
        ]
    )
    assert playlist.resources == {
        "i0": Resource("a.mp4", ByteRange(0, 700)),
        "0-0": Resource("a.mp4", ByteRange(700, 100)),
        "0-1": Resource("a.mp4", ByteRange(800, 50)),
        "0-2": Resource("b.mp4", ByteRange(0, 60)),
        "0-3": Resource("a.mp4", ByteRange(850, 20)),
    }


def test_a_range_field() -> None:
    assert ByteRange(10, 5).field() == "bytes=10-14"


def test_a_hinted_part_is_listed_under_the_same_name_later() -> None:
    start = ["#EXT-X-MEDIA-SEQUENCE:9", *segment("9.ts"), tag("EXT-X-PART", "10.0.ts")]
    hinted = media([*start, tag("EXT-X-PRELOAD-HINT", "10.1.ts", "TYPE=PART,")])
    listed = media([*start, tag("EXT-X-PART", "10.1.ts"), *segment("10.ts")])
    assert uris(hinted)["10-1"] == uris(listed)["10-1"] == "10.1.ts"
    assert '"10-1.ts"' in hinted.render()
    assert '"10-1.ts"' in listed.render()


def test_parts_are_counted_in_their_segment() -> None:
    parts = [tag("EXT-X-PART", f"p{number}.ts") for number in range(4)]
    playlist = media([*parts[:2], *segment("s.ts"), *parts[2:]])
    assert list(playlist.resources) == ["0-0", "0-1", "0", "1-0", "1-1"]


def test_a_delta_update_goes_on_behind_what_it_skips() -> None:
    playlist = media(
        ["#EXT-X-MEDIA-SEQUENCE:100", "#EXT-X-SKIP:SKIPPED-SEGMENTS=7", *segment("107.ts")]
    )
    assert playlist.delta
    assert (playlist.first_number, uris(playlist)) == (100, {"107": "107.ts"})
    assert playlist.segment(107) == playlist.segments[0]
    assert playlist.segment(100) is None


def test_a_skip_in_the_middle_leaves_no_wrong_segment() -> None:
    playlist = media([*segment("0.ts"), "#EXT-X-SKIP:SKIPPED-SEGMENTS=5", *segment("6.ts")])
    assert playlist.segment(0) == playlist.segments[0]
    assert playlist.segment(1) is None


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_rendition_reports_name_renditions(end: str) -> None:
    reports = [f'{REPORT},URI="{name}.m3u8"' for name in ("low", "gone", "high")]
    playlist = media([*segment("a.ts"), *reports, "#EXT-X-GAP"], end=end)
    known = {"low.m3u8": "../l/index.m3u8", "high.m3u8": r"\1\g<0>"}
    lines = playlist.render("", known.get).split(end)
    assert lines[3:-1] == [
        f'{REPORT},URI="../l/index.m3u8"',
        f'{REPORT},URI="{known["high.m3u8"]}"',
        "#EXT-X-GAP",
    ]
    assert REPORT not in playlist.render()


def test_unknown_tags_each_get_a_name() -> None:
    playlist = media(
        [
            tag("EXT-X-A", "1.json"),
            tag("EXT-X-A", "2.json"),
            *segment("0.ts"),
            tag("EXT-X-A", "3.json"),
            *segment("1.ts"),
        ]
    )
    assert uris(playlist) == {
        "x0-0": "1.json",
        "x0-1": "2.json",
        "0": "0.ts",
        "x1-0": "3.json",
        "1": "1.ts",
    }


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("#EXTINF:four,", id="duration"),
        pytest.param("#EXTINF:;x,", id="duration, a semicolon"),
        pytest.param("#EXTINF:nan,", id="duration as Python reads it"),
        pytest.param("#EXT-X-TARGETDURATION:x", id="target duration"),
        pytest.param("#EXT-X-TARGETDURATION:inf", id="target duration without end"),
        pytest.param("#EXT-X-MEDIA-SEQUENCE:" + "9" * 21, id="number too large"),
        pytest.param("#EXT-X-MEDIA-SEQUENCE:-7", id="number, negative"),
        pytest.param("#EXT-X-MEDIA-SEQUENCE:", id="number, empty"),
        pytest.param("#EXT-X-DISCONTINUITY-SEQUENCE:one", id="discontinuity sequence"),
        pytest.param("#EXT-X-SKIP:SKIPPED-SEGMENTS=x", id="skipped, text"),
        pytest.param("#EXT-X-SKIP:SKIPPED-SEGMENTS=-3", id="skipped, negative"),
        pytest.param("#EXT-X-SKIP:SKIPPED-SEGMENTS=" + "9" * 4000, id="skipped, huge"),
        pytest.param("#EXT-X-BYTERANGE:abc", id="length, text"),
        pytest.param("#EXT-X-BYTERANGE:-5@3", id="length, negative"),
        pytest.param("#EXT-X-BYTERANGE:0@3", id="length, zero"),
        pytest.param("#EXT-X-BYTERANGE:5@-3", id="offset, negative"),
        pytest.param("#EXT-X-BYTERANGE:5@", id="offset, empty"),
        pytest.param("#EXT-X-BYTERANGE:1_0@0", id="length as Python writes it"),
        pytest.param("#EXT-X-BYTERANGE:٣@0", id="Arabic digits"),
        pytest.param('#EXT-X-PRELOAD-HINT:URI="a",BYTERANGE-LENGTH=x', id="hint"),
        pytest.param('#EXT-X-PRELOAD-HINT:TYPE=PART,URI="a",BYTERANGE-LENGTH=x', id="hint, range"),
        pytest.param('#EXT-X-PRELOAD-HINT:TYPE=FOO,URI="a"', id="hint of an unknown type"),
        pytest.param('#EXT-X-PRELOAD-HINT:URI="a"', id="hint without a type"),
    ],
)
def test_a_tag_that_cannot_be_read_is_as_if_absent(text: str) -> None:
    playlist = media([text, "#EXTINF:4,", "a.ts"])
    assert playlist.resources == {"0": Resource("a.ts")}
    assert playlist.segments[0].duration == 4
    assert not playlist.delta
    assert playlist.target_duration == 0
    lines = [line for line in playlist.render().split("\n") if not line.startswith("#EXTINF:0,")]
    assert lines == ["#EXTM3U", "#EXTINF:4,", "0.ts", ""]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        pytest.param('#EXT-X-MAP:URI="a",BYTERANGE="x"', "i0", id="map"),
        pytest.param('#EXT-X-MAP:URI="a",BYTERANGE="0@0"', "i0", id="map, nothing of it"),
        pytest.param('#EXT-X-PART:URI="a",BYTERANGE="@5"', "0-0", id="part"),
    ],
)
def test_an_attribute_that_cannot_be_read_is_as_if_absent(text: str, name: str) -> None:
    assert media([text, *segment("s.ts")]).resources[name] == Resource("a")


def test_of_two_sequence_numbers_the_first_that_can_be_read_counts() -> None:
    numbers = [f"#EXT-X-MEDIA-SEQUENCE:{text}" for text in ("1" * 21, "x", "7")]
    assert list(uris(media([*numbers, *segment("a.ts")]))) == ["7"]


@pytest.mark.parametrize("blanks", [" ", "\t", " \t ", "\u00a0", "\ufeff"])
def test_white_space_before_a_tag_is_no_uri(blanks: str) -> None:
    tags = ["#EXT-X-MEDIA-SEQUENCE:5", tag("EXT-X-KEY", "k"), "#EXTINF:3,", "# comment"]
    lines = [*(f"{blanks}{each}" for each in tags), "a.ts", f"{blanks}#EXT-X-ENDLIST"]
    playlist = media(lines)
    assert uris(playlist) == {"k5": "k", "5": "a.ts"}
    assert (playlist.segments[0].duration, playlist.ended) == (3, True)
    assert f"\n{blanks}#" not in playlist.render()


def test_a_nul_is_in_no_playlist() -> None:
    with pytest.raises(NotAPlaylistError):
        media(["a\0b", "#EXTINF:4,", "a.ts"])


def test_too_many_keys_for_one_segment() -> None:
    keys = [tag("EXT-X-KEY", f"{number}") for number in range(101)]
    assert len(media([*keys[:100], *segment("a.ts")]).segments[0].keys) == 100
    with pytest.raises(NotAPlaylistError, match="100 keys"):
        media([*keys, *segment("a.ts")])


def test_too_many_lines() -> None:
    with pytest.raises(NotAPlaylistError, match="lines"):
        media([""] * (MAX_LINES + 1))


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        pytest.param("a.ts", "0.ts", id="TS"),
        pytest.param("a.jpg", "0.ts", id="disguised"),
        pytest.param("a", "0.ts", id="no extension"),
        pytest.param("a.aac?x=.mp4#.vtt", "0.aac", id="packed audio"),
        pytest.param("a.vtt", "0.vtt", id="WebVTT"),
        pytest.param("a.m4s", "0.mp4", id="fragment without init section"),
    ],
)
def test_extension(uri: str, name: str) -> None:
    assert media([uri]).render().split("\n")[1] == name


def test_extensions_told_by_the_playlist() -> None:
    assert "\n0.m4s\n" in media([tag("EXT-X-MAP", "i"), "a.jpg"]).render()
    assert "\n0.vtt\n" in media(["a.txt"], is_subtitles=True).render()
    assert "\n0.m4s\n" in media([tag("EXT-X-MAP", "i"), "a"], is_subtitles=True).render()
    assert "\n0.png\n" in media(["#EXT-X-IMAGES-ONLY", "a.png"]).render()


def test_the_extension_follows_an_init_section() -> None:
    text = media(["a.ts", tag("EXT-X-MAP", "i"), "b.ts", "c.ts"]).render()
    assert [name for name in text.split("\n") if name[:1].isdigit()] == ["0.ts", "1.m4s", "2.m4s"]


def test_secrets_stay_out_of_repr() -> None:
    playlist = media([tag("EXT-X-KEY", "secret"), *segment("secret.ts")])
    assert "secret" not in repr(playlist)
    assert "secret" not in repr(playlist.resources)


def test_the_prefix_is_before_every_name() -> None:
    given: list[Line | str] = [
        tag("EXT-X-KEY", "k"),
        tag("EXT-X-MAP", "i"),
        gone("#EXT-X-BYTERANGE:5"),
        *segment("a.m4s"),
        line('#EXT-X-FUTURE:URI="', Uri("x"), '"'),
    ]
    assert rewritten(given) == [
        '#EXT-X-KEY:URI="here/k0.key"',
        '#EXT-X-MAP:URI="here/i0.mp4"',
        "#EXTINF:4.0,",
        "here/0.m4s",
        '#EXT-X-FUTURE:URI="here/x1-0.bin"',
    ]
