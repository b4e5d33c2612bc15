"""`strmctl doctor` asks each media server whether it would take what it is told."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from stage.command_line import Strmctl
from strmctl.domain.notice import FileChange
from strmctl.storage.database.connection import Database
from strmctl.storage.database.rows import time_text
from strmctl.storage.tables.notices import Notices
from system.notify.servers import (
    KODI_TOKEN,
    TOKEN,
    Reply,
    Server,
    Speaks,
    emby,
    jellyfin,
    kodi,
    serving,
    webhook as hook,
)

HERE = "/media/strm"
WATCHED = [{"Name": "TV", "Locations": ["/media/films", HERE]}]
ELSEWHERE = [{"Name": "TV", "Locations": ["/media/films", "/media/strm2"]}]

Findings = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def findings(strmctl: Strmctl, library: Path) -> Findings:
    """Of the check `notify`, for one table."""

    def look(url: str, kind: str, token: str = TOKEN, code: int = 0) -> list[dict[str, Any]]:
        with (library / "strmctl.toml").open("a") as settings:
            settings.write(f'\n[notify.tv]\ntype = "{kind}"\nurl = "{url}"\n')
            settings.write(f'token = "{token}"\nlibrary = "{HERE}"\n')
        (library / "strmctl.toml").chmod(0o600)
        ended = strmctl("doctor", "--json", code=code)
        assert TOKEN not in ended.out + ended.err
        return [record for record in ended.records if record.get("check") == "notify"]

    return look


@pytest.mark.parametrize(
    ("kind", "speaks", "token"),
    [
        pytest.param("jellyfin", jellyfin(WATCHED), TOKEN, id="jellyfin"),
        pytest.param("emby", emby(WATCHED), TOKEN, id="emby"),
        pytest.param("kodi", kodi, KODI_TOKEN, id="kodi"),
        pytest.param("webhook", hook, TOKEN, id="webhook"),
    ],
)
def test_all_is_well_and_nothing_is_told(
    findings: Findings, kind: str, speaks: Speaks, token: str
) -> None:
    with serving(speaks) as server:
        assert findings(server.url, kind, token) == []
        told = [asked.path for asked in server.asked if asked.method == "POST"]
        assert told == (["/jsonrpc"] if kind == "kodi" else [])
        assert "VideoLibrary" not in str(server.posted())


@pytest.mark.parametrize("kind", ["jellyfin", "emby", "kodi", "webhook"])
def test_nobody_is_there(findings: Findings, kind: str) -> None:
    [finding] = findings("http://127.0.0.1:1", kind, code=10)
    assert finding["severity"] == "error"
    assert finding["subject"] == "tv"
    assert finding["reason"] == "it does not answer (Connection refused)"
    assert "notify.tv.url" in finding["remedy"]


@pytest.mark.parametrize(
    ("kind", "speaks"),
    [
        pytest.param("jellyfin", jellyfin(WATCHED), id="jellyfin"),
        pytest.param("emby", emby(WATCHED), id="emby"),
        pytest.param("kodi", kodi, id="kodi"),
    ],
)
def test_another_token(findings: Findings, kind: str, speaks: Speaks) -> None:
    with serving(speaks) as server:
        [finding] = findings(server.url, kind, "an:other", code=10)
    assert finding["reason"] == "it refuses the token (HTTP 401)"
    assert finding["remedy"] == "correct notify.tv.token"


def test_something_else_answers_in_place_of_kodi(findings: Findings) -> None:
    with serving(lambda asked: Reply(200, "hello")) as server:
        [finding] = findings(server.url, "kodi", KODI_TOKEN, code=10)
    assert "JSON-RPC" in finding["reason"]


@pytest.mark.parametrize(
    ("folders", "found"),
    [
        pytest.param(ELSEWHERE, 1, id="another-folder"),
        pytest.param([{"Locations": ["/media/strm/Series", "/media/strm/Films"]}], 0, id="parts"),
        pytest.param([{"Locations": ["/media"]}], 0, id="its-parent"),
        pytest.param([{"Locations": ["\\media\\strm\\"]}], 0, id="backslashes"),
        pytest.param([], 1, id="no-library-at-all"),
        pytest.param({"odd": 1}, 0, id="cannot-be-told"),
        pytest.param([{"Locations": 7}, 8], 1, id="odd-entries"),
        pytest.param({"Items": ELSEWHERE}, 1, id="a-page-of-them"),
        pytest.param({"Items": [{"Locations": ["/media/strm"]}]}, 0, id="its-own-on-a-page"),
    ],
)
def test_the_library_is_watched(findings: Findings, folders: object, found: int) -> None:
    with serving(jellyfin(folders)) as server:
        warned = findings(server.url, "jellyfin", code=10 if found else 0)
    assert [finding["severity"] for finding in warned] == ["warning"] * found


@pytest.mark.parametrize(
    ("age", "found"),
    [pytest.param(50, 0, id="50-minutes"), pytest.param(70, 1, id="70-minutes")],
)
def test_what_waits_for_long(
    findings: Findings, library: Path, jellyfin_server: Server, age: int, found: int
) -> None:
    jellyfin_server.speaks = jellyfin(WATCHED)
    with Database.open(library / "strmctl.db") as database:
        with Notices(database).recording(["tv"], {"a.strm": FileChange.CREATED}):
            pass
        at = time_text(datetime.now(UTC) - timedelta(minutes=age))
        with database.transaction() as connection:
            connection.execute("UPDATE notice SET changed_at = ?", (at,))
    warned = findings(jellyfin_server.url, "jellyfin", code=10 if found else 0)
    reasons = [finding["reason"].partition(",")[0] for finding in warned]
    assert reasons == ["not told yet: 1 changed file"] * found
