"""What greets people from outside parses, and names what the project has."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # it has no types

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
FORMS = sorted(set((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml")))
NAMES_TARGETS = [
    *WORKFLOWS,
    ROOT / ".github" / "pull_request_template.md",
    ROOT / ".pre-commit-config.yaml",
    ROOT / "README.md",
]


def document(file: Path) -> dict[str, Any]:
    """As GitHub reads it: `on` is a key there, and no truth value."""
    parsed: dict[str, Any] = yaml.load(file.read_text(), Loader=yaml.BaseLoader)
    return parsed


def jobs(file: Path) -> Iterator[dict[str, Any]]:
    yield from document(file)["jobs"].values()


def commands(file: Path) -> list[str]:
    return [step["run"] for job in jobs(file) for step in job["steps"] if "run" in step]


def targets() -> set[str]:
    text = (ROOT / "Makefile").read_text()
    return set(re.findall(r"^\.PHONY: (.*)$", text, re.MULTILINE)[0].split())


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_a_workflow_is_one(file: Path) -> None:
    whole = document(file)
    assert whole["name"] == file.stem
    assert whole["on"]
    assert whole["permissions"] == {"contents": "read"}, "it needs no more"
    for job in jobs(file):
        assert int(job["timeout-minutes"]) > 0
        assert job["steps"][0]["uses"].startswith("actions/checkout@"), "first of all"
        assert all(("uses" in step) != ("run" in step) for step in job["steps"])


@pytest.mark.parametrize("file", NAMES_TARGETS, ids=lambda file: file.name)
def test_what_is_to_be_made_can_be(file: Path) -> None:
    named = re.findall(r"(?:`|run: |^)make ([a-z-]+)", file.read_text(), re.MULTILINE)
    assert named
    assert set(named) <= targets()


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_scripts_that_are_run_are_there(file: Path) -> None:
    scripts = [path for command in commands(file) for path in re.findall(r"\bsh (\S+)", command)]
    assert [path for path in scripts if not (ROOT / path).is_file()] == []


def test_every_python_that_is_promised_is_tested() -> None:
    project = (ROOT / "pyproject.toml").read_text()
    promised = re.findall(r"Python :: (3\.\d+)", project)
    [matrix] = [job["strategy"]["matrix"] for job in jobs(WORKFLOWS[0]) if "strategy" in job]
    assert matrix["python"] == promised
    assert f'requires-python = ">={promised[0]}"' in project


def test_a_tag_builds_what_it_names() -> None:
    [file] = [file for file in WORKFLOWS if file.stem == "release"]
    assert document(file)["on"] == {"push": {"tags": ["v*"]}}
    said = "\n".join(commands(file))
    assert "make dist" in said
    assert "docker build" in said
    assert "dist/strmctl-${GITHUB_REF_NAME#v}.tar.gz" in said, "not some other version"


def test_the_long_tests_run_every_week() -> None:
    [file] = [file for file in WORKFLOWS if "make test-long" in commands(file)]
    [schedule] = document(file)["on"]["schedule"]
    assert re.fullmatch(r"\d+ \d+ \* \* [0-6]", schedule["cron"])


@pytest.mark.parametrize("file", FORMS, ids=lambda file: file.stem)
def test_a_form_asks_something(file: Path) -> None:
    form = document(file)
    if file.stem == "config":
        assert form == {"blank_issues_enabled": "true"}
        return
    assert form["name"]
    assert form["description"]
    asked = [field for field in form["body"] if field["type"] != "markdown"]
    assert len({field["id"] for field in asked}) == len(asked)
    assert all(field["attributes"]["label"] for field in asked)
    assert any(field.get("validations") == {"required": "true"} for field in asked)


def test_hooks_run_what_lint_runs() -> None:
    [local] = document(ROOT / ".pre-commit-config.yaml")["repos"]
    entries = [hook["entry"].replace(" --force-exclude", "") for hook in local["hooks"]]
    lint = (ROOT / "Makefile").read_text().partition("\nlint: ")[2].partition("\n\n")[0]
    made = re.findall(r"^\t\$\(BIN\)/(.*?)(?: \.)?$", lint, re.MULTILINE)
    assert entries == [f".venv/bin/{command}" for command in made]
