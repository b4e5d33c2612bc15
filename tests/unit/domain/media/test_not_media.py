"""Bytes decide what an answer is; names and media types count where bytes say nothing."""

import pytest

from stage.not_media_cases import CASES, FRAGMENT, JPEG, PLAYLIST, PNG, TS, Case, noise
from strmctl.domain.media import media_kind, not_media
from strmctl.domain.media.not_media import Expected, Kind

M3U8 = "http://cdn.example/list.m3u8"


def expected_of(kind: Kind) -> Expected:
    return Expected(kind, 16 if kind is Kind.KEY else None)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_48_one_rule_says_what_is_no_media(case: Case) -> None:
    instead = not_media.what_instead(case.body, case.media_type, expected_of(case.kind))
    if case.instead is None:
        assert instead is None
    else:
        assert instead is not None
        assert case.instead in instead


@pytest.mark.parametrize("case", CASES, ids=str)
def test_48_what_needs_no_more_is_judged_as_the_whole(case: Case) -> None:
    """However the body arrives, byte for byte perhaps, the verdict is the same."""
    expected = expected_of(case.kind)
    whole = not_media.what_instead(case.body, case.media_type, expected)
    for size in range(1, min(len(case.body), 700)):
        head = case.body[:size]
        if not not_media.needs_more(head, expected):
            early = not_media.what_instead(head, case.media_type, expected)
            # Of a key that is too long the first bytes do not show by how much.
            assert (early is None) == (whole is None), size
            break


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (TS[:1], Kind.ROOT),
        (TS[:20], Kind.SEGMENT),
        (FRAGMENT[:8], Kind.SEGMENT),
        (noise("a", 8), Kind.ROOT),
        (noise("key", 17), Kind.KEY),
        (PNG + TS, Kind.SEGMENT),
        (JPEG[:20], Kind.ROOT),
    ],
)
def test_media_is_known_at_once(head: bytes, kind: Kind) -> None:
    if head != TS[:1]:
        assert not not_media.needs_more(head, expected_of(kind))


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"", Kind.ROOT),
        (b"#EXT", Kind.ROOT),
        (b"\xef\xbb", Kind.ROOT),
        (b"<!-- a comment", Kind.SEGMENT),
        (b"{", Kind.SEGMENT),
        (noise("key", 16), Kind.KEY),
        (PNG, Kind.SEGMENT),
        (b"BM", Kind.ROOT),
        (b"PK", Kind.ROOT),
    ],
)
def test_more_bytes_may_show_something_else(head: bytes, kind: Kind) -> None:
    assert not_media.needs_more(head, expected_of(kind))


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        pytest.param(b"#E", Kind.ROOT, id="of a playlist"),
        pytest.param(b"Fo", Kind.SEGMENT, id="of a sentence"),
        pytest.param(noise("key", 4), Kind.KEY, id="of a key"),
        pytest.param(b"#EXT", Kind.PLAYLIST, id="of a rendition"),
    ],
)
def test_too_few_bytes_of_a_part_convict_nothing(head: bytes, kind: Kind) -> None:
    assert not_media.what_instead(head, "", expected_of(kind), is_whole=False) is None


def test_the_name_of_a_playlist_is_a_promise() -> None:
    expected = Expected(url=M3U8)
    assert not_media.what_instead(b"moved", "video/mp4", expected) == not_media.NO_PLAYLIST
    assert not_media.what_instead(PLAYLIST, "", expected) is None
    assert not_media.what_instead(TS, "", expected) is None


@pytest.mark.parametrize(
    ("size", "count", "instead"),
    [
        pytest.param(32, 32, None, id="AES-256"),
        pytest.param(32, 16, "16 bytes where a key has 32", id="half of it"),
        pytest.param(None, 400, None, id="a licence"),
        pytest.param(None, 9, None, id="a short licence"),
    ],
)
def test_keys_of_other_sizes(size: int | None, count: int, instead: str | None) -> None:
    assert not_media.what_instead(noise("k", count), "", Expected(Kind.KEY, size)) == instead


@pytest.mark.parametrize(
    ("name", "extension", "kind"),
    [
        ("k0", ".key", Kind.KEY),
        ("k12-1", ".ts", Kind.KEY),
        ("i0", ".mp4", Kind.INIT),
        ("0", ".ts", Kind.SEGMENT),
        ("0-3", ".m4s", Kind.SEGMENT),
        ("7", ".mp4", Kind.SEGMENT),
        ("7", ".vtt", Kind.SUBTITLES),
        ("7", ".jpg", Kind.IMAGE),
        ("x0-0", ".bin", Kind.DATA),
        ("d0", ".json", Kind.DATA),
    ],
)
def test_what_a_name_stands_for(name: str, extension: str, kind: Kind) -> None:
    assert not_media.listed(name, media_kind.media_type(extension)).kind is kind


@pytest.mark.parametrize(
    ("content_type", "believed"),
    [
        ("video/mp4", True),
        ("Audio/AAC; x=y", True),
        ("audio/mpegurl", False),
        ("application/vnd.apple.mpegurl", False),
        ("application/octet-stream", False),
        ("", False),
        ("text/html", False),
    ],
)
def test_which_types_are_believed_without_bytes(content_type: str, believed: bool) -> None:
    assert not_media.is_media_type(content_type) is believed


def test_a_part_of_a_disguised_segment_may_end_before_the_media() -> None:
    jpeg = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x02\x00\x00\x01" + bytes(1024)
    segment = not_media.Expected(not_media.Kind.SEGMENT)
    assert not_media.what_instead(jpeg, "image/jpeg", segment, is_whole=False) is None
    assert not_media.what_instead(jpeg, "image/jpeg", segment) == "an image"
