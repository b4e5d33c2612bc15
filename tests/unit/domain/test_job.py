"""What is asked of a job, as its command line says it."""

import pytest

from strmctl.domain.job import Asked, JobRequest, command_line, words, work_of


@pytest.mark.parametrize(
    ("command", "asked", "expected"),
    [
        pytest.param("probe", {}, [], id="nothing"),
        pytest.param("probe", {"stale": True}, ["--stale"], id="a flag"),
        pytest.param("refresh", {"season": 0}, ["--season=0"], id="season 0"),
        pytest.param("refresh", {"series": "--all"}, ["--series=--all"], id="like an option"),
        pytest.param("refresh", {"series": "a, b"}, ["--series=a, b"], id="a comma in a text"),
        pytest.param("refresh", {"id": [1, 22]}, ["--id=1", "--id=22"], id="ids"),
        pytest.param(
            "probe", {"state": ["dead", "suspect"]}, ["--state=dead,suspect"], id="states"
        ),
        pytest.param("probe", {"fail_on": []}, ["--fail-on="], id="an empty list"),
        pytest.param("prune", {"dry_run": True}, ["--dry-run"], id="two words"),
        pytest.param("undo", {"run": 12, "force": True}, ["--force", "12"], id="a run"),
        pytest.param(
            "import",
            {"folder": "/lib/A B", "site": "x.example"},
            ["--site=x.example", "/lib/A B"],
            id="a folder",
        ),
        pytest.param("refresh", {"folder": "x"}, ["--folder=x"], id="no operand of this command"),
    ],
)
def test_words(command: str, asked: Asked, expected: list[str]) -> None:
    assert list(words(command, asked)) == expected
    assert list(JobRequest(command, asked=asked).words) == expected


def test_a_typed_line_stays_as_it_is() -> None:
    assert JobRequest("refresh", ("--expiring", "2h")).words == ("--expiring", "2h")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param("--stale -q", "--stale", id="quiet"),
        pytest.param("--json --stale --no-color -vv", "--stale", id="JSON"),
        pytest.param("--stale --wait 20m --remind=1d", "--stale", id="patience"),
        pytest.param("--config /etc/a.toml --database b.db --all", "--all", id="its files"),
        pytest.param("--site a --series b", "--site a --series b", id="what it is about"),
        pytest.param("--series -q", "--series", id="nothing but the work is left"),
        pytest.param("--force --all", "--force --all", id="how much it may do"),
        pytest.param("-q", "", id="nothing"),
    ],
)
def test_how_a_run_speaks_is_not_its_work(line: str, expected: str) -> None:
    assert work_of(line.split()) == tuple(expected.split())


def test_a_command_line_can_be_pasted() -> None:
    line = command_line("set", ["1", "--title", "My; Show x", "--path", ""])
    assert line == "set 1 --title 'My; Show x' --path ''"
