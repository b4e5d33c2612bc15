"""Entry points of real distributions, installed into a folder of their own."""

import sys
from pathlib import Path
from typing import Any

import pytest

from stage.asking import ask, refusal, table
from strmctl.errors import SettingsError
from strmctl.resolvers.registry import Registry
from strmctl.settings.model import Settings

MODULE = """
import asyncio
from strmctl.domain.mapping import Resolution
from strmctl.errors import ResolverError, SettingsError

class Mine:
    def __init__(self, settings):
        if "prefix" not in settings.options:
            raise SettingsError(f"[resolvers.{settings.name}] prefix: is missing")
        self.prefix = settings.options["prefix"]
    async def resolve(self, request):
        match request.identity.slug:
            case "one-piece":
                return Resolution(f"https://{self.prefix}/{request.identity.slug}")
    async def aclose(self):
        pass

class Failing:
    def __init__(self, settings):
        self.error = settings.options["error"]
    async def resolve(self, request):
        raise eval(self.error)
    async def aclose(self):
        pass

class Slow(Failing):
    async def resolve(self, request):
        await asyncio.sleep(60)

def broken(settings):
    raise RuntimeError("a\\nb")

def empty(settings):
    return object()

not_callable = 1
"""
ENTRY_POINTS = """
[strmctl.resolvers]
mine = plugin_of_test:Mine
failing = plugin_of_test:Failing
slow = plugin_of_test:Slow
broken = plugin_of_test:broken
empty = plugin_of_test:empty
absent = plugin_of_test:absent
number = plugin_of_test:not_callable
nomodule = no_such_module_of_test:x
http = plugin_of_test:broken
"""


@pytest.fixture(autouse=True)
def _installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "plugin_of_test.py").write_text(MODULE)
    metadata = tmp_path / "plugin_of_test-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: plugin-of-test\nVersion: 1.0\n"
    )
    (metadata / "entry_points.txt").write_text(ENTRY_POINTS)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "plugin_of_test", raising=False)


async def test_the_type_names_an_entry_point() -> None:
    found = await ask(table("mine", prefix="cdn.example"))
    assert (found.url, found.provider) == ("https://cdn.example/one-piece", "VOE")


async def test_its_answer_is_checked_like_any_other() -> None:
    assert "user name" in str(await refusal(table("mine", prefix="user@cdn.example")))


async def test_the_kinds_of_strmctl_come_first() -> None:
    with pytest.raises(SettingsError, match="url: is missing"):
        await ask(table("http"))


@pytest.mark.parametrize(
    ("error", "status", "what"),
    [
        pytest.param("ResolverError('gone', http_status=404)", 404, "'mine': gone", id="its own"),
        pytest.param("KeyError('https://a/?secret')", 502, "failed with KeyError", id="a bug"),
        pytest.param("TimeoutError()", 504, "no answer", id="timeout"),
    ],
)
async def test_what_it_raises_fails_one_item(error: str, status: int, what: str) -> None:
    refused = await refusal(table("failing", error=error))
    assert what in str(refused)
    assert "secret" not in str(refused)
    assert refused.http_status == status


async def test_it_has_a_deadline() -> None:
    assert (await refusal(table("slow", timeout=0.1, error=""))).http_status == 504


@pytest.mark.parametrize(
    ("kind", "options", "what"),
    [
        pytest.param("mine", {}, r"\[resolvers.mine\] prefix: is missing", id="its own complaint"),
        pytest.param("broken", {}, "failed to start .RuntimeError: a b", id="factory fails"),
        pytest.param("empty", {}, r"without resolve\(\)", id="no resolver"),
        pytest.param("absent", {}, "cannot be imported", id="no such name"),
        pytest.param("number", {}, "failed to start", id="not callable"),
        pytest.param("nomodule", {}, "cannot be imported", id="no such module"),
        pytest.param("mien", {}, "'mien' is none of http, .*, failing, .*mine", id="unknown"),
    ],
)
def test_entry_points_that_cannot_be_used(kind: str, options: dict[str, Any], what: str) -> None:
    with pytest.raises(SettingsError, match=what):
        Registry.from_settings(Settings(resolvers=[table(kind, **options)]))
