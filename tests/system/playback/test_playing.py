"""Players decode 600 frames and 24.0 s from the URL in the `.strm`, before and after expiry.

The matrix of tests/system/players has the other players on the same forms while tokens die.
"""

import pytest

from stage.episode import Stage
from stage.media import FILM, FORMS, FRAMES, SUBTITLES
from stage.players import PLAYERS, Player, assert_whole, read_subtitles
from stage.resolver import Question

_EVERYDAY = "ffmpeg-9.0.2"
EACH_PLAYER = pytest.mark.parametrize(
    "player",
    [
        pytest.param(player, id=name, marks=[] if name == _EVERYDAY else pytest.mark.long)
        for name, player in PLAYERS.items()
    ],
)
EACH_FORM = pytest.mark.parametrize("path", FORMS.values(), ids=FORMS)


@EACH_PLAYER
@EACH_FORM
def test_plays_whole(path: str, player: Player, stage: Stage) -> None:
    episode = stage.lasting(path)
    assert_whole(player(episode.playback_url, 0))
    assert len(episode.questions()) == 1


def test_subtitles_are_read_whole(stage: Stage) -> None:
    episode = stage.lasting(FORMS["groups"])
    assert read_subtitles(episode.playback_url) == SUBTITLES[1:]


@EACH_PLAYER
@pytest.mark.parametrize(
    ("start", "frames"), [(4, 500), (11.96, 301), (12, 300), (20.4, 90), (23.96, 1)]
)
def test_seeks_in_a_plain_file(start: float, frames: int, player: Player, stage: Stage) -> None:
    played = player(stage.lasting(FILM).playback_url, start)
    assert played.frames == frames, played.complaints


@EACH_PLAYER
@pytest.mark.parametrize("path", [FORMS["ts"], FORMS["aes128"], FORMS["groups"]])
def test_seeks_in_hls(path: str, player: Player, stage: Stage) -> None:
    played = player(stage.lasting(path).playback_url, 12)
    assert played.frames == FRAMES // 2, played.complaints


@EACH_PLAYER
@EACH_FORM
def test_plays_whole_after_expiry(path: str, player: Player, stage: Stage) -> None:
    episode = stage.episode(path, "--resolve")
    assert len(episode.questions()) == 1
    episode.expire()
    assert_whole(player(episode.playback_url, 0))
    assert_renewed_once(episode.questions(), episode.upstream_urls)


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(FORMS["ts"], id="HLS", marks=pytest.mark.slow),
        pytest.param(FILM, id="plain file"),
    ],
)
def test_an_end_that_the_url_tells_costs_no_refusal(path: str, stage: Stage) -> None:
    episode = stage.episode(path, "--resolve", lifetime=5, told=True)
    episode.expire()
    mark = stage.nginx.mark()
    assert_whole(PLAYERS["ffmpeg-debian"](episode.playback_url, 0))
    _, second = episode.questions()
    assert (second["avoid_urls"], second["last_status"]) == (episode.upstream_urls[:1], None)
    asked = [it for it in stage.nginx.requests(since=mark) if it.method == "GET"]  # HEAD: ours
    assert {request.status for request in asked} <= {200, 206}


@pytest.mark.players
@pytest.mark.timeout(300)
@EACH_PLAYER
def test_plays_whole_before_and_after_expiry(player: Player, stage: Stage) -> None:
    """The first play asks the resolver, the second finds its answer dead; every form."""
    episodes = [stage.episode(path, lifetime=25) for path in FORMS.values()]
    for episode in episodes:
        assert_whole(player(episode.playback_url, 0))
        assert len(episode.questions()) == 1
    for episode in episodes:
        episode.expire()
        assert_whole(player(episode.playback_url, 0))
        assert_renewed_once(episode.questions(), episode.upstream_urls)


def assert_renewed_once(questions: list[Question], answered: list[str]) -> None:
    first, second = questions
    assert first["avoid_urls"] == []
    assert first["last_status"] is None
    assert second["reason"] == "play"
    assert second["avoid_urls"] == answered[:1]
    assert second["last_status"] == 410
