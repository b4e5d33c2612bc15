"""Who counts as a viewer, and how many are remembered."""

from starlette.types import Scope

from strmctl.domain.identity import Identity
from strmctl.server.http.answered import Answered
from strmctl.server.media.viewers import Viewers

FILM = Identity("a.to", "film", "de")


def answer(sent: int, *, seconds: float = 0.0) -> Scope:
    """Under way, or over after so many seconds."""
    return {"strmctl.answered": Answered(200, sent, None, seconds)}


def test_pieces_of_one_title_are_one_viewer() -> None:
    viewers = Viewers()
    viewers.asked(answer(100, seconds=0.5), FILM, "192.0.2.1")
    viewers.asked(answer(30), FILM, "192.0.2.1")
    viewers.asked(answer(7), FILM, "192.0.2.2")
    seen = {each.client: (each.bytes, each.is_sending) for each in viewers.now()}
    assert seen == {"192.0.2.1": (130, True), "192.0.2.2": (7, True)}


def test_an_answer_that_has_ended_is_no_longer_sent() -> None:
    viewers = Viewers()
    scope = answer(10)
    viewers.asked(scope, FILM, "192.0.2.1")
    scope["strmctl.answered"] = Answered(200, 50, None, 0.2)
    [seen] = viewers.now()
    assert (seen.bytes, seen.is_sending) == (50, False)


def test_the_oldest_make_room() -> None:
    viewers = Viewers()
    for number in range(2100):
        viewers.asked(answer(1), FILM, f"viewer-{number}")
    clients = {each.client for each in viewers.now()}
    assert len(clients) == 2000
    assert "viewer-0" not in clients
    assert "viewer-2099" in clients
