"""Row 67: how many titles are played side by side costs memory, never another upstream request."""

import httpx
import pytest

from stage.presentation import content
from stage.proxy import Proxy
from stage.routes import file, playlist
from stage.show import Resolver
from stage.viewer import follow

TITLES = 600
PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n{}#EXT-X-ENDLIST\n".format(
    "".join(f"#EXTINF:4.0,\ns{number}.ts\n" for number in range(12))
)
SEGMENT = b"G" + content("segment", 1000)


@pytest.mark.slow
def test_67_six_hundred_titles_in_turn_are_each_asked_for_once(
    proxy: Proxy, resolver: Resolver, client: httpx.Client
) -> None:
    shows = [resolver.new_show() for _ in range(TITLES)]
    for show in shows:
        show.routes = {"index.m3u8": playlist(PLAYLIST), "s0.ts": file(SEGMENT)}
        show.routes |= {"s1.ts": file(SEGMENT)}
    listed = [follow(client, proxy.playback_url(show.slug)) for show in shows]
    for number in (0, 1):
        for urls in listed:
            assert client.get(urls[number]).content == SEGMENT
    assert {len(show.asked("index.m3u8")) for show in shows} == {1}
    assert {len(show.asked()) for show in shows} == {3}
