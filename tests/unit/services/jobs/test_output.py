"""Why a job failed, in one line: of many failures the reason that most have, and how many more."""

import json

import pytest

from strmctl.services.jobs.output import JobOutput

DOWN = "resolver 'mine': does not answer"


@pytest.mark.parametrize(
    ("reasons", "why"),
    [
        pytest.param([], None, id="none"),
        pytest.param([""], "1 of 2 failed", id="no reason"),
        pytest.param([f"{DOWN}: a.to/show S01E01 (de)"], f"1 of 2 failed: {DOWN}: a.to/show S01E01"
                     " (de)", id="one, with its name"),
        pytest.param([DOWN, DOWN], f"2 of 3 failed: {DOWN}", id="two alike"),
        pytest.param(
            ["no such episode: a.to/show S01E01 (de)", "no such episode: a.to/show S01E02 (de)"],
            "2 of 3 failed: no such episode: a.to/show S01E01 (de)",
            id="alike but for their names",
        ),
        pytest.param(
            ["HTTP 404", DOWN, DOWN, "HTTP 410"],
            f"4 of 5 failed: {DOWN} (2 items; 2 more reasons)",
            id="what most have",
        ),
    ],
)  # fmt: skip
def test_why_it_failed(reasons: list[str], why: str | None) -> None:
    output = JobOutput()
    output.take(b'{"type": "refresh", "id": 1, "outcome": "refreshed"}')
    for reason in reasons:
        record = {"type": "refresh", "id": 2, "outcome": "failed", "reason": reason or None}
        output.take(json.dumps(record).encode())
    assert output.why == why


def test_the_error_that_ended_it_is_why() -> None:
    output = JobOutput()
    output.take(b'{"type": "refresh", "id": 2, "outcome": "failed", "reason": "HTTP 404"}')
    output.take(b'{"type": "error", "code": 25, "message": "too many"}')
    assert output.why == "too many"
