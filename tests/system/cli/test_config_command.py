"""`config` shows every value, its source, and no secret."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from stage.command_line import Strmctl
from strmctl.settings.names import KEYS


def test_every_value_and_its_source(
    strmctl: Strmctl, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "strmctl.toml").write_text(
        '[proxy]\nmode = "redirect"\nsecret = "hunter2-hunter2-x"\n'
    )
    monkeypatch.setenv("STRMCTL_SERVE_PORT", "9000")
    shown = strmctl("config", "--json", "--database", "x.db")
    *settings, summary = shown.records
    by_key = {record["key"]: (record["value"], record["source"]) for record in settings}
    assert list(by_key) == list(KEYS)
    assert by_key["proxy.mode"] == ("redirect", str(folder / "strmctl.toml"))
    assert by_key["serve.port"] == (9000, "env STRMCTL_SERVE_PORT")
    assert by_key["database"] == (str(folder / "x.db"), "flag")
    assert by_key["probe.window"] == ("10m", "default")
    assert "hunter2" not in shown.out
    assert summary == {
        "type": "summary",
        "settings": len(KEYS),
        "file": str(folder / "strmctl.toml"),
    }


def test_as_text_one_setting_a_line(strmctl: Strmctl) -> None:
    rows = [line.split("\t") for line in strmctl("config").out.splitlines()]
    assert [row[0] for row in rows] == list(KEYS)
    assert ["serve.port", "8888", "default"] in rows


def test_a_common_option_may_stand_first(strmctl: Strmctl, folder: Path) -> None:
    (folder / "other.toml").write_text("[serve]\nport = 1\n")
    first = strmctl("--config", "other.toml", "--json", "config").out
    assert first == strmctl("config", "--json", "--config", "other.toml").out
    assert '"key":"serve.port","value":1' in first


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        pytest.param('type = "nope"', "type", id="no such kind"),
        pytest.param('type = "http"', "url: is missing", id="a key is missing"),
        pytest.param(
            'type = "http"\nurl = "http://127.0.0.1/"\nfoo = 1',
            "foo: is unknown to type 'http', which knows url, headers",
            id="a key too many",
        ),
    ],
)
def test_a_resolver_that_cannot_be_used(
    strmctl: Strmctl, folder: Path, keys: str, told: str
) -> None:
    file = folder / "strmctl.toml"
    file.write_text(f'[resolvers.x]\nsites = ["*"]\n{keys}\n')
    ended = strmctl("config", code=3)
    assert ended.err.startswith(f"strmctl: {file}: [resolvers.x] {told}")
    assert ended.out == ""


@pytest.mark.parametrize(
    "line", ["list", "stats", "probe -q", "write --site a --slug b --language de", "runs"]
)
def test_a_key_that_no_kind_of_resolver_knows_is_said_by_every_command(
    strmctl: Strmctl, library: Path, line: str
) -> None:
    strmctl("resolver", "new", "nas", "--type", "template")
    file = library / "strmctl.toml"
    file.write_text(file.read_text().replace("[resolvers.nas]", "[resolvers.nas]\nUrl = 'x'"))
    wrong = "Url: is unknown to type 'template', which knows url, subtitles, headers, check"
    said = strmctl(*line.split(), code=3).err
    assert said == f"strmctl: {file}: [resolvers.nas] {wrong}\n"


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        pytest.param(
            {"STRMCTL_RESOLVERS_X_TYPE": "nope"},
            "STRMCTL_RESOLVERS_X_TYPE: [resolvers.x] type: 'nope' is none of",
            id="the key of a table in the file",
        ),
        pytest.param(
            {"STRMCTL_RESOLVERS_X_FOO": "1"},
            "STRMCTL_RESOLVERS_X_FOO: [resolvers.x] foo: is unknown",
            id="a key too many",
        ),
        pytest.param(
            {"STRMCTL_RESOLVERS_Y_SITES": "y", "STRMCTL_RESOLVERS_Y_TYPE": "http"},
            "STRMCTL_RESOLVERS_Y_SITES: [resolvers.y] url: is missing",
            id="a key that is missing from a table of its own",
        ),
        pytest.param(
            {"STRMCTL_NAMING_FILM": "{Movie Titel}"},
            "STRMCTL_NAMING_FILM: naming.film: there is no token {Movie Titel}; known",
            id="a template of names",
        ),
        pytest.param(
            {"STRMCTL_NAMING_EPISODE": "E{episode:00}", "STRMCTL_NAMING_SEASON": "Staffel"},
            "STRMCTL_NAMING_EPISODE: naming.episode: it needs {season}",
            id="two templates that do not fit",
        ),
    ],
)
def test_what_a_variable_has_set_is_said_of_the_variable(
    strmctl: Strmctl,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    told: str,
) -> None:
    (folder / "strmctl.toml").write_text(
        '[resolvers.x]\nsites = ["*"]\ntype = "http"\nurl = "http://127.0.0.1/"\n'
    )
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert strmctl("config", code=3).err.startswith(f"strmctl: environment: {told}")


@pytest.mark.parametrize(
    ("naming", "told"),
    [
        pytest.param('film = ""', "naming.film: it is empty", id="empty"),
        pytest.param('series = "a/../b?"', "naming.series: '?' cannot stand in", id="forbidden"),
        pytest.param('season = ".{season}"', "naming.season: a name that begins", id="hidden"),
        pytest.param('episode = "{season}"', "naming.episode: it needs {episode}", id="lacking"),
        pytest.param('season = ""\nepisode = "{episode}"', "naming.episode: it needs", id="both"),
    ],
)
@pytest.mark.parametrize("command", ["config", "doctor", "list", "probe", "url"])
def test_a_broken_template_is_said_once_by_every_command(
    strmctl: Strmctl, library: Path, command: str, naming: str, told: str
) -> None:
    file = library / "strmctl.toml"
    file.write_text(f"[naming]\n{naming}\n")
    film = ("--site", "a.to", "--slug", "film", "--language", "de")
    ended = strmctl(command, *(film if command == "url" else ()), code=3)
    # Among the findings of `doctor`, the first of them.
    said = ended.out.removeprefix("error naming ") if command == "doctor" else ended.err
    assert said.removeprefix("strmctl: ").startswith(f"{file}: {told}")
    assert (ended.out + ended.err).count(told) == 1


def test_settings_in_another_encoding(strmctl: Strmctl, library: Path) -> None:
    """Editors on Windows offer UTF-16."""
    file = library / "strmctl.toml"
    file.write_text('library = "Serien"\n', encoding="utf-16")
    assert strmctl("config", code=3).err == f"strmctl: {file}: not UTF-8 text: save it as UTF-8\n"


@pytest.mark.parametrize("form", [[b"--config", b"%s"], [b"--config=%s"]])
def test_settings_below_a_folder_whose_name_is_no_text(form: list[bytes], tmp_path: Path) -> None:
    """Old disks have such names, and nobody types them again for cron."""
    folder = tmp_path / os.fsdecode(b"b\xffd")
    folder.mkdir()
    command = [sys.executable, "-m", "strmctl"]
    subprocess.run([*command, "init", "--quiet"], cwd=folder, check=True)
    given = [it.replace(b"%s", bytes(folder / "strmctl.toml")) for it in form]
    listed = subprocess.run([*command, "list", *given], cwd=tmp_path, check=False)
    assert listed.returncode == 0
