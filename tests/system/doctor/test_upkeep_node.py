"""`doctor` on a player node asks its upkeep node: it answers, takes the token, knows the keys."""

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from stage.command_line import Strmctl
from stage.waiting import free_port
from strmctl.services.installation.keys import states
from strmctl.settings.load import load
from system.doctor.well import SECRET, Listener, Record

Findings = Callable[..., list[Record]]


@pytest.fixture
def player(well: Path, other: Listener, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STRMCTL_SERVE_ROLE", "player")
    monkeypatch.setenv("STRMCTL_SERVE_UPKEEP_URL", other.url)
    monkeypatch.setenv("STRMCTL_SERVE_ADMIN_TOKEN", SECRET)
    return well


def keys(*ids: str) -> bytes:
    return json.dumps({"items": [{"id": key_id, "state": "verifies"} for key_id in ids]}).encode()


def own() -> Sequence[str]:
    return list(states(load().settings))


def of_upkeep(found: list[Record]) -> list[Record]:
    return [item for item in found if item["check"] == "upkeep_node"]


def test_one_that_is_well(player: Path, other: Listener, findings: Findings) -> None:
    other.body = keys(*own())
    assert of_upkeep(findings("--fix", code=0)) == []
    assert other.asked == ["GET /api/v1/keys"]


@pytest.mark.parametrize("copy", [False, True], ids=["nothing", "a copy of the database"])
def test_a_node_with_settings_and_key_alone(
    player: Path, other: Listener, findings: Findings, strmctl: Strmctl, copy: bool
) -> None:
    """Neither `init` nor a folder is what it lacks, and a copy is not to be migrated."""
    other.body = keys(*own())
    shutil.rmtree(player / "library")
    if copy:
        strmctl("backup", player / "copy.db")
    for file in player.glob("strmctl.db*"):
        file.unlink()
    if copy:
        (player / "copy.db").rename(player / "strmctl.db")
    assert findings("--fix", code=0) == []
    assert not (player / "library").exists()
    assert (player / "strmctl.db").exists() is copy


@pytest.mark.parametrize(
    ("status", "body", "reason", "remedy"),
    [
        pytest.param(401, b"{}", "refuses the token", "the same serve.admin_token", id="401"),
        pytest.param(403, b"{}", "refuses the token", "the same serve.admin_token", id="403"),
        pytest.param(404, b"{}", "as on a player node", "whose serve.role is all", id="no API"),
        pytest.param(302, b"", "redirects are not followed", "serve.upkeep_url", id="a redirect"),
        pytest.param(503, b"", "HTTP 503", "start it", id="503"),
        pytest.param(200, b"<html>", "something else", "serve.upkeep_url", id="a page"),
        pytest.param(200, b"[]", "something else", "serve.upkeep_url", id="a list"),
        pytest.param(200, b"{}", "something else", "serve.upkeep_url", id="another service"),
        pytest.param(200, b'{"items": [1]}', "something else", "serve.upkeep_url", id="numbers"),
        pytest.param(200, keys(), "checks no keys", "the same proxy.auth", id="no keys"),
    ],
)
def test_what_it_answers(
    player: Path,
    other: Listener,
    findings: Findings,
    status: int,
    body: bytes,
    reason: str,
    remedy: str,
) -> None:
    other.status, other.body = status, body
    [found] = of_upkeep(findings("--fix", code=10))
    assert (found["severity"], found["subject"]) == ("error", other.url)
    assert reason in found["reason"]
    assert remedy in found["remedy"]


def test_nobody_is_there(player: Path, findings: Findings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRMCTL_SERVE_UPKEEP_URL", f"http://127.0.0.1:{free_port()}")
    [found] = of_upkeep(findings("--fix", code=10))
    assert "it does not answer" in found["reason"]


def test_other_keys(player: Path, other: Listener, findings: Findings, strmctl: Strmctl) -> None:
    other.body = keys(*own(), "newerone")
    [found] = of_upkeep(findings("--fix", code=10))
    assert "1 key (newerone) not known here" in found["reason"]
    assert "copy its key file to this node" in found["remedy"]
    other.body = keys(*own())
    strmctl("keys", "add", "--verify-only")
    [found] = of_upkeep(findings("--fix", code=10))
    assert f"does not know 1 key ({own()[1]})" in found["reason"]
    other.body = keys("another")
    assert len(of_upkeep(findings("--fix", code=10))) == 2


@pytest.mark.parametrize("name", ["ROLE", "UPKEEP_URL"])
def test_others_ask_nobody(
    player: Path,
    other: Listener,
    findings: Findings,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    monkeypatch.delenv(f"STRMCTL_SERVE_{name}")
    findings("--fix", code=0)
    assert other.asked == []
