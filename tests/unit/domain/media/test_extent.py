"""A clip in a film's place is other content; another quality is not (PEERS row 52)."""

import pytest

from strmctl.domain.media.extent import Extent, learned, other_content

FILM = "https://cdn.example/film?token=1"
AGAIN = "https://cdn.example/film?token=2"
MB = 10**6


@pytest.mark.parametrize(
    ("known", "now", "instead"),
    [
        pytest.param(
            Extent.at(FILM, bytes=18 * MB),
            Extent.at(FILM, bytes=5_000),
            "5 kB where there were 18 MB",
            id="a clip in place of a file",
        ),
        pytest.param(
            Extent.at(FILM, bytes=1_400 * MB),
            Extent.at(AGAIN, bytes=2 * MB),
            "2 MB where there were 1.4 GB",
            id="a clip behind another link",
        ),
        pytest.param(
            Extent.at(FILM, seconds=24 * 60.0),
            Extent.at(AGAIN, seconds=10.0),
            "10 s where there were 24 min",
            id="a short playlist",
        ),
        pytest.param(
            Extent.at(FILM, seconds=24 * 60.0),
            Extent.at(AGAIN, bytes=200_000),
            "200 kB where there were 24 min",
            id="a small file in place of a playlist",
        ),
        pytest.param(
            Extent.at(FILM, bytes=4_000 * MB),
            Extent.at(AGAIN, seconds=12.0),
            "12 s where there were 4 GB",
            id="a short playlist in place of a file",
        ),
        pytest.param(
            Extent.at(FILM, seconds=24 * 60.0),
            Extent.at(FILM, seconds=0.0),
            "0 s where there were 24 min",
            id="a playlist that lists nothing",
        ),
        pytest.param(
            Extent.at(FILM, bytes=18 * MB),
            Extent.at(AGAIN, seconds=0.0),
            "0 s where there were 18 MB",
            id="one in place of a file",
        ),
        pytest.param(None, Extent.at(FILM, seconds=0.0), None, id="nothing known of nothing"),
        pytest.param(None, Extent.at(FILM, bytes=5), None, id="nothing known"),
        pytest.param(Extent.at(FILM), Extent.at(FILM, bytes=5), None, id="nothing measured before"),
        pytest.param(Extent.at(FILM, bytes=9), Extent.at(FILM), None, id="nothing measured now"),
        pytest.param(
            Extent.at(FILM, bytes=2_000 * MB), Extent.at(FILM, bytes=300 * MB), None, id="encoded"
        ),
        pytest.param(
            Extent.at(FILM, bytes=8_000 * MB),
            Extent.at(AGAIN, bytes=250 * MB),
            None,
            id="another quality",
        ),
        pytest.param(
            Extent.at(FILM, seconds=2700.0), Extent.at(AGAIN, seconds=1300.0), None, id="half"
        ),
        pytest.param(
            Extent.at(FILM, bytes=5_000), Extent.at(FILM, bytes=18 * MB), None, id="longer"
        ),
        pytest.param(
            Extent.at(FILM, seconds=1440.0), Extent.at(AGAIN, bytes=100 * MB), None, id="a file now"
        ),
        pytest.param(
            Extent.at(FILM, bytes=100 * MB), Extent.at(AGAIN, seconds=1440.0), None, id="HLS now"
        ),
    ],
)
def test_52_what_no_quality_explains_is_other_content(
    known: Extent | None, now: Extent, instead: str | None
) -> None:
    assert other_content(known, now) == instead


def test_52_what_was_measured_at_one_link_is_kept_together() -> None:
    known = Extent.at(FILM, bytes=18 * MB)
    both = learned(known, Extent.at(FILM, seconds=60.0))
    assert (both.bytes, both.seconds) == (18 * MB, 60.0)
    assert learned(known, Extent.at(AGAIN, seconds=60.0)) == Extent.at(AGAIN, seconds=60.0)
    assert learned(None, known) == known


def test_the_link_is_no_secret() -> None:
    assert "cdn" not in Extent.at(FILM, bytes=1).link
    assert Extent.at(FILM).link != Extent.at(AGAIN).link
    assert not Extent.at(FILM, bytes=0, seconds=0.0).is_known
