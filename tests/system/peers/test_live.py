"""Rows 19 and 32: playlists that change while they are played."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import urljoin

import httpx
import pytest
from msgspec.structs import replace

from stage.presentation import content
from stage.proxy import running_proxy
from stage.routes import HANG_UP, always, file, playlist
from stage.show import Show
from stage.upstream import Answer
from stage.viewer import follow, lines_of, uris_in
from stage.waiting import until
from strmctl.settings.model import Settings

LOW_LATENCY = """\
#EXTM3U
#EXT-X-TARGETDURATION:4
#EXT-X-VERSION:9
#EXT-X-PART-INF:PART-TARGET=1.0
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=24.0,PART-HOLD-BACK=3.0
#EXT-X-MEDIA-SEQUENCE:266
#EXT-X-MAP:URI="init.mp4"
#EXTINF:4.0,
s266.mp4
#EXT-X-PART:DURATION=2.0,URI="s267.0.mp4",INDEPENDENT=YES
#EXT-X-PART:DURATION=2.0,URI="s267.1.mp4"
#EXTINF:4.0,
s267.mp4
#EXT-X-PART:DURATION=2.0,URI="s268.mp4",BYTERANGE="300@0"
#EXT-X-PART:DURATION=2.0,URI="s268.mp4",BYTERANGE="200"
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="s268.mp4",BYTERANGE-START=500,BYTERANGE-LENGTH=100
#EXT-X-RENDITION-REPORT:URI="low.m3u8",LAST-MSN=268,LAST-PART=1
"""
DELTA = """\
#EXTM3U
#EXT-X-TARGETDURATION:4
#EXT-X-VERSION:9
#EXT-X-PART-INF:PART-TARGET=1.0
#EXT-X-MEDIA-SEQUENCE:266
#EXT-X-SKIP:SKIPPED-SEGMENTS=1
#EXTINF:4.0,
s267.mp4
#EXT-X-PART:DURATION=2.0,URI="s268.mp4",BYTERANGE="300@0"
"""
MASTER = """\
#EXTM3U
#EXT-X-STREAM-INF:BANDWIDTH=2000000,RESOLUTION=640x360
high.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=1000000,RESOLUTION=320x180
low.m3u8
"""
FILES = {
    name: b"\x00\x00\x00\x18moof" + content(name, 1000)
    for name in ("init.mp4", "s266.mp4", "s267.mp4", "s267.0.mp4", "s267.1.mp4", "s268.mp4")
}
LISTED = [
    FILES["init.mp4"],
    FILES["s266.mp4"],
    FILES["s267.0.mp4"],
    FILES["s267.1.mp4"],
    FILES["s267.mp4"],
    FILES["s268.mp4"][:300],
    FILES["s268.mp4"][300:500],
    FILES["s268.mp4"][500:600],
]


def put_low_latency(show: Show) -> None:
    show.routes["index.m3u8"] = playlist(MASTER)
    for name in ("high.m3u8", "low.m3u8"):
        show.routes[name] = lambda request: playlist(
            DELTA if "_HLS_skip" in request.query else LOW_LATENCY
        )(request)
    for name, data in FILES.items():
        show.routes[name] = file(data)


def test_19_parts_hints_and_reports_lead_through_the_proxy(
    show: Show, url: str, client: httpx.Client
) -> None:
    put_low_latency(show)
    high, low = follow(client, url)
    text = client.get(high).text
    *media, report = [urljoin(high, uri) for uri in uris_in(text)]
    assert report == low
    answers = [client.get(address) for address in media]
    assert [answer.status_code for answer in answers] == [200] * len(LISTED)
    assert [answer.content for answer in answers] == LISTED
    for answer, part in zip(answers, LISTED, strict=True):
        assert answer.headers["Content-Length"] == str(len(part))
    assert "BYTERANGE" not in text
    assert "LAST-MSN=268,LAST-PART=1" in text
    kept = [line for line in LOW_LATENCY.splitlines() if line[:1] == "#" and "URI=" not in line]
    assert [line for line in lines_of(text) if line[:1] == "#" and "URI=" not in line] == kept


def test_19_the_same_part_is_called_the_same_always(
    show: Show, url: str, client: httpx.Client
) -> None:
    put_low_latency(show)
    high, _ = follow(client, url)
    hinted = urljoin(high, uris_in(client.get(high).text)[-2])
    listed = '#EXT-X-PART:DURATION=2.0,URI="s268.mp4",BYTERANGE="100"\n'
    hint = '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="s268.mp4",BYTERANGE-START=600,BYTERANGE-LENGTH=9\n'
    grown = re.sub("#EXT-X-PRELOAD-HINT.*\n", listed + hint, LOW_LATENCY)
    show.routes["high.m3u8"] = playlist(grown)
    reload = client.get(f"{high}?_HLS_msn=268&_HLS_part=2").text
    assert urljoin(high, uris_in(reload)[-3]) == hinted


@pytest.mark.slow
@pytest.mark.parametrize("part", ["", ",BYTERANGE-START=500,BYTERANGE-LENGTH=100"])
@pytest.mark.parametrize("fields", [{}, {"Range": "bytes=5-9"}], ids=["whole", "a part of it"])
def test_19_a_hinted_part_is_waited_for(
    part: str, fields: dict[str, str], settings: Settings, show: Show, client: httpx.Client
) -> None:
    put_low_latency(show)
    hint = f'#EXT-X-PRELOAD-HINT:TYPE=PART,URI="late.mp4"{part}\n'
    show.routes["high.m3u8"] = playlist(re.sub("#EXT-X-PRELOAD-HINT.*\n", hint, LOW_LATENCY))
    data = FILES["s268.mp4"]

    async def in_time() -> AsyncIterator[bytes]:
        await asyncio.sleep(1.5)  # Later than any other first byte is waited for here.
        yield data

    length = {"Content-Length": str(len(data))}
    show.routes["late.mp4"] = always(Answer(200, in_time, length))
    upstream = replace(settings.upstream, first_byte_timeout=timedelta(seconds=1))
    with running_proxy(replace(settings, upstream=upstream)) as proxy:
        high, _ = follow(client, proxy.playback_url(show.slug))
        hinted = urljoin(high, uris_in(client.get(high).text)[-2])
        answer = client.get(hinted, headers=fields)
    whole = data[500:600] if part else data
    # What ignores Range gives a player its part only where that is cut out here.
    assert answer.content == (whole[5:10] if part and fields else whole)
    assert len(show.asked("late.mp4")) == 1


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("_HLS_msn=269", "_HLS_msn=269"),
        ("_HLS_msn=268&_HLS_part=2", "_HLS_msn=268&_HLS_part=2"),
        ("_HLS_msn=269&_HLS_skip=YES&api_key=x", "_HLS_msn=269&_HLS_skip=YES"),
    ],
)
def test_19_delivery_directives_go_upstream(
    given: str, sent: str, show: Show, url: str, client: httpx.Client
) -> None:
    put_low_latency(show)
    high, _ = follow(client, url)
    assert client.get(f"{high}?{given}").status_code == 200
    assert show.asked("high.m3u8")[-1].query == sent


def test_19_a_delta_update_keeps_the_numbers(show: Show, url: str, client: httpx.Client) -> None:
    put_low_latency(show)
    high, _ = follow(client, url)
    full = uris_in(client.get(high).text)
    delta = client.get(f"{high}?_HLS_msn=269&_HLS_skip=YES").text
    assert "#EXT-X-SKIP:SKIPPED-SEGMENTS=1" in delta
    assert uris_in(delta)[:2] == full[4:6]
    assert client.get(urljoin(high, uris_in(delta)[0])).content == FILES["s267.mp4"]
    assert uris_in(client.get(high).text) == full


def window(first: int, *, size: int = 4) -> str:
    """A live playlist without an end."""
    lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:2", f"#EXT-X-MEDIA-SEQUENCE:{first}"]
    for number in range(first, first + size):
        lines += ["#EXTINF:2.0,", f"n{number}.ts"]
    return "\n".join([*lines, ""])


def put_live(show: Show, first: int) -> None:
    show.routes["index.m3u8"] = playlist(window(first))
    for number in range(first, first + 4):
        show.routes[f"n{number}.ts"] = file(content(f"n{number}"), media_type="video/mp2t")


FAILURES = {"503": Answer(503), "403": Answer(403), "hang-up": HANG_UP, "empty": Answer(200)}


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_32_a_failing_live_playlist_is_served_from_its_last_good_copy_then_healed(
    failure: Answer, show: Show, url: str, client: httpx.Client
) -> None:
    put_live(show, 10)
    before = follow(client, url)
    show.refusal, show.is_dead = failure, True
    asked = len(show.asked("index.m3u8"))

    def copy_while_it_fails() -> bool:
        response = client.get(url)
        assert response.status_code == 200
        assert [urljoin(url, uri) for uri in uris_in(response.text)] == before
        return len(show.asked("index.m3u8")) > asked + 1

    until(copy_while_it_fails, "the upstream is asked again and fails")
    put_live(show, 12)
    show.is_dead = False
    until(lambda: follow(client, url)[:2] == before[2:], "the window moves on")
    assert client.get(follow(client, url)[-1]).content == content("n15")


def test_32_a_listed_segment_that_has_left_the_window_is_still_served(
    show: Show, url: str, client: httpx.Client
) -> None:
    put_live(show, 10)
    before = follow(client, url)
    put_live(show, 12)
    until(lambda: follow(client, url)[:2] == before[2:], "the window moves on")
    assert client.get(before[0]).content == content("n10")


def test_32_a_live_playlist_that_needs_a_new_token_moves_on(
    show: Show, url: str, client: httpx.Client
) -> None:
    put_live(show, 10)
    before = follow(client, url)
    show.expire()
    put_live(show, 11)
    until(lambda: follow(client, url)[:3] == before[1:], "the window moves on")
    assert len(show.questions) == 2
    assert client.get(before[3]).content == content("n13")
