"""Row 46: a renewed link whose segments fail while they are compared with what was sent before."""

import httpx
import pytest

from stage import presentation
from stage.presentation import content
from stage.routes import HANG_UP, WEB_PAGE, always, file, in_turn
from stage.show import Show
from stage.upstream import Answer, Route
from stage.viewer import follow

NAMES = [f"{number}.ts" for number in range(6)]


def play(show: Show, url: str, client: httpx.Client, count: int) -> list[str]:
    """The addresses of all segments, of which so many have been played."""
    presentation.flat(show, NAMES)
    addresses = follow(client, url)
    for address in addresses[:count]:
        assert client.get(address).status_code == 200
    show.expire()
    return addresses


def failing(name: str, failure: Answer, times: int) -> Route:
    return in_turn(*[always(failure)] * times, file(content(name)))


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(Answer(403), id="403"),
        pytest.param(Answer(404), id="404"),
        pytest.param(Answer(500), id="500"),
        pytest.param(Answer(503, b"", {"Retry-After": "600"}), id="503"),
        pytest.param(Answer(200, WEB_PAGE), id="a web page"),
        pytest.param(HANG_UP, id="no answer"),
    ],
)
def test_46_a_segment_that_cannot_be_compared_leaves_it_to_others(
    failure: Answer, show: Show, url: str, client: httpx.Client
) -> None:
    addresses = play(show, url, client, 4)
    show.routes["3.ts"] = always(failure)
    before = len(show.asked())
    assert client.get(addresses[5]).content == content("5.ts")
    assert len(show.asked()) - before < 15


def test_46_another_dub_is_seen_though_a_segment_cannot_be_compared(
    show: Show, url: str, client: httpx.Client
) -> None:
    addresses = play(show, url, client, 4)
    show.routes |= {name: file(content(f"French {name}")) for name in NAMES}
    show.routes["3.ts"] = always(Answer(500))
    assert client.get(addresses[5]).status_code == 404


@pytest.mark.parametrize("failure", [Answer(403), Answer(500), HANG_UP], ids=str)
def test_46_segments_that_cannot_be_compared_yet_are_waited_for(
    failure: Answer, show: Show, url: str, client: httpx.Client
) -> None:
    """As a player waits, which gives up after eight seconds; each request costs the upstream."""
    addresses = play(show, url, client, 1)
    show.routes["0.ts"] = failing("0.ts", failure, 5)
    assert client.get(addresses[5]).content == content("5.ts")
    assert len(show.questions) == 2


def test_46_segments_that_nobody_can_compare_are_waited_for_once(
    show: Show, url: str, client: httpx.Client
) -> None:
    addresses = play(show, url, client, 4)
    show.routes |= dict.fromkeys(NAMES[:4], always(Answer(403)))
    requests = []
    for _ in range(2):
        before = len(show.asked())
        assert client.get(addresses[5]).status_code == 403
        requests.append(len(show.asked()) - before)
    assert requests[0] < 20
    assert requests[1] < 12
