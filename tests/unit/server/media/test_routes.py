"""Which paths are players', and which of their routes answers, found without a router."""

import pytest

from strmctl.server.media.routes import asked_by, child, is_media, stream

SHORT, LONG = {"a": "token", "b": "1.ts"}, {"a": "shard", "b": "token", "c": "cut", "d": "1.ts"}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param("/strm/stream", (stream, {}), id="playback"),
        pytest.param("/strm/stream.m3u8", (stream, {}), id="with a hint"),
        pytest.param("/strm/stream.", None, id="a dot alone"),
        pytest.param("/strm/stream/", None, id="a slash behind it"),
        pytest.param("/strm/stream.m3u8/more", None, id="more behind it"),
        pytest.param("/strm/streams", None, id="another word"),
        pytest.param("/strm/hls/token/1.ts", (child, SHORT), id="two parts"),
        pytest.param("/strm/hls/shard/token/cut/1.ts", (child, LONG), id="four parts"),
        pytest.param("/strm/hls/token", None, id="one part"),
        pytest.param("/strm/hls/a/b/c/d/e", None, id="five parts"),
        pytest.param("/strm/hls//1.ts", None, id="an empty part"),
        pytest.param("/strm/hls/token/", None, id="no name"),
        pytest.param("/strm/hls", None, id="the folder alone"),
        pytest.param("/tv/strm/stream", None, id="below another folder"),
        pytest.param("/", None, id="page"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_asked_by(path: str, expected: object) -> None:
    assert asked_by(path) == expected


# Only players' paths are open to every origin, wherever the base URL's path leads.
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
