"""Only players' paths are open to every origin, wherever the base URL's path leads."""

import pytest

from strmctl.server.media.stream_limit import is_media


@pytest.mark.parametrize(
    ("path", "prefix", "expected"),
    [
        pytest.param("/strm/stream", "", True, id="playback"),
        pytest.param("/strm/stream.m3u8", "", True, id="with an extension"),
        pytest.param("/strm/hls/token/1.ts", "", True, id="child"),
        pytest.param("/tv/strm/stream", "/tv", True, id="below a prefix"),
        pytest.param("/strm/stream", "/tv", True, id="prefix taken off"),
        pytest.param("/strm/strm/stream", "/strm", True, id="a prefix like it"),
        pytest.param("/strm/api/v1/mappings", "/strm", False, id="API below such a prefix"),
        pytest.param("/strm/stream/api/v1/mappings", "/strm/stream", False, id="worse"),
        pytest.param("/strm/hls/api/v1/mappings", "/strm/hls", False, id="as bad"),
        pytest.param("/api/v1/mappings", "", False, id="API"),
        pytest.param("/api/v1/x/strm/hls/", "", False, id="in the middle"),
        pytest.param("/", "", False, id="page"),
    ],
)
def test_is_media(path: str, prefix: str, expected: bool) -> None:
    assert is_media(path, prefix) is expected
