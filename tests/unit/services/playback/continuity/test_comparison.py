"""What is looked at is judged by what its playlist calls it."""

import pytest

from strmctl.domain.media.not_media import listed
from strmctl.services.playback.continuity.comparison import expected


@pytest.mark.parametrize(
    ("rendition", "media_type"),
    [
        pytest.param("s0", "text/vtt", id="subtitles"),
        pytest.param("j0", "image/jpeg", id="pictures"),
        pytest.param("v0", "video/mp2t", id="video"),
        pytest.param("a0", "video/mp2t", id="audio"),
        pytest.param("", "video/mp2t", id="the root"),
    ],
)
def test_a_segment_is_what_its_rendition_is(rendition: str, media_type: str) -> None:
    assert expected(rendition, "17") == listed("17", media_type)
