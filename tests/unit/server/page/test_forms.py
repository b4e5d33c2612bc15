"""A job that was stopped by the brake is asked for again by the form that its page shows."""

from collections import defaultdict
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from strmctl.domain.job import Asked, Job, JobState
from strmctl.server.page.forms import asked, fields_of

JOB = Job(1, "refresh", (), "page", JobState.FAILED, 0, 0, datetime(2026, 11, 22, tzinfo=UTC))


@pytest.mark.parametrize(
    "was_asked",
    [
        {"site": "x.example", "series": "a, b", "season": 0},
        {"state": ["dead", "suspect"], "stale": True},
        {"id": [3, 1]},
    ],
    ids=["names", "states", "ids"],
)
def test_a_form_says_it_again(was_asked: Asked) -> None:
    fields = fields_of(replace(JOB, asked=was_asked))
    assert fields is not None
    form = defaultdict(list, {"do": ["refresh"]})
    for name, value in [*fields, ("force", "1")]:
        form[name].append(value)
    command, wanted = asked(form)
    given = wanted.model_dump(mode="json", exclude_defaults=True)
    assert (command, given) == ("refresh", {**was_asked, "force": True})


@pytest.mark.parametrize(
    "was_asked",
    [None, {"deep": True}, {"language": "German Dub"}, {"folder": "/lib"}],
    ids=["typed", "deep", "language", "import"],
)
def test_what_no_form_can_say(was_asked: Asked | None) -> None:
    assert fields_of(replace(JOB, asked=was_asked)) is None


@pytest.mark.parametrize(
    ("do", "expected"),
    [("refresh", {"id": [1], "sidecars": True}), ("probe", {"id": [1]})],
    ids=["refresh", "probe"],
)
def test_the_box_belongs_to_one_button_of_its_form(do: str, expected: Asked) -> None:
    form = defaultdict(list, {"do": [do], "id": ["1"], "sidecars": ["1"]})
    command, wanted = asked(form)
    assert (command, wanted.model_dump(exclude_defaults=True)) == (do, expected)
