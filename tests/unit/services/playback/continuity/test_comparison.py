"""What is looked at is judged by what its playlist calls it."""

import pytest

from stage.loopback import client, reply, serving
from strmctl.domain.hls.listed import Resource
from strmctl.domain.mapping import Resolution
from strmctl.domain.media.not_media import listed
from strmctl.domain.patience.healing import Renew, next_step
from strmctl.errors import UpstreamError
from strmctl.services.playback.continuity.comparison import expected, look_at
from strmctl.services.playback.fetching.fetch import Fetch


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


async def test_what_could_not_be_looked_at_is_not_asked_for_again() -> None:
    """It has been waited for: each wait of the player's request would be as many again."""
    async with serving(lambda request: reply(500)) as server, client() as upstream:
        fetch = Fetch(Resolution(server.url()), upstream)
        with pytest.raises(UpstreamError) as caught:
            await look_at(fetch, Resource(server.url()), expected("v0", "17"))
        assert (caught.value.status, caught.value.lasting) == (500, True)
        assert len(server.requests) > 1
        assert next_step(caught.value, fetch.standing(1, 0.0)) == Renew()
