"""How many failures in a row end a resolver's turn in a run."""

import pytest

from strmctl.errors import ResolverError
from strmctl.services.resolving.trouble import Troubles


def failures_until_given_up(troubles: Troubles) -> int:
    for count in range(1, 100):
        troubles.failed("test", ResolverError("it failed"))
        if troubles.is_given_up("test"):
            return count
    raise AssertionError("it is never given up")


@pytest.mark.parametrize(
    ("before", "most"),
    [
        pytest.param("", 6, id="it has never answered"),
        pytest.param("a", 20, id="it has answered"),
        pytest.param("ffffa", 20, id="an answer between failures"),
    ],
)
def test_failures_in_a_row_end_its_turn(before: str, most: int) -> None:
    troubles = Troubles()
    for each in before:
        if each == "a":
            troubles.answered("test")
        else:
            troubles.failed("test", ResolverError("it failed"))
    assert failures_until_given_up(troubles) == most


@pytest.mark.parametrize("has_answered", [False, True], ids=["never answered", "has answered"])
def test_a_second_look_is_short(has_answered: bool) -> None:
    troubles = Troubles()
    if has_answered:
        troubles.answered("test")
    failures_until_given_up(troubles)
    troubles.look_again("test")
    assert not troubles.is_given_up("test")
    assert failures_until_given_up(troubles) == 2
