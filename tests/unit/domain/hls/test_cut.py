"""When two playlists are the same content cut the same way."""

from collections.abc import Sequence

import pytest

from stage.hls_tags import Line, media, segment, tag
from strmctl.domain.hls import cut

ENDED = "#EXT-X-ENDLIST"
DATED = "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T"
BASE = [*segment("0.ts", 4.0), *segment("1.ts", 3.84), *segment("2.ts", 4.0)]


def changed(at: int, *lines: str | Line, duration: float | None = None) -> list[str | Line]:
    """BASE with something put before the segment `at`, or with another duration there."""
    copy: list[str | Line] = list(BASE)
    if duration is not None:
        copy[2 * at] = f"#EXTINF:{duration},"
    return [*copy[: 2 * at], *lines, *copy[2 * at :]]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param([*segment("x?t=1", 4.0), *segment("y", 3.84), *segment("z", 4.0)], id="URIs"),
        pytest.param(
            ["#EXTINF:4,", "a", "#EXTINF:3.840,b", "b", "#EXTINF:4.0000,", "c"], id="spelling"
        ),
        pytest.param(["#EXT-X-VERSION:7", *BASE, "#EXT-X-FUTURE:1"], id="other tags"),
    ],
)
def test_same_cut(other: Sequence[str | Line]) -> None:
    assert cut.cut_of(media([*other, ENDED])) == cut.cut_of(media([*BASE, ENDED]))
    assert cut.agree(media(BASE), media(other))


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(changed(1, duration=3.85), id="duration"),
        pytest.param(changed(1, "#EXT-X-BYTERANGE:5@0"), id="byte range"),
        pytest.param(changed(1, tag("EXT-X-KEY", "k")), id="encrypted"),
        pytest.param(changed(1, tag("EXT-X-MAP", "i")), id="init section"),
        pytest.param(changed(1, "#EXT-X-DISCONTINUITY"), id="discontinuity"),
    ],
)
def test_other_cut(other: Sequence[str | Line]) -> None:
    assert cut.cut_of(media([*other, ENDED])) != cut.cut_of(media([*BASE, ENDED]))
    assert not cut.agree(media(BASE), media(other))
    assert not cut.agree(media(other), media(BASE))


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(BASE[:-2], id="shorter"),
        pytest.param([*BASE, *segment("3.ts")], id="longer"),
        pytest.param(["#EXT-X-MEDIA-SEQUENCE:1", *BASE], id="numbered otherwise"),
        pytest.param(changed(1, f"{DATED}00:00:04Z"), id="dated"),
    ],
)
def test_a_finished_playlist_is_all_of_it(other: Sequence[str | Line]) -> None:
    assert cut.cut_of(media([*other, ENDED])) != cut.cut_of(media([*BASE, ENDED]))


def test_a_live_playlist_has_no_cut_yet() -> None:
    assert cut.cut_of(media(BASE)) == ""


def test_a_cut_fits_into_a_path() -> None:
    assert cut.cut_of(media([*BASE, ENDED])).isalnum()


def test_the_names_of_cuts_stay_the_same() -> None:
    """Players hold addresses with them, from another version or another node."""
    lines: list[str | Line] = []
    for number in range(6):
        lines += ["#EXT-X-DISCONTINUITY"] * (number % 2)
        lines += [tag("EXT-X-MAP", f"i{number}"), f"{DATED}01:00:0{number}.5+01:00"]
        lines += [f"#EXT-X-BYTERANGE:{number}9@{number}00", f"#EXTINF:{number}.25,", "a.mp4"]
    assert cut.cut_of(media([*lines, ENDED])) == "a6muz7ub"
    encrypted = tag("EXT-X-KEY", "k", "METHOD=AES-128,IV=0x0F,")
    assert cut.cut_of(media([encrypted, *BASE, ENDED])) == "idvwchym"


def live(first: int, *durations: float) -> list[str | Line]:
    lines: list[str | Line] = [f"#EXT-X-MEDIA-SEQUENCE:{first}"]
    for number, duration in enumerate(durations, first):
        lines += segment(f"{number}.ts", duration)
    return lines


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param(live(0, 4, 5, 6), live(1, 5, 6, 7), True, id="slid"),
        pytest.param(live(0, 4, 5, 6), live(1, 5, 7, 7), False, id="slid, cut otherwise"),
        pytest.param(live(0, 4, 5), live(9, 1, 2), True, id="nothing in common"),
        pytest.param(live(0, 4, 5), live(0), True, id="empty"),
        pytest.param(live(5, 4, 5), live(4, 9, 4), True, id="backwards"),
    ],
)
def test_live_windows_agree_where_they_overlap(
    old: list[str | Line], new: list[str | Line], expected: bool
) -> None:
    assert cut.agree(media(old), media(new)) is expected


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        pytest.param(live(1, 5, 6, 7), True, id="slid"),
        pytest.param(live(1, 5, 7, 7), False, id="cut otherwise"),
        pytest.param(live(9, 4, 5), False, id="nothing in common"),
        pytest.param(live(0), False, id="empty"),
    ],
)
def test_continues(new: list[str | Line], expected: bool) -> None:
    assert cut.continues(media(live(0, 4, 5, 6)), media(new)) is expected


def dated(first: int, *times: str) -> list[str | Line]:
    lines: list[str | Line] = [f"#EXT-X-MEDIA-SEQUENCE:{first}"]
    for number, time in enumerate(times, first):
        lines += [f"#EXT-X-PROGRAM-DATE-TIME:{time}"] if time else []
        lines += segment(f"{number}.ts")
    return lines


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param("2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000+00:00", True, id="spelling"),
        pytest.param("2026-01-01T00:00:00Z", "2026-01-01T02:00:00+02:00", True, id="zone"),
        pytest.param("2026-01-01T00:00:00Z", "2026-01-01T00:00:04Z", False, id="other moment"),
        pytest.param("2026-01-01T00:00:00", "2026-01-01T00:00:00", True, id="no zone"),
        pytest.param("yesterday", "yesterday", True, id="not a time"),
        pytest.param("yesterday", "\udcff", False, id="bytes that are no text"),
        pytest.param("0001-01-01T00:00:00+23:00", "0001-01-01T00:00:00+23:00", True, id="year 0"),
    ],
)
def test_dates_tell_two_cuts_apart(old: str, new: str, expected: bool) -> None:
    one, other = media([*dated(0, old), ENDED]), media([*dated(0, new), ENDED])
    assert cut.agree(one, other) is expected
    assert (cut.cut_of(one) == cut.cut_of(other)) is expected


def test_only_the_first_of_a_window_is_dated() -> None:
    old = media(dated(0, "2026-01-01T00:00:00Z", "", ""))
    assert cut.agree(old, media(dated(1, "2026-01-01T00:00:04Z", "", "")))


def test_the_first_of_a_window_may_lose_its_discontinuity() -> None:
    old = media([*segment("0"), "#EXT-X-DISCONTINUITY", *segment("1"), *segment("2")])
    new = media(["#EXT-X-MEDIA-SEQUENCE:1", *segment("1"), *segment("2")])
    assert cut.agree(old, new)
    assert cut.agree(new, old)
