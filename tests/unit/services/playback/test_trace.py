"""The beginning of a play is told step by step; a request's lines are found in any log."""

import json
from pathlib import Path

import pytest

from stage.answering import answer, answering
from stage.loopback import Reply, Request, reply, serving
from stage.proxy import identity, settings_for
from strmctl.services.playback.trace import Step, lines_of_request, play_beginning

MASTER = b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nlow.m3u8\n"
MEDIA = b"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\na.ts\n#EXT-X-ENDLIST\n"
EMPTY = b"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-ENDLIST\n"
SEGMENT = (b"\x47" + bytes(187)) * 8


def site(request: Request) -> Reply:
    bodies = {"/m.m3u8": MASTER, "/low.m3u8": MEDIA, "/a.ts": SEGMENT, "/empty.m3u8": EMPTY}
    body = bodies.get(request.target)
    return reply(404) if body is None else reply(200, body)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/m.m3u8", None),
        ("/low.m3u8", None),
        ("/a.ts", None),
        ("/gone", "404"),
        ("/empty.m3u8", ""),
    ],
    ids=["renditions", "a playlist", "a file", "gone", "nothing listed"],
)
async def test_a_play_is_told_from_its_beginning(
    path: str, reason: str | None, tmp_path: Path
) -> None:
    told: list[Step] = []
    async with serving(site) as upstream:
        with answering(lambda asked: answer(upstream.url(path))) as resolver:
            settings = settings_for(tmp_path, resolver.url)
            played = await play_beginning(settings, identity("film"), told.append)
    assert played.plays is (reason is None), played
    assert (reason or "") in (played.reason or "")
    assert played.steps == len(told) > 0
    assert [step.after for step in told] == sorted(step.after for step in told)
    if played.plays:
        assert told[-1].kind == "bytes"


async def test_a_resolver_that_is_not_there_is_the_reason(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, "http://127.0.0.1:9/resolve")
    played = await play_beginning(settings, identity("film"), lambda step: None)
    assert not played.plays
    assert "resolver" in (played.reason or "")


def line(request: object, text: str = "") -> str:
    return json.dumps({"request_id": request, "message": text}) + "\n"


def test_those_of_one_request_in_their_order() -> None:
    log = [line("a", "1"), line("b", "of a?"), line("a", "2"), line("ab", "3")]
    assert [found["message"] for found in lines_of_request(log, "a")] == ["1", "2"]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param("a: started\n", id="text"),
        pytest.param('["a"]\n', id="no object"),
        pytest.param('{"request_id": "a"', id="cut off"),
        pytest.param('{"a": ' * 5000, id="too deep"),
        pytest.param(line(None, "a"), id="no request"),
        pytest.param("\n", id="empty"),
    ],
)
def test_everything_else_is_left_out(other: str) -> None:
    assert list(lines_of_request([other, line("a", "1")], "a")) == [
        {"request_id": "a", "message": "1"}
    ]
