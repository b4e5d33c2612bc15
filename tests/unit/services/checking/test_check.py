"""One check against a real server: which requests it takes, and what it says of the answer."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from stage.loopback import Names, Reply, Request, client, raw, reply, serving
from strmctl.domain.mapping import Resolution
from strmctl.domain.media.extent import Extent
from strmctl.domain.probe_result import Failure, ProbeResult
from strmctl.services.checking.check import LinkCheck

MP4 = b"\x00\x00\x00\x18ftypmp42" + bytes(3000)
SIGNED = "?md5=5d41402abc4b2a76b9719d911017c592&expires=1"
MASTER = (
    b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=9\nhigh.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=1\nlow.m3u8\n"
)
MEDIA = b"""#EXTM3U
#EXT-X-TARGETDURATION:4
#EXT-X-KEY:METHOD=AES-128,URI="key.bin"
#EXT-X-MAP:URI="init.mp4"
#EXTINF:4,
0.m4s
#EXTINF:4,
1.m4s
#EXTINF:4,
2.m4s
#EXT-X-ENDLIST
"""
HLS = {
    "/master.m3u8": MASTER,
    "/low.m3u8": MEDIA,
    "/key.bin": bytes(range(16)),
    "/init.mp4": MP4,
    "/1.m4s": b"\x8a\x01" * 600,
}


def file(request: Request, body: bytes = MP4, **fields: str) -> Reply:
    """As a server that knows ranges answers."""
    if "range" not in request.fields:
        return reply(200, body, **fields)
    total = len(body)
    part = body[:1024]
    content_range = f"bytes 0-{len(part) - 1}/{total}"
    return reply(206, part, Content_Range=content_range, **fields)


async def check(
    answer: Callable[[Request], Reply],
    path: str = "/film.mp4",
    *,
    deep: bool = False,
    seconds: float = 30,
) -> tuple[ProbeResult, list[Request]]:
    async with serving(answer) as server, client() as upstream:
        link_check = LinkCheck(upstream, timeout=timedelta(seconds=seconds))
        resolution = Resolution(server.url(path))
        result = await link_check.check(resolution, egress=None, deep=deep)
    return result, server.requests


async def test_a_file_with_a_media_type_takes_one_head() -> None:
    head = raw("HTTP/1.1 200 OK\nContent-Type: video/mp4\nContent-Length: 3012", ends=False)
    result, requests = await check(lambda request: head)
    assert result == ProbeResult(200)
    assert ["range" in request.fields for request in requests] == [False]


@pytest.mark.parametrize("path", [f"/film.mp4{SIGNED}", "/list.m3u8"])
async def test_what_is_signed_or_hls_is_asked_with_get_at_once(path: str) -> None:
    body = b"#EXTM3U\n" if "m3u8" in path else MP4
    result, requests = await check(lambda request: file(request, body), path)
    assert result == ProbeResult(206)
    assert [request.fields.get("range") for request in requests] == ["bytes=0-1023"]


@pytest.mark.parametrize(
    "refusal",
    [
        pytest.param(reply(405), id="405"),
        pytest.param(reply(403), id="403"),
        pytest.param(reply(404), id="404"),
        pytest.param(Reply(b"", ends=True), id="hangs up"),
        pytest.param(raw("HTTP/1.1 200 OK\nContent-Length: 9", ends=False), id="no media type"),
    ],
)
async def test_a_refused_head_is_followed_by_a_ranged_get(refusal: Reply) -> None:
    result, requests = await check(
        lambda request: file(request) if "range" in request.fields else refusal
    )
    assert result.is_alive
    assert requests[-1].fields["range"] == "bytes=0-1023"


async def test_a_head_that_is_never_answered_leaves_time_for_a_get() -> None:
    silence = Reply(b"", hangs=True)
    result, _ = await check(
        lambda request: file(request) if "range" in request.fields else silence, seconds=6
    )
    assert result.is_alive


async def test_a_refused_range_is_asked_whole() -> None:
    def answer(request: Request) -> Reply:
        return reply(416) if "range" in request.fields else file(request)

    result, _ = await check(answer, f"/film.mp4{SIGNED}")
    assert result == ProbeResult(200)


async def test_the_mappings_headers_are_sent_and_connections_kept() -> None:
    async with serving(lambda request: file(request)) as server, client() as upstream:
        resolution = Resolution(server.url(f"/film.mp4{SIGNED}"), headers={"Referer": "http://a/"})
        for _ in range(3):
            assert (await LinkCheck(upstream).check(resolution, egress=None)).is_alive
    assert {request.fields.get("referer") for request in server.requests} == {"http://a/"}
    assert server.connections == 1


@pytest.mark.parametrize(
    ("answer", "failure", "status"),
    [
        pytest.param(reply(200, b"<html>"), Failure.NOT_MEDIA, 200, id="page"),
        pytest.param(reply(200), Failure.NOT_MEDIA, 200, id="empty"),
        pytest.param(reply(410), Failure.GONE, 410, id="410"),
        pytest.param(reply(401), Failure.REFUSED, 401, id="401"),
        pytest.param(reply(451), Failure.LEGAL, 451, id="451"),
        pytest.param(reply(404), Failure.STATUS, 404, id="404"),
        pytest.param(reply(500), Failure.SERVER_ERROR, 500, id="500"),
        pytest.param(reply(304), Failure.STATUS, 304, id="304"),
        pytest.param(Reply(b"", ends=True), Failure.NO_ANSWER, None, id="hangs up"),
    ],
)
async def test_failures(answer: Reply, failure: Failure, status: int | None) -> None:
    result, _ = await check(lambda request: answer, f"/film.mp4{SIGNED}")
    assert (result.failure, result.status) == (failure, status)


async def test_silence() -> None:
    silence = Reply(b"", hangs=True)
    result, _ = await check(lambda request: silence, f"/film.mp4{SIGNED}", seconds=0.5)
    assert (result.failure, result.status) == (Failure.TIMEOUT, None)


async def test_status_429_is_not_asked_again_and_tells_how_long() -> None:
    result, requests = await check(lambda request: reply(429, Retry_After="120"))
    assert (result.failure, result.retry_after) == (Failure.RATE_LIMITED, 120.0)
    assert len(requests) == 1


async def test_a_refused_url_tells_what_it_is_bound_to() -> None:
    result, _ = await check(lambda request: reply(403), "/a.mp4?i=84.170&asn=3320&s=1&e=2")
    assert result.binding == "84.170.x.x, AS3320"


@pytest.mark.parametrize(
    ("url", "failure"),
    [
        pytest.param("http://10.0.0.1/a.mp4", Failure.NOT_CHECKED, id="refused by the guard"),
        pytest.param("ftp://a.example/a.mp4", Failure.NOT_CHECKED, id="no http"),
        pytest.param("http://inside.example/a.mp4", Failure.NOT_CHECKED, id="a name inside"),
        pytest.param("http://nowhere.example/a.mp4", Failure.UNREACHABLE, id="no such name"),
        pytest.param("http://127.0.0.1:1/a.mp4", Failure.UNREACHABLE, id="nobody listens"),
    ],
)
async def test_without_a_connection(url: str, failure: Failure) -> None:
    names = Names(inside_example=[["10.0.0.1"]])
    async with client(names=names) as upstream:
        result = await LinkCheck(upstream).check(Resolution(url), egress=None)
    assert (result.failure, result.status) == (failure, None)
    assert url not in repr(result)


@pytest.mark.parametrize(
    ("guarded", "failure"),
    [
        pytest.param(True, Failure.STATUS, id="the proxy would not play it"),
        pytest.param(False, Failure.NOT_CHECKED, id="a player might"),
    ],
)
@pytest.mark.parametrize("path", ["/film.mp4", f"/film.mp4{SIGNED}"], ids=["head", "get"])
@pytest.mark.parametrize(
    "location",
    [
        pytest.param("file:///etc/passwd", id="no http"),
        pytest.param("http://10.0.0.1/a.mp4", id="an address inside"),
        pytest.param("http://inside.example/a.mp4", id="a name inside"),
        pytest.param("/again", id="in the second step"),
    ],
)
async def test_a_redirect_to_what_the_guard_refuses(
    location: str, path: str, guarded: bool, failure: Failure
) -> None:
    def answer(request: Request) -> Reply:
        there = "http://10.0.0.1/a.mp4" if request.target == "/again" else location
        return reply(302, Location=there)

    names = Names(inside_example=[["10.0.0.1"]])
    async with serving(answer) as server, client(names=names) as upstream:
        link_check = LinkCheck(upstream, guarded=guarded)
        result = await link_check.check(Resolution(server.url(path)), egress=None)
    assert (result.failure, result.status) == (failure, 302)
    assert "10.0.0.1" not in repr(result)


async def test_a_redirect_to_what_is_down_is_the_networks_fault() -> None:
    async with serving(lambda request: reply(302, Location="http://127.0.0.1:1/")) as server:
        async with client() as upstream:
            result = await LinkCheck(upstream).check(Resolution(server.url("/")), egress=None)
    assert (result.failure, result.status) == (Failure.UNREACHABLE, None)


async def test_deep_follows_the_lowest_variant_to_its_middle_segment() -> None:
    def answer(request: Request) -> Reply:
        return file(request, HLS[request.target])

    result, requests = await check(answer, "/master.m3u8", deep=True)
    assert result.is_alive
    assert list(dict.fromkeys(request.target for request in requests)) == list(HLS)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/low.m3u8", "its lowest variant: the upstream answered 404"),
        ("/key.bin", "its key: the upstream answered 404"),
        ("/init.mp4", "its init section: the upstream answered 404"),
        ("/1.m4s", "its middle segment: the upstream answered 404"),
    ],
)
async def test_deep_finds_what_is_missing(path: str, reason: str) -> None:
    def answer(request: Request) -> Reply:
        return reply(404) if request.target == path else file(request, HLS[request.target])

    shallow, _ = await check(answer, "/master.m3u8")
    assert shallow.is_alive
    result, _ = await check(answer, "/master.m3u8", deep=True)
    assert (result.failure, result.reason) == (Failure.STATUS, reason)


@pytest.mark.parametrize(
    ("text", "known", "failure", "reason"),
    [
        pytest.param(
            "#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXT-X-ENDLIST\n",
            None,
            Failure.NOT_MEDIA,
            "not media: a playlist without segments",
            id="finished",
        ),
        pytest.param(
            "#EXTM3U\n#EXT-X-ENDLIST\n",
            Extent(seconds=1440.0),
            Failure.OTHER_CONTENT,
            "other content: 0 s where there were 24 min",
            id="where a film was",
        ),
        pytest.param("#EXTM3U\n#EXT-X-TARGETDURATION:6\n", None, None, None, id="live, at first"),
        pytest.param(
            "#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\na.ts\n#EXT-X-ENDLIST\n",
            None,
            None,
            None,
            id="one segment",
        ),
    ],
)
async def test_a_finished_playlist_lists_something(
    text: str, known: Extent | None, failure: Failure | None, reason: str | None
) -> None:
    async with serving(lambda _: reply(200, text.encode())) as server, client() as upstream:
        resolution = Resolution(server.url("/list.m3u8"))
        result = await LinkCheck(upstream).check(resolution, egress=None, known=known)
    assert (result.failure, result.reason) == (failure, reason)


async def test_deep_follows_a_multivariant_playlist_below_another_one() -> None:
    wrapped = b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nmaster.m3u8\n"
    files = {**HLS, "/index.m3u8": wrapped}

    def answer(request: Request) -> Reply:
        return file(request, files[request.target])

    result, requests = await check(answer, "/index.m3u8", deep=True)
    assert result.is_alive
    assert requests[-1].target == "/1.m4s"


async def test_deep_ends_where_a_playlist_lists_itself() -> None:
    result, requests = await check(lambda request: file(request, MASTER), "/a.m3u8", deep=True)
    assert result.failure is Failure.NOT_MEDIA
    assert len(requests) < 8


async def test_deep_is_not_content_with_a_playlist_without_segments() -> None:
    result, _ = await check(lambda request: file(request, b"#EXTM3U\n"), "/a.m3u8", deep=True)
    assert result.failure is Failure.NOT_MEDIA
