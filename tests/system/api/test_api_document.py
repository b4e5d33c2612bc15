"""docs/api.md asks for what there is, and the SSE it shows is the one that is sent."""

import re
from pathlib import Path

from strmctl.server.api.app import create_api

TEXT = (Path(__file__).parents[3] / "docs" / "api.md").read_text()


def test_it_names_every_operation_and_no_other() -> None:
    paths = {
        re.sub(r"\{\w+\}", "X", path).replace("hooks/X", "hooks/sonarr")
        for path in create_api("").openapi()["paths"]
    }
    named = set(re.findall(r'"\$base(/[a-z0-9/]+)[?"]', TEXT))
    named |= set(re.findall(r"`(?:GET|POST) (/[a-z/]+)[?`]", TEXT))
    named = {re.sub(r"/\d+", "/X", path) for path in named} - {"/hooks/radarr"}
    assert named == paths - {"/jobs"}


def test_it_names_every_status_of_its_own() -> None:
    answered = {
        status
        for item in create_api("").openapi()["paths"].values()
        for operation in item.values()
        for status in operation["responses"]
    }
    told = set(re.findall(r"\b([24]\d\d)\b", TEXT))
    assert told <= answered
    assert {"201", "202", "403", "409", "422", "429"} <= told
