"""A library in which everything is well, and servers that a doctor asks."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stage.command_line import Strmctl
from stage.strmctl import initialise
from system.doctor.well import EPISODES, SECRET, UPSTREAM, Listener, Record, edit_rows, listening


@pytest.fixture
def served() -> Iterator[Listener]:
    """What answers at the base URL, as `strmctl serve` does."""
    with listening() as listener:
        yield listener


@pytest.fixture
def other() -> Iterator[Listener]:
    """A resolver's endpoint, or a canary."""
    with listening() as listener:
        listener.body = json.dumps({"url": UPSTREAM}).encode()
        yield listener


@pytest.fixture
def well(strmctl: Strmctl, folder: Path, served: Listener) -> Path:
    """The working folder of a library that has nothing to find."""
    initialise(folder, served.port)
    settings = folder / "strmctl.toml"
    settings.write_text(
        settings.read_text()
        + '\n[resolvers.mine]\nsites = ["a.to"]\ntype = "template"\n'
        + 'url = "https://nas.test/{slug}"\n'
    )
    rows = [f"a.to,show,1,{number},de,{UPSTREAM}" for number in range(1, EPISODES + 1)]
    csv = "\n".join(["site,slug,season,episode,language,url", *rows, ""])
    strmctl("write", "--from", "-", stdin=csv)
    return folder


@pytest.fixture
def findings(strmctl: Strmctl) -> Callable[..., list[Record]]:
    """What a doctor finds; nothing that it says holds a secret."""

    def look(*arguments: object, code: int) -> list[Record]:
        ended = strmctl("doctor", "--json", *arguments, code=code)
        assert SECRET not in ended.out + ended.err
        assert "cdn.test" not in ended.out + ended.err
        *found, summary = ended.records
        assert summary["type"] == "summary"
        return found

    return look


@pytest.fixture
def run_sql(folder: Path) -> Callable[[str], None]:
    """By hand, behind strmctl's back."""
    return lambda sql: edit_rows(folder, sql)
