"""What runs when: settings that would let links end are refused, and status is told by jobs."""

from datetime import UTC, datetime, timedelta

import pytest

from strmctl.errors import SettingsError
from strmctl.services.jobs.maintenance import check_intervals, tasks
from strmctl.settings.model import MaintainSettings

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def hours(refresh_every: float, refresh_expiring: float) -> MaintainSettings:
    return MaintainSettings(
        refresh_every=timedelta(hours=refresh_every),
        refresh_expiring=timedelta(hours=refresh_expiring),
    )


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param(MaintainSettings(), id="the defaults"),
        pytest.param(hours(1, 2), id="half"),
        pytest.param(hours(0.1, 2), id="often"),
    ],
)
def test_intervals_that_let_no_link_end(settings: MaintainSettings) -> None:
    check_intervals(settings)


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param(hours(1.01, 2), id="more than half"),
        pytest.param(hours(2, 2), id="as long"),
        pytest.param(hours(24, 2), id="once a day"),
    ],
)
def test_intervals_between_which_links_would_end(settings: MaintainSettings) -> None:
    with pytest.raises(SettingsError, match=r"maintain\.refresh_every = .*maintain\.refresh_expir"):
        check_intervals(settings)


def test_the_runs_are_those_of_the_command_line() -> None:
    settings = MaintainSettings(refresh_expiring=timedelta(minutes=90))
    lines = {task.command_line: task.every for task in tasks(settings)}
    assert lines == {
        "refresh --expiring 1h30m": settings.refresh_every,
        "probe --stale": settings.probe_every,
        "refresh --dead": settings.probe_every,
        "add --watched": settings.watch_every,
        "prune-events --older-than 90d": settings.prune_events_every,
    }
    assert {task.request.cause for task in tasks(settings)} == {"maintain"}


def test_what_lies_beside_is_asked_for() -> None:
    assert [task.command_line for task in tasks(MaintainSettings(sidecars=True))] == [
        "refresh --expiring 2h --sidecars",
        "probe --stale",
        "refresh --dead --sidecars",
        "add --watched --resolve --sidecars",
        "prune-events --older-than 90d",
    ]
