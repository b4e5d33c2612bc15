"""Keys and init sections keep their names from load to load."""

from collections.abc import Sequence

import pytest

from stage.hls_tags import Line, media, segment, tag, uris
from strmctl.domain.hls import cut
from strmctl.domain.hls.media_playlist import MediaPlaylist


def window(
    numbers: Sequence[int],
    *,
    token: str = "t",
    rotates_every: int = 1000,
    previous: MediaPlaylist | None = None,
) -> MediaPlaylist:
    """Segments of a live stream; every `rotates_every` numbers another key and init section."""
    lines: list[Line | str] = [f"#EXT-X-MEDIA-SEQUENCE:{numbers[0]}"]
    for number in numbers:
        if number == numbers[0] or number % rotates_every == 0:
            epoch = number // rotates_every
            lines += [
                tag("EXT-X-KEY", f"key{epoch}?{token}"),
                tag("EXT-X-MAP", f"i{epoch}?{token}"),
            ]
        lines += segment(f"{number}.m4s?{token}")
    return media(lines, previous=previous)


def test_named_by_the_first_segment_they_apply_to() -> None:
    playlist = window(range(8, 14), rotates_every=10)
    assert [each.keys[0] for each in playlist.segments] == ["k8"] * 2 + ["k10"] * 4
    assert [each.init for each in playlist.segments] == ["i8"] * 2 + ["i10"] * 4


def test_a_sliding_window_keeps_names() -> None:
    playlist = None
    for first in range(12):
        playlist = window(range(first, first + 6), rotates_every=10, previous=playlist)
        for each in playlist.segments:
            assert each.keys == (("k0",) if each.number < 10 else ("k10",))
            assert each.init == ("i0" if each.number < 10 else "i10")


def test_another_token_keeps_names() -> None:
    """A player holds `k0` from before the resolution was renewed."""
    before = window(range(6), token="old")
    after = window(range(2, 8), token="new", previous=before)
    assert uris(after)["k0"] == "key0?new"
    assert uris(after)["i0"] == "i0?new"
    assert cut.counterpart("k0", before, after) == "k0"


def test_a_token_for_every_load_keeps_names() -> None:
    playlist = None
    for first in range(14):
        numbers = range(first, first + 6)
        playlist = window(numbers, token=str(first), rotates_every=5, previous=playlist)
        assert {each.keys[0] for each in playlist.segments} == {
            f"k{number // 5 * 5}" for number in numbers
        }


def test_keys_in_a_row_keep_their_order() -> None:
    def load(token: str, previous: MediaPlaylist | None) -> MediaPlaylist:
        keys = [tag("EXT-X-KEY", f"{name}?{token}") for name in ("a", "b")]
        return media([*keys, *segment("0.ts")], previous=previous)

    after = load("new", load("old", None))
    assert (uris(after)["k0"], uris(after)["k0-1"]) == ("a?new", "b?new")


def test_two_things_never_share_a_name() -> None:
    before = media([tag("EXT-X-KEY", "a"), *segment("0"), *segment("1")])
    after = media(
        [tag("EXT-X-KEY", "b"), *segment("0"), tag("EXT-X-KEY", "a"), *segment("1")],
        previous=before,
    )
    keys = [each.keys[0] for each in after.segments]
    assert len(set(keys)) == 2
    assert [uris(after)[key] for key in keys] == ["b", "a"]


def test_a_name_is_not_given_to_something_else_later() -> None:
    before = media([*segment("0"), tag("EXT-X-KEY", "a")])
    after = media([*segment("0"), tag("EXT-X-KEY", "b"), *segment("1")], previous=before)
    assert uris(before)["k1"] == "a"
    assert after.segments[1].keys == ("k1-1",)


def test_windows_that_do_not_meet() -> None:
    before = window(range(6), token="old")
    after = window(range(50, 56), token="new", previous=before)
    assert {each.keys for each in after.segments} == {("k50",)}


@pytest.mark.parametrize("previous", [None, media([])], ids=["none", "empty"])
def test_nothing_before(previous: MediaPlaylist | None) -> None:
    assert window(range(3), previous=previous).segments[0].keys == ("k0",)


def test_the_counterpart_of_a_name() -> None:
    old, new = window(range(6), token="old"), window(range(4, 9), token="new")
    assert (cut.counterpart("k0", old, new), cut.counterpart("i0", old, new)) == ("k4", "i4")
    assert cut.counterpart("k7", old, new) is None
    assert cut.counterpart("k0", old, window(range(9, 12))) is None
