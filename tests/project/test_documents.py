"""README, changelog, examples and settings template say what the program does."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_group

from stage.command_line import Strmctl
from strmctl import __version__
from strmctl.cli.frame.app import app
from strmctl.cli.frame.command_names import NAMES, import_for
from strmctl.services.installation.init import settings_text
from strmctl.settings.environment import OLDER_NAMES
from strmctl.settings.load import load
from strmctl.settings.names import KEYS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))


def commands() -> set[str]:
    import_for([])
    return set(get_group(app).commands)


def test_every_module_of_commands_is_registered() -> None:
    holds_a_command = {
        path.stem
        for path in (ROOT / "strmctl" / "cli").glob("*.py")
        if re.search(r"^@command\(", path.read_text(), re.MULTILINE)
    }
    assert holds_a_command == set(NAMES)
    assert commands() == {name.replace("_", "-") for name in NAMES}


def test_the_readme_is_read_in_three_minutes() -> None:
    assert README.count("\n") <= 150


@pytest.mark.parametrize("page", ["README.md", "docs/commands.md"])
def test_a_table_names_every_command_and_no_other(page: str) -> None:
    text = (ROOT / page).read_text()
    assert set(re.findall(r"^\| `([a-z-]+)[^`]*` \|", text, re.MULTILINE)) == commands()


@pytest.mark.parametrize("page", ["README.md", *(f"docs/{page.name}" for page in PAGES)])
def test_a_page_shows_no_command_that_is_none(page: str) -> None:
    named = re.findall(r"`strmctl ([a-z-]+)[^`\n]*`", (ROOT / page).read_text())
    assert set(named) <= commands()


def test_the_page_of_settings_names_every_one() -> None:
    page = (DOCS / "settings.md").read_text()
    assert [key for key in KEYS if f"`{key}`" not in page] == []
    assert [name for name in OLDER_NAMES if name not in page] == []


def test_the_page_of_commands_knows_the_exit_codes() -> None:
    page = (DOCS / "commands.md").read_text()
    for code in ("0", "1", "2", "3", "4", "5", "10", "12", "13", "25", "130/143", "141"):
        assert re.search(rf"^\| {code} \|", page, re.MULTILINE), code


@pytest.mark.slow
def test_the_site_is_made_without_a_warning(tmp_path: Path) -> None:
    made = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", DOCS, tmp_path],
        capture_output=True,
        text=True,
    )
    assert (made.returncode, made.stderr) == (0, "")
    pages = {page.stem for page in tmp_path.glob("*.html")}
    assert {page.stem for page in PAGES} <= pages


def test_the_newest_changelog_heading_is_the_version() -> None:
    headings = re.findall(
        r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d\d-\d\d$",
        (ROOT / "CHANGELOG.md").read_text(),
        re.MULTILINE,
    )
    assert headings[0] == __version__


@pytest.mark.parametrize("name", ["template", "example"])
def test_settings_files_name_every_key_and_load(name: str, folder: Path) -> None:
    example = (ROOT / "examples" / "strmctl.toml").read_text()
    text = {"template": settings_text({}), "example": example}[name]
    (folder / "strmctl.toml").write_text(text)
    last_words = set(re.findall(r"^(?:# )?([a-z_]+) = ", text, re.MULTILINE))
    assert {key.rpartition(".")[2] for key in KEYS} <= last_words
    assert load(environ={}).file == folder / "strmctl.toml"


def test_the_template_holds_the_defaults(folder: Path) -> None:
    defaults = load(environ={}).settings
    (folder / "strmctl.toml").write_text(settings_text({}))
    assert load(environ={}).settings == defaults


def test_every_command_helps(strmctl: Strmctl) -> None:
    for name, command in get_group(app).commands.items():
        shown = strmctl(name, "--help").out
        words = " ".join(re.sub(r"[│╭╰─╮╯]", " ", shown).split())
        assert command.help
        assert " ".join(command.help.split()) in words, name
        assert re.fullmatch(rf"Example: strmctl {name}\b.*", command.epilog or "")
        assert len(command.epilog or "") < 80, "the terminal would break it"
        for option in command.params:
            help_text = getattr(option, "help", None)
            assert help_text is None or help_text.split()[0] in words, (name, option.name)
