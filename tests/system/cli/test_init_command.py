"""`init` makes a library and never touches what is there."""

from pathlib import Path

import pytest

from stage.command_line import Strmctl
from strmctl.settings.load import load


def test_everything_is_made(strmctl: Strmctl, folder: Path) -> None:
    made = strmctl("init", "--library", "media", "--base-url", "http://nas:8888/", "--json")
    assert made.document == {
        "type": "init",
        "settings": str(folder / "strmctl.toml"),
        "key": str(folder / "strmctl.key"),
        "library": str(folder / "media"),
        "database": str(folder / "strmctl.db"),
        "created": ["settings", "key", "library", "database"],
    }
    settings = load(environ={}).settings
    assert settings.library == folder / "media"
    assert settings.library.is_dir()
    assert settings.proxy.public_base_url == "http://nas:8888"
    assert (folder / "strmctl.key").stat().st_mode & 0o777 == 0o600
    assert len((folder / "strmctl.key").read_text().strip()) >= 32


def test_a_second_time_changes_nothing(strmctl: Strmctl, folder: Path) -> None:
    strmctl("init")
    before = {
        file: file.read_bytes()
        for file in folder.iterdir()
        if file.suffix != ".db" and file.is_file()
    }
    again = strmctl("init")
    assert "made" not in again.out
    assert {file: file.read_bytes() for file in before} == before


def test_what_is_missing_is_made(strmctl: Strmctl, folder: Path) -> None:
    strmctl("init")
    key = (folder / "strmctl.key").read_text()
    (folder / "strmctl.key").unlink()
    (folder / "library").rmdir()
    assert strmctl("init", "--json").document["created"] == ["key", "library"]
    assert (folder / "strmctl.key").read_text() != key


def test_a_flag_that_comes_too_late_is_told(strmctl: Strmctl) -> None:
    strmctl("init", "--library", "media")
    assert strmctl("init", "--library", "media").err == ""
    assert "warning: library stays" in strmctl("init", "--library", "other").err


def test_elsewhere(strmctl: Strmctl, folder: Path) -> None:
    (folder / "etc").mkdir()
    strmctl("--config", "etc/strmctl.toml", "init", "--library", "media")
    settings = load(folder / "etc" / "strmctl.toml", environ={}).settings
    assert settings.library == folder / "media"
    assert settings.proxy.secret_file == folder / "etc" / "strmctl.key"


def test_a_bad_base_url_makes_nothing(strmctl: Strmctl, folder: Path) -> None:
    refused = strmctl("init", "--base-url", "nas:8888", "--json", code=2)
    assert refused.error["message"].startswith("--base-url = 'nas:8888': it takes")
    assert list(folder.iterdir()) == []


def test_a_library_that_cannot_be_made_leaves_nothing(strmctl: Strmctl, folder: Path) -> None:
    """Else the next `init`, with another library, would find the settings of the first."""
    (folder / "file").touch()
    refused = strmctl("init", "--library", "file/media", code=3)
    assert f"{folder}/file/media: the library cannot be made" in refused.err
    assert [path.name for path in folder.iterdir()] == ["file"]
    strmctl("init", "--library", "media")
    assert (folder / "media").is_dir()


def test_settings_that_were_there_stay_where_the_library_cannot_be_made(
    strmctl: Strmctl, folder: Path
) -> None:
    (folder / "file").touch()
    settings = folder / "strmctl.toml"
    settings.write_text('library = "file/media"\n')
    strmctl("init", code=3)
    assert settings.read_text() == 'library = "file/media"\n'


def test_no_key_where_none_is_needed(strmctl: Strmctl, folder: Path) -> None:
    (folder / "strmctl.toml").write_text('[proxy]\nauth = "none"\n')
    assert "key" not in strmctl("init", "--json").document


def test_a_folder_that_is_not_there(strmctl: Strmctl) -> None:
    refused = strmctl("init", "--config", "no/such/strmctl.toml", code=3)
    assert "cannot be written" in refused.err


@pytest.mark.parametrize(
    ("base_url", "port"),
    [
        pytest.param("http://127.0.0.1:9001", 9001, id="a-port-of-its-own"),
        pytest.param("http://nas:9001/strm", 9001, id="below-a-prefix"),
        pytest.param("https://media.example:9443", 8888, id="tls-is-another-servers"),
        pytest.param("http://media.example", 8888, id="no-port-is-another-servers"),
    ],
)
def test_serve_listens_where_the_base_url_points(
    strmctl: Strmctl, base_url: str, port: int
) -> None:
    strmctl("init", "--base-url", base_url)
    assert f"\nport = {port}\n" in Path("strmctl.toml").read_text()
