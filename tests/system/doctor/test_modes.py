"""Row 97: in modes redirect and direct nobody sends the headers that a link wants."""

from pathlib import Path

import pytest

from stage.answering import answer, answering
from stage.command_line import Strmctl
from stage.media_server import media_server


@pytest.mark.parametrize(("mode", "found"), [("proxy", 0), ("redirect", 1), ("direct", 1)], ids=str)
def test_97_doctor_says_what_a_mode_cannot_do(
    strmctl: Strmctl, library: object, monkeypatch: pytest.MonkeyPatch, mode: str, found: int
) -> None:
    monkeypatch.setenv("STRM_PROXY_UPSTREAM_ALLOWLIST", "127.0.0.1")
    monkeypatch.setenv("STRM_PROXY_MODE", mode)
    with (
        media_server() as upstream,
        answering(
            lambda asked: answer(upstream.url("a"), headers={"Referer": "https://secret.example/x"})
        ) as resolver,
    ):
        monkeypatch.setenv("STRMCTL_RESOLVERS_MINE_SITES", "*")
        monkeypatch.setenv("STRMCTL_RESOLVERS_MINE_TYPE", "http")
        monkeypatch.setenv("STRMCTL_RESOLVERS_MINE_URL", resolver.url)
        which = "--site a.to --slug film --language de".split()
        strmctl("write", *which, "--resolve")
        records = strmctl("doctor", "--json", code=10 if found else 0).records
    findings = [record for record in records if record.get("check") == "mode"]
    assert [finding["subject"] for finding in findings] == [mode] * found
    assert all("Referer" in finding["reason"] for finding in findings)
    assert "secret.example" not in str(records)


def test_97_doctor_is_content_with_kodi_s_options(
    strmctl: Strmctl, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRM_PROXY_UPSTREAM_ALLOWLIST", "127.0.0.1")
    monkeypatch.setenv("STRM_PROXY_MODE", "direct")
    row = '{"site":"a.to","slug":"x","language":"de","url":"http://u/","headers":{"Referer":"r:"}}'
    strmctl("write", "--from", "-", stdin=row)
    with answering(lambda asked: answer("http://u/")) as resolver:
        monkeypatch.setenv("STRMCTL_RESOLVERS_MINE_SITES", "*")
        monkeypatch.setenv("STRMCTL_RESOLVERS_MINE_TYPE", "http")
        monkeypatch.setenv("STRMCTL_RESOLVERS_MINE_URL", resolver.url)
        records = strmctl("doctor", "--json", code=10).records
        assert "mode" in [record.get("check") for record in records]
        [file] = (library / "library").rglob("*.strm")
        file.write_text(f"#KODIPROP:a=b\n{file.read_text()}")
        strmctl("rewrite")
        assert file.read_text() == "#KODIPROP:a=b\nhttp://u/|Referer=r%3A\n"
        strmctl("doctor", "--json")


@pytest.mark.parametrize(("mode", "found"), [("proxy", 0), ("redirect", 1), ("direct", 1)], ids=str)
@pytest.mark.parametrize("setting", ["STRMCTL_UPSTREAM_EGRESS", "STRMCTL_RESOLVERS_MINE_EGRESS"])
@pytest.mark.usefixtures("library")
def test_97_doctor_says_that_players_leave_by_their_own_way(
    strmctl: Strmctl, monkeypatch: pytest.MonkeyPatch, mode: str, found: int, setting: str
) -> None:
    monkeypatch.setenv("STRM_PROXY_MODE", mode)
    monkeypatch.setenv("STRMCTL_RESOLVERS_MINE_SITES", "*")
    monkeypatch.setenv("STRMCTL_RESOLVERS_MINE_TYPE", "template")
    monkeypatch.setenv("STRMCTL_RESOLVERS_MINE_URL", "https://nas.example/{slug}")
    monkeypatch.setenv(setting, "http://127.0.0.1:1")
    records = strmctl("doctor", "--json", code=13).records
    findings = [record for record in records if record.get("check") == "mode"]
    assert [finding["severity"] for finding in findings] == ["info"] * found
