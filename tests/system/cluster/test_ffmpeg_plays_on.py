"""ffmpeg plays behind the shipped configurations; its pictures and sounds are those of the film,
each and all, whatever happens to the machines meanwhile. It ends with 0 after losing a minute."""

import json
import time
from contextlib import ExitStack
from pathlib import Path

import httpx
import imageio_ffmpeg  # type: ignore[import-untyped]  # it has no types
import pytest

from stage.players import Played
from stage.show import Resolver, Show
from stage.upstream import Request
from stage.viewer import follow
from stage.waiting import until
from system.cluster.nodes import Cluster, Node
from system.cluster.paced import Film, Paced, new_film, paced

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("machines")]

SECONDS = 24


# The oldest behind one, the newest behind the other.
EXECUTABLES = {"nginx": "ffmpeg", "haproxy": imageio_ffmpeg.get_ffmpeg_exe()}


@pytest.fixture
def film(request: pytest.FixtureRequest, tmp_path: Path) -> Film:
    executable = EXECUTABLES[request.node.callspec.params["cluster"]]
    return new_film(tmp_path / "film", SECONDS, executable)


@pytest.fixture
def whole(film: Film) -> Played:
    """The film as it is played from the disk."""
    played = film.play_here()
    assert (played.frames, played.exit_code) == (25 * SECONDS, 0), played.complaints
    assert played.audio_seconds == pytest.approx(SECONDS, abs=0.1)
    return played


def test_ffmpeg_sees_no_frame_less(
    cluster: Cluster, far_resolver: Resolver, film: Film, whole: Played
) -> None:
    """A cut cable, a restart of all nodes in turn, and a new key, while one film plays."""
    show = far_resolver.new_show()
    with ExitStack() as stack:
        play = stack.enter_context(paced(show, film, cluster.playback_url(show.slug)))
        _its_cable_is_cut(cluster, play)
        _all_are_restarted_in_turn(cluster, play, first=3)
        _another_key_signs(cluster, play, first=6)
        played = play.result()
    assert played == whole, played.complaints


def _its_cable_is_cut(cluster: Cluster, play: Paced) -> None:
    """Of the node that has been asked for the third segment, before it sends any of it."""
    nodes = {node.machine.address: node for node in cluster.nodes}
    with ExitStack() as cut:

        def is_cut(request: Request) -> None:
            cut.enter_context(nodes.pop(request.sender).machine.cut_off())

        play.faults[2] = is_cut
        for number in range(2):
            play.let_go(number)
            play.until_asked(number + 1)
        play.until_asked(2, times=2)
        play.let_go(2)
        play.until_asked(3)
    assert len(nodes) == 2
    others = nodes.values()
    until(lambda: any(2 in node.sent(play.show.slug) for node in others), "it is logged")


def _all_are_restarted_in_turn(cluster: Cluster, play: Paced, first: int) -> None:
    """The first of them is sending a segment when it is told to stop."""
    left = {node.machine.address: node for node in cluster.nodes}
    was_sending = []
    for number in range(first, first + len(cluster.nodes)):
        play.until_asked(number)
        node = left.pop(play.asked_by, None) or left.popitem()[1]
        node.begin_to_stop()
        play.let_go(number)
        play.until_asked(number + 1)
        node.end()
        was_sending.append(number in node.sent(play.show.slug))
        node.start()
    assert was_sending[0]


def _another_key_signs(cluster: Cluster, play: Paced, first: int) -> None:
    """Known everywhere first, signing then; ffmpeg plays on with what the old one has signed."""
    play.until_asked(first)
    new = json.loads(cluster.keys("add", "--verify-only", "--json"))["id"]
    _read_again(cluster.nodes)
    play.let_go(first)
    play.until_asked(first + 1)
    cluster.keys("promote", new)
    for number, node in enumerate(cluster.nodes, first + 1):
        _read_again([node])
        play.let_go(number)
        play.until_asked(number + 1)
    assert f"sig={new}." in cluster.playback_url(play.show.slug)


def _read_again(nodes: list[Node]) -> None:
    for node in nodes:
        node.read_again()


def test_ffmpeg_sees_no_frame_less_without_the_upkeep_node(
    cluster: Cluster, far_resolver: Resolver, film: Film, whole: Played, viewer: httpx.Client
) -> None:
    """Its disk is full, the link expires, and then it is killed while the link expires again."""
    upkeep = cluster.nodes[0]
    upkeep.stop()
    with upkeep.on_a_small_disk() as fill_up, ExitStack() as stack:
        show = _show_of(upkeep, cluster, far_resolver, film, viewer)
        play = stack.enter_context(paced(show, film, cluster.playback_url(show.slug)))
        play.let_go(0)
        play.until_asked(1)
        fill_up()
        show.expire()
        for number in range(1, 5):
            play.let_go(number)
            play.until_asked(number + 1)
        assert len(show.questions) == 2

        def is_killed(_: Request) -> None:
            until(lambda: 5 in upkeep.sent(show.slug), "it is logged")
            show.expire()
            upkeep.kill()

        play.faults[6] = is_killed
        played = play.result()
    upkeep.start()
    assert played == whole, played.complaints
    assert upkeep.sent(show.slug) == list(range(6))
    assert len(show.questions) == 3


@pytest.mark.long
@pytest.mark.timeout(1500)
def test_ffmpeg_sees_no_frame_less_in_ten_minutes_without_the_upkeep_node(
    cluster: Cluster, far_resolver: Resolver, tmp_path: Path, viewer: httpx.Client
) -> None:
    """At the pace of a viewer, while the link expires each minute."""
    upkeep, film = cluster.nodes[0], new_film(tmp_path / "film", 660)
    show = _show_of(upkeep, cluster, far_resolver, film, viewer)
    with paced(show, film, cluster.playback_url(show.slug), ["-re"]) as play:
        play.faults[3] = lambda request: upkeep.kill()
        play.faults |= dict.fromkeys(range(30, film.count, 30), lambda request: show.expire())
        play.let_all_go()
        until(lambda: 3 in play.asked, "the upkeep node is killed")
        back_at = time.monotonic() + 600
        until(lambda: time.monotonic() > back_at, "ten minutes are over", 660)
        assert not play.playing.done()
        upkeep.start()
        played = play.result()
    assert played == film.play_here(), played.complaints
    assert played.frames == 25 * 660
    # Its first, that of another node, ten for what has expired; one more where it is led back.
    assert len(show.questions) >= 12


def _show_of(
    node: Node, cluster: Cluster, resolver: Resolver, film: Film, viewer: httpx.Client
) -> Show:
    """One that the server in front leads to this node, which it may have given up for a moment."""
    shows: list[Show] = []

    def is_there() -> bool:
        shows.append(resolver.new_show())
        Paced(shows[-1], film)
        follow(viewer, cluster.playback_url(shows[-1].slug))
        return cluster.node_of(shows[-1].slug) is node

    until(is_there, "a title is on this node")
    return shows[-1]
