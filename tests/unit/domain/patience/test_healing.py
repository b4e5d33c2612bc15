"""After a failure: ask again, resolve again, or tell the player."""

import pytest
from msgspec.structs import replace

from strmctl.domain.patience.healing import AskAgain, GiveUp, Renew, Standing, next_step
from strmctl.errors import UpstreamError


def answered(status: int, retry_after: float | None = None) -> UpstreamError:
    return UpstreamError("answered", status=status, http_status=502, retry_after=retry_after)


UNREACHABLE = UpstreamError("cannot be reached", http_status=502)
TIMED_OUT = UpstreamError("did not answer in time", http_status=504)
NOT_MEDIA = UpstreamError("not media", status=200)
OTHER_CUT = UpstreamError("cut differently", http_status=404, final=True)

FIRST = Standing(tries=1)
PLAYING = Standing(tries=1, lately=True)
EXPIRED = Standing(tries=1, lately=True, expired=True)
RENEWED = Standing(tries=1, renewed=True)
FOURTH = Standing(tries=4, lately=True)
ALIVE = Standing(tries=5, lately=True, alive=True)


@pytest.mark.parametrize(
    ("failure", "standing", "expected"),
    [
        pytest.param(answered(403), FIRST, Renew(), id="403-at-first"),
        pytest.param(answered(401), FIRST, Renew(), id="401-at-first"),
        pytest.param(answered(404), PLAYING, Renew(), id="404-does-not-pass"),
        pytest.param(answered(410), PLAYING, Renew(), id="410-is-expired"),
        pytest.param(answered(451), PLAYING, Renew(), id="451-elsewhere-perhaps"),
        pytest.param(NOT_MEDIA, PLAYING, Renew(), id="soft-404"),
        pytest.param(TIMED_OUT, PLAYING, Renew(), id="timeout-is-not-waited-for-twice"),
        pytest.param(answered(403), EXPIRED, Renew(), id="403-past-its-expiry"),
        pytest.param(answered(403), PLAYING, AskAgain(0.05), id="403-amid-successes"),
        pytest.param(answered(403), FOURTH, AskAgain(0.2), id="403-four-times-amid-successes"),
        pytest.param(answered(403), replace(FOURTH, tries=5), Renew(), id="403-five-times"),
        pytest.param(answered(403), ALIVE, AskAgain(0.2), id="403-while-others-are-served"),
        pytest.param(answered(403), replace(ALIVE, tries=9), Renew(), id="403-without-end"),
        pytest.param(answered(403), replace(ALIVE, expired=True), Renew(), id="403-expired-in-use"),
        pytest.param(answered(503), ALIVE, AskAgain(0.2), id="503-while-others-are-served"),
        pytest.param(answered(404), ALIVE, Renew(), id="404-while-others-are-served"),
        pytest.param(UNREACHABLE, FIRST, AskAgain(0.05), id="connection-reset-once"),
        pytest.param(answered(503), FIRST, AskAgain(0.05), id="503-without-retry-after"),
        pytest.param(answered(429, 2.0), FIRST, AskAgain(2.0), id="429-short-wait"),
        pytest.param(answered(429, 2.0), Standing(2), Renew(), id="429-short-wait-is-waited-once"),
        pytest.param(answered(429, 60.0), FIRST, GiveUp(), id="429-long-wait-is-passed-on"),
        pytest.param(answered(503, 60.0), PLAYING, GiveUp(), id="503-long-wait-is-passed-on"),
        pytest.param(OTHER_CUT, PLAYING, GiveUp(), id="another-cut-is-never-mixed"),
        pytest.param(answered(403), RENEWED, AskAgain(0.05), id="renewed-may-fail-by-chance"),
        pytest.param(answered(404), RENEWED, GiveUp(), id="renewed-404-is-the-truth"),
        pytest.param(TIMED_OUT, RENEWED, GiveUp(), id="renewed-timeout-is-the-truth"),
        pytest.param(answered(200), RENEWED, GiveUp(), id="renewed-not-media-is-the-truth"),
    ],
)
def test_next_step(
    failure: UpstreamError, standing: Standing, expected: AskAgain | Renew | GiveUp
) -> None:
    assert next_step(failure, standing) == expected


@pytest.mark.parametrize("renewed", [False, True], ids=["first", "renewed"])
@pytest.mark.parametrize("status", [401, 403, 404, 410, 429, 451, 500, 502, 503, 504, 408])
def test_every_failure_ends_within_a_second(status: int, renewed: bool) -> None:
    waited, tries = 0.0, 1
    while isinstance(
        step := next_step(answered(status), Standing(tries, lately=True, renewed=renewed)),
        AskAgain,
    ):
        waited += step.after
        tries += 1
    assert waited <= 0.5
    assert isinstance(step, GiveUp if renewed else Renew)


def test_71_what_policy_refuses_is_not_resolved_a_second_time() -> None:
    refused = UpstreamError("an address inside", lasting=True)
    assert next_step(refused, Standing(1, lately=True, untried=True)) == GiveUp()
    assert next_step(refused, Standing(1)) == Renew(), "an old one may have been moved since"
    assert next_step(answered(404), Standing(1, lately=True, untried=True)) == Renew()
