"""Rows 36 and 38: what is right is not touched, what settings or keys have made wrong is mended."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from stage.answering import Asked, Reply, answering
from stage.library_tree import mtimes
from stage.strmctl import Strmctl, new_strmctl

ROWS = "site,slug,season,episode,language\n" + "".join(
    f"made.up,show,1,{number},de\n" for number in range(1, 31)
)
LINKS = "site,slug,season,episode,language,url\n" + "".join(
    f"made.up,show,1,{number},de,https://cdn.example/{number}?token=secret\n"
    for number in range(1, 31)
)


@pytest.fixture
def strmctl(tmp_path: Path) -> Iterator[Strmctl]:
    """A library of 30 episodes; the resolver knows none of them."""

    def unknown(_asked: Asked) -> Reply:
        return Reply(404)

    with answering(unknown) as server:
        strmctl = new_strmctl(tmp_path / "home", server.url)
        (tmp_path / "rows.csv").write_text(ROWS)
        _run(strmctl, "write", "--from", str(tmp_path / "rows.csv"), "-q")
        yield strmctl


def test_36_the_same_content_again_touches_nothing(strmctl: Strmctl, tmp_path: Path) -> None:
    first = next((strmctl.folder / "library").rglob("*.strm"))
    first.write_bytes(b"#KODIPROP:a=b\n" + first.read_bytes())
    before = mtimes(strmctl.folder)
    assert len(before) == 30
    for command in (
        ("write", "--from", str(tmp_path / "rows.csv")),
        ("rewrite",),
        ("rewrite", "--force", "--overwrite", "--create-missing"),
        ("import", "library"),
        ("prune", "--sidecars"),
    ):
        said = json.loads(_run(strmctl, *command, "--json").splitlines()[-1])
        assert said.get("unchanged", 0) == (0 if command[0] == "prune" else 30), command
        assert mtimes(strmctl.folder) == before, command


@pytest.mark.slow
def test_38_after_a_new_base_url_every_file_plays_from_there(strmctl: Strmctl) -> None:
    _set(strmctl, "public_base_url", f"http://localhost:{strmctl.port}")
    _run(strmctl, "rewrite", "--force")
    urls = _urls(strmctl)
    assert {httpx.URL(url).host for url in urls} == {"localhost"}
    with strmctl.serving():
        assert _statuses(urls) == {404}


@pytest.mark.slow
def test_38_after_a_new_key_every_file_plays_and_what_the_old_one_signed_does_not(
    strmctl: Strmctl,
) -> None:
    before = _urls(strmctl)
    new, old = _new_key(strmctl)
    refused = strmctl.run("keys", "retire", old)
    assert refused.returncode == 25
    assert "30 files signed with" in refused.stderr
    _run(strmctl, "rewrite", "--force")
    with strmctl.serving():
        assert _statuses([*before[:3], *_urls(strmctl)[:3]]) == {404}
    _run(strmctl, "keys", "retire", old)
    with strmctl.serving():
        assert _statuses(_urls(strmctl)) == {404}
        assert _statuses(before) == {403}
    assert f'"id":"{new}","state":"signs","files":30' in _run(strmctl, "keys", "list", "--json")


def test_38_in_another_mode_the_files_hold_the_links_themselves(
    strmctl: Strmctl, tmp_path: Path
) -> None:
    before = _urls(strmctl)
    (tmp_path / "links.csv").write_text(LINKS)
    _run(strmctl, "write", "--from", str(tmp_path / "links.csv"), "-q")
    _set(strmctl, "mode", "direct")
    _run(strmctl, "rewrite", "--force")
    assert sorted(_urls(strmctl)) == sorted(
        f"https://cdn.example/{number}?token=secret" for number in range(1, 31)
    )
    _set(strmctl, "mode", "proxy")
    _run(strmctl, "rewrite", "--force")
    assert _urls(strmctl) == before


def _run(strmctl: Strmctl, *arguments: str) -> str:
    run = strmctl.run(*arguments)
    assert run.returncode == 0, run.stderr
    return run.stdout


def _set(strmctl: Strmctl, key: str, value: str) -> None:
    settings = strmctl.folder / "strmctl.toml"
    lines = settings.read_text().splitlines(keepends=True)
    [place] = [number for number, line in enumerate(lines) if line.startswith(f"{key} = ")]
    lines[place] = f'{key} = "{value}"\n'
    settings.write_text("".join(lines))


def _urls(strmctl: Strmctl) -> list[str]:
    """What the files hold, in the order of their names."""
    return [path.read_text().splitlines()[-1] for path in sorted(mtimes(strmctl.folder))]


def _statuses(urls: list[str]) -> set[int]:
    """404 is the resolver's word: the signature was right."""
    return {httpx.get(url, trust_env=False, verify=False).status_code for url in urls}


def _new_key(strmctl: Strmctl) -> tuple[str, str]:
    """The ids of the new key and of the one before."""
    new = json.loads(_run(strmctl, "keys", "add", "--json"))["id"]
    uses = [json.loads(line) for line in _run(strmctl, "keys", "list", "--json").splitlines()]
    assert [(use["id"] == new, use["files"]) for use in uses[:2]] == [(True, 0), (False, 30)]
    return new, uses[1]["id"]
