"""Failures of a resolver count in a row; an answer begins anew, whoever saw it."""

from datetime import UTC, datetime, timedelta

import pytest

from strmctl.domain.resolver_health import ResolverHealth, after_an_answer, followed_by

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
NEW = ResolverHealth("mine")


def seen(answers: str, health: ResolverHealth = NEW, start: int = 0) -> ResolverHealth:
    """`+` is an answer, `-` a failure, a minute apart."""
    for number, answer in enumerate(answers, start):
        trouble = None if answer == "+" else f"failure {number}"
        health = after_an_answer(health, trouble, NOW + timedelta(minutes=number))
    return health


def at(minute: int) -> datetime:
    return NOW + timedelta(minutes=minute)


@pytest.mark.parametrize(
    ("answers", "health"),
    [
        pytest.param("", NEW, id="never asked"),
        pytest.param("+", ResolverHealth("mine", at(0)), id="an answer"),
        pytest.param("--", ResolverHealth("mine", None, 2, at(0), "failure 1"), id="never well"),
        pytest.param("+--", ResolverHealth("mine", at(0), 2, at(1), "failure 2"), id="failing"),
        pytest.param("--+", ResolverHealth("mine", at(2)), id="well again"),
        pytest.param("-+-", ResolverHealth("mine", at(1), 1, at(2), "failure 2"), id="a gap"),
    ],
)
def test_what_it_said(answers: str, health: ResolverHealth) -> None:
    assert seen(answers) == health
    assert health.is_failing is answers.endswith("-")


@pytest.mark.parametrize("answers", ["", "+", "-", "+-", "-+", "--+--", "+-+-", "----", "++++"])
def test_it_does_not_matter_in_how_many_parts_it_was_seen(answers: str) -> None:
    for cut in range(len(answers) + 1):
        first, second = seen(answers[:cut]), seen(answers[cut:], start=cut)
        assert followed_by(first, second if answers[cut:] else None) == seen(answers)
