"""requirements.lock pins what runs, requirements-dev.lock what only development needs."""

import re
import tomllib
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
RUN_TIME = [
    *PROJECT["project"]["dependencies"],
    *PROJECT["project"]["optional-dependencies"]["ytdlp"],
]
DEVELOPMENT = PROJECT["dependency-groups"]["dev"]


def pinned(name: str) -> dict[str, str]:
    """Versions by canonical name."""
    lines = re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / name).read_text(), re.MULTILINE)
    return {canonicalize_name(package): version for package, version in lines}


def needed(requirements: Iterable[str]) -> set[str]:
    """All that has to be installed for these, by canonical name."""
    seen: set[tuple[str, str]] = set()
    pending = list(requirements)
    while pending:
        requirement = Requirement(pending.pop())
        name = canonicalize_name(requirement.name)
        for extra in ("", *requirement.extras):
            if (name, extra) not in seen:
                seen.add((name, extra))
                pending.extend(_wants(name, extra))
    return {name for name, _ in seen}


def _wants(name: str, extra: str) -> Iterator[str]:
    for line in metadata.requires(name) or ():
        marker = Requirement(line).marker
        if marker is None or marker.evaluate({"extra": extra}):
            yield line


def test_run_time_is_pinned_without_what_only_development_needs() -> None:
    runs = pinned("requirements.lock").keys()
    assert needed(RUN_TIME) | {"pip"} <= runs
    assert (needed(DEVELOPMENT) - needed(RUN_TIME)) & runs == set()


def test_development_is_pinned_beside_it() -> None:
    runs, develops = pinned("requirements.lock").keys(), pinned("requirements-dev.lock").keys()
    assert runs.isdisjoint(develops)
    assert needed(DEVELOPMENT) <= runs | develops


def test_what_is_tested_is_what_is_pinned() -> None:
    versions = pinned("requirements.lock") | pinned("requirements-dev.lock")
    for installed in metadata.distributions():
        name = canonicalize_name(installed.metadata["Name"])
        if (
            name in versions and name != "pip"
        ):  # the one thing that may be older than its environment
            assert installed.version == versions[name], name
