"""A cable that is cut in the middle of a segment, and an upkeep node that is away for long."""

import time
from contextlib import ExitStack

import httpx
import pytest

from stage import presentation
from stage.routes import Gate, file, in_turn
from stage.show import Resolver
from stage.viewer import follow
from system.cluster.nodes import Cluster

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("machines")]

SEGMENTS = [f"part{number}.ts" for number in range(12)]


def test_the_cable_is_cut_in_the_middle_of_a_segment(
    cluster: Cluster, far_resolver: Resolver, viewer: httpx.Client
) -> None:
    """Its answer ends instead of standing still; most players ask again, ffmpeg does not."""
    show, whole = far_resolver.new_show(), presentation.content("large", 400_000)
    presentation.flat(show, SEGMENTS)
    gate = Gate(whole, 200_000, {"Content-Type": "video/mp2t"})
    show.routes[SEGMENTS[0]] = in_turn(gate, file(whole, media_type="video/mp2t"))
    first, *others = follow(viewer, cluster.playback_url(show.slug))
    node = cluster.node_of(show.slug)
    with ExitStack() as stack:
        # What stands still is ended by the kernel's keepalive, not after a read timeout.
        response = stack.enter_context(viewer.stream("GET", first))
        chunks = response.iter_raw()
        begun = len(next(chunks))
        stack.enter_context(node.machine.cut_off())
        with pytest.raises(httpx.RemoteProtocolError):
            begun += sum(map(len, chunks))
        assert begun < len(whole)
        assert viewer.get(first).content == whole
        rest = [viewer.get(url).content for url in others]
        assert rest == [presentation.content(name) for name in SEGMENTS[1:]]
    gate.open()


@pytest.mark.parametrize(
    "seconds",
    [
        pytest.param(5, id="five seconds"),
        pytest.param(600, id="ten minutes", marks=[pytest.mark.long, pytest.mark.timeout(1500)]),
    ],
)
@pytest.mark.parametrize("cluster", ["nginx"], indirect=True)
def test_the_upkeep_node_is_away_for_a_while(
    cluster: Cluster, far_resolver: Resolver, viewer: httpx.Client, seconds: int
) -> None:
    """Titles begin to play, and links heal, for as long as it is."""
    cluster.nodes[0].kill()
    back_at = time.monotonic() + seconds
    played = 0
    while not played or time.monotonic() < back_at:
        show = far_resolver.new_show()
        presentation.flat(show, SEGMENTS)
        first, *others = follow(viewer, cluster.playback_url(show.slug))
        assert viewer.get(first).content == presentation.content(SEGMENTS[0])
        show.expire()
        assert [viewer.get(url).status_code for url in others] == [200] * len(others)
        played += 1
    cluster.nodes[0].start()
