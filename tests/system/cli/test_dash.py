"""Row 55: a DASH manifest is refused in one sentence wherever it comes in."""

from pathlib import Path

import pytest

from stage.answering import answer, answering
from stage.command_line import Strmctl

GERMAN = ("--site", "a.to", "--slug", "x", "--season", 1, "--episode", 2, "--language", "de")
MPD = "https://cdn.example/a/manifest.mpd?token=secret"
SAID = "a DASH manifest, which strmctl does not play (HLS and plain files only)"


def add_resolver(library: Path, url: str) -> None:
    with (library / "strmctl.toml").open("a") as settings:
        settings.write(
            f'\n[resolvers.mine]\nsites = ["a.to"]\ntype = "http"\nurl = "{url}"\ntimeout = "5s"\n'
        )


@pytest.mark.parametrize(
    "url", [MPD, "https://cdn.example/A.MPD", "https://c.example/a.ism/manifest(format=mpd)"]
)
def test_55_write_refuses_a_dash_manifest(url: str, strmctl: Strmctl) -> None:
    refused = strmctl("write", *GERMAN, "--url", url, code=2)
    assert SAID in refused.err
    assert refused.err.count("\n") == 1
    assert "cdn.example" not in refused.err
    assert "secret" not in refused.err


def test_55_import_refuses_a_dash_manifest(strmctl: Strmctl, library: Path) -> None:
    file = library / "library" / "Dark (2017)" / "Season 01" / "Dark S01E01.strm"
    file.parent.mkdir(parents=True)
    file.write_text(f"{MPD}\n")
    result = strmctl("import", "library", "--site", "a.to", "--language", "de", code=12)
    assert SAID in result.out + result.err
    assert file.read_text() == f"{MPD}\n"
    assert strmctl("list", "--json").out.count('"mapping"') == 0


@pytest.mark.parametrize("mode", ["proxy", "redirect", "direct"])
def test_55_resolve_and_write_refuse_what_a_resolver_answers(
    mode: str, strmctl: Strmctl, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRM_PROXY_MODE", mode)
    with answering(lambda asked: answer(MPD)) as server:
        add_resolver(library, server.url)
        for command in (("resolve", *GERMAN), ("write", *GERMAN, "--resolve")):
            result = strmctl(*command, code=12)
            assert SAID in result.err
            assert "secret" not in result.err
