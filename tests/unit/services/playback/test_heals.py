"""A link that died counts as healed once, when a byte of its new answer has gone out."""

from strmctl.domain.identity import Identity
from strmctl.domain.mapping import Resolution
from strmctl.errors import ResolverError, UpstreamError
from strmctl.services.observer import Observer
from strmctl.services.playback.heals import Heals

FILM = Identity("a.to", "film", "de")
OTHER = Identity("a.to", "other", "de")
NEW, NEWER = Resolution("https://cdn.test/new"), Resolution("https://cdn.test/newer")
GONE = UpstreamError("gone", status=410)


class Told(Observer):
    def __init__(self) -> None:
        self.heals: list[tuple[str, bool, str]] = []

    def healed(self, identity: Identity, url: str = "", *, well: bool, reason: str = "") -> None:
        self.heals.append((identity.slug, well, url or reason))


def answered(heals: Heals, resolution: Resolution = NEW) -> None:
    heals.begun(FILM, resolution)
    heals.answered(FILM, resolution)


def test_however_many_viewers_it_is_one() -> None:
    told = Told()
    heals = Heals(told)
    for _ in range(5):
        answered(heals)
    assert told.heals == []
    for _ in range(5):
        heals.sent(FILM)
    assert told.heals == [("film", True, NEW.url)]


def test_a_byte_counts_where_the_new_answer_has_come_and_of_that_identity() -> None:
    told = Told()
    heals = Heals(told)
    heals.begun(FILM, NEW)
    heals.sent(FILM)
    heals.answered(FILM, NEWER)
    heals.sent(FILM)
    heals.answered(FILM, NEW)
    heals.sent(OTHER)
    assert told.heals == []


def test_a_new_link_that_fails_has_not_healed_and_nothing_after_it_counts() -> None:
    told = Told()
    heals = Heals(told)
    answered(heals)
    heals.failed(FILM, NEW, GONE)
    heals.failed(FILM, NEW, GONE)
    heals.sent(FILM)
    assert told.heals == [("film", False, "gone")]


def test_a_second_new_link_says_what_the_first_was_worth() -> None:
    told = Told()
    heals = Heals(told)
    heals.begun(FILM, NEW)
    answered(heals, NEWER)
    heals.failed(FILM, NEW, GONE)
    heals.sent(FILM)
    assert [(well, text) for _, well, text in told.heals] == [
        (False, "its new link brought nothing either"),
        (True, NEWER.url),
    ]


def test_a_resolver_that_rests_has_failed_once() -> None:
    told = Told()
    heals = Heals(told)
    asked = ResolverError("it is down")
    heals.refused(FILM, asked)
    for _ in range(3):
        resting = ResolverError("it rests")
        resting.__cause__ = asked
        heals.refused(FILM, resting)
    assert told.heals == [("film", False, "it is down")]
    heals.refused(FILM, ResolverError("it is down"))
    assert len(told.heals) == 2, "asked again"


def test_what_has_answered_in_place_of_another_has_healed() -> None:
    heals = Heals()
    assert not heals.has_healed(FILM, NEW)
    heals.begun(FILM, NEW)
    assert not heals.has_healed(FILM, NEW)
    heals.answered(FILM, NEW)
    heals.sent(FILM)
    assert heals.has_healed(FILM, NEW)
    assert not heals.has_healed(FILM, NEWER)
    assert not heals.has_healed(OTHER, NEW)
