"""What a body asks for, as the job that does it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from strmctl.domain.job import Asked
from strmctl.errors import UsageError
from strmctl.server.api.starting import (
    Examining,
    Importing,
    Probing,
    Pruning,
    Refreshing,
    Rewriting,
    Running,
    Undoing,
)
from strmctl.settings.model import Settings
from strmctl.storage.database.connection import Database

LIBRARY = Path("/lib")
SETTINGS = Settings(library=LIBRARY)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with Database.open(tmp_path_factory.mktemp("starting") / "strmctl.db") as database:
        yield database


@pytest.mark.parametrize(
    ("body", "given", "asked", "words"),
    [
        (Refreshing, {"series": "a", "all": True}, {"series": "a"}, "--series=a"),
        (Refreshing, {"all": True, "force": True}, {"all": True, "force": True}, "--all --force"),
        (
            Refreshing,
            {"stale": True, "season": 0, "id": [3, 1], "state": ["dead"], "expiring": "2h"},
            {"season": 0, "expiring": "2h", "state": ["dead"], "stale": True, "id": [3, 1]},
            "--season=0 --expiring=2h --state=dead --stale --id=3 --id=1",
        ),
        (Probing, {}, {}, ""),
        (Probing, {"all": True, "deep": True}, {"all": True, "deep": True}, "--all --deep"),
        (
            Probing,
            {"site": "x", "fail_on": []},
            {"site": "x", "fail_on": []},
            "--site=x --fail-on=",
        ),
        (Importing, {"folder": "A"}, {"folder": "/lib/A"}, "/lib/A"),
        (
            Importing,
            {"site": "x", "unwrap": True, "dry_run": True},
            {"dry_run": True, "site": "x", "unwrap": True, "folder": "/lib"},
            "--dry-run --site=x --unwrap /lib",
        ),
        (Rewriting, {"slug": "a", "names": True}, {"slug": "a", "names": True}, "--slug=a --names"),
        (Pruning, {"sidecars": True}, {"sidecars": True}, "--sidecars"),
        (Undoing, {"run": 7, "force": True}, {"force": True, "run": 7}, "--force 7"),
        (Undoing, {}, {}, ""),
        (Examining, {"fix": True}, {"fix": True}, "--fix"),
    ],
)
def test_what_is_asked(
    body: type[BaseModel], given: dict[str, object], asked: Asked, words: str, database: Database
) -> None:
    wanted = body.model_validate(given)
    assert isinstance(wanted, Running)
    request = wanted.request(SETTINGS, database, "undo" if body is Undoing else "import", "api")
    assert request.asked == asked
    assert list(request.asked) == list(asked), "in the order in which the line is shown"
    assert " ".join(request.words) == words


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        (Refreshing.model_validate({}), "select mappings"),
        (Importing.model_validate({"folder": "../x"}), "relative"),
        (Importing.model_validate({"folder": "/etc"}), "relative"),
    ],
    ids=["everything by mistake", "beside the library", "elsewhere"],
)
def test_what_is_refused(wanted: Running, why: str, database: Database) -> None:
    with pytest.raises(UsageError, match=why):
        wanted.request(SETTINGS, database, "refresh", "api")
