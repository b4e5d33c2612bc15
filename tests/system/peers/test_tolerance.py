"""Rows 56 to 58: what a player reads over does not keep a playlist from playing."""

import httpx
import pytest

from stage.presentation import content
from stage.routes import file, playlist
from stage.show import Show
from stage.viewer import follow, lines_of

HEAD = ["#EXTM3U", "#EXT-X-TARGETDURATION:4"]
SEGMENT = ["#EXTINF:4.0,", "a.ts", "#EXT-X-ENDLIST", ""]


def media(*lines: str) -> str:
    return "\n".join([*HEAD, *lines, *SEGMENT])


@pytest.mark.parametrize(
    "extra",
    [
        pytest.param("#EXT-X-TARGETDURATION:4", id="target duration"),
        pytest.param("#EXT-X-MEDIA-SEQUENCE:0", id="sequence number"),
        pytest.param("#EXT-X-TARGETDURATION:4\n#EXT-X-ENDLIST", id="target duration and end"),
        pytest.param("#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD", id="sequence and type"),
        pytest.param("#EXTINF:-1,Low", id="a title before the variant"),
    ],
)
def test_56_stream_inf_decides_what_is_multivariant(
    extra: str, show: Show, url: str, client: httpx.Client
) -> None:
    lines = ["#EXTM3U", extra, "#EXT-X-STREAM-INF:BANDWIDTH=1", "low/video.m3u8", ""]
    show.routes["index.m3u8"] = playlist("\n".join(lines))
    show.routes["low/video.m3u8"] = playlist(media())
    data = content("a.ts")
    show.routes["low/a.ts"] = file(data)
    [video] = follow(client, url)
    assert video.endswith(".m3u8")
    [segment] = follow(client, video)
    assert client.get(segment).content == data


@pytest.mark.parametrize(
    "line",
    [
        "#EXTINF:;x,",
        "#EXTINF:four,",
        "#EXT-X-TARGETDURATION:abc",
        "#EXT-X-TARGETDURATION:-",
        "#EXT-X-BYTERANGE:abc",
        "#EXT-X-BYTERANGE:5@x",
        "#EXT-X-BYTERANGE:0",
        "#EXT-X-SKIP:SKIPPED-SEGMENTS=x",
        "#EXT-X-SKIP:",
        "#EXT-X-MEDIA-SEQUENCE:123456789012345678901",
        "#EXT-X-MEDIA-SEQUENCE:x",
        "#EXT-X-DISCONTINUITY-SEQUENCE:x",
        "#EXT-X-PROGRAM-DATE-TIME:x",
        "#EXT-X-BITRATE:x",
        '#EXT-X-PART:DURATION=x,URI="p.ts",BYTERANGE="x"',
        '#EXT-X-MAP:BYTERANGE="x"',
        " #EXT-X-MEDIA-SEQUENCE:0",
        "\t#EXTINF:4,",
        "  # a comment",
    ],
)
def test_57_a_tag_that_cannot_be_read_is_as_if_absent(
    line: str, show: Show, url: str, client: httpx.Client
) -> None:
    show.routes["index.m3u8"] = playlist(media(line))
    data = content("a.ts")
    show.routes["a.ts"] = show.routes["p.ts"] = file(data)
    *_, segment = follow(client, url)
    assert segment.endswith("/0.ts")
    response = client.get(segment)
    assert (response.status_code, response.content) == (200, data)


@pytest.mark.parametrize("kind", ["TYPE=FOO,", "TYPE=part,", ""])
def test_58_hints_of_unknown_types_are_ignored(
    kind: str, show: Show, url: str, client: httpx.Client
) -> None:
    hints = ['#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p.ts"', f'#EXT-X-PRELOAD-HINT:{kind}URI="q.ts"']
    for order in (hints, hints[::-1]):
        show.expire()
        show.routes["index.m3u8"] = playlist("\n".join([*HEAD, *SEGMENT[:2], *order, ""]))
        for name in ("a.ts", "p.ts", "q.ts"):
            show.routes[name] = file(content(name))
        _, hint = follow(client, url)
        assert client.get(hint).content == content("p.ts")
        text = client.get(url).text
        assert sum(each.startswith("#EXT-X-PRELOAD-HINT") for each in lines_of(text)) == 1
