"""What is not needed is not loaded: `--version` and light commands stay quick."""

import subprocess
import sys
from pathlib import Path

import pytest

from system.cli.test_healthcheck_command import WELL, answering

LOADED = """
import sys
from strmctl.__main__ import main
sys.argv[1:] = {arguments!r}
try:
    code = main()
finally:
    sys.stderr.write(" ".join(sorted(sys.modules)))
"""
MADE = """
import sys
from strmctl.__main__ import main
sys.argv[1:] = {arguments!r}
try:
    code = main()
finally:
    own = [module for name, module in sys.modules.items() if name.startswith("strmctl.")]
    things = [thing for module in own for thing in vars(module).values()]
    classes = [thing for thing in things if isinstance(thing, type)]
    made = {{it.__name__ for it in classes if hasattr(it, "__dataclass_fields__")}}
    sys.stderr.write(" ".join("made:" + name for name in made))
"""
COMPILED = """
import re, sys
from strmctl.__main__ import main
sys.argv[1:] = {arguments!r}
try:
    code = main()
finally:
    own = [(name, vars(module)) for name, module in sys.modules.items() if "strmctl." in name]
    found = [name for name, things in own for it in things.values() if isinstance(it, re.Pattern)]
    sys.stderr.write(" ".join("compiled:" + name for name in found))
"""


def loaded_by(folder: Path, *arguments: str, seen: str = LOADED) -> set[str]:
    run = subprocess.run(
        [sys.executable, "-c", seen.format(arguments=list(arguments))],
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
    )
    return set(run.stderr.split())


def test_the_version_needs_no_command_line_library(tmp_path: Path) -> None:
    assert not loaded_by(tmp_path, "--version") & {"typer", "click", "rich", "argparse", "json"}


def test_the_quiet_health_check_needs_no_command_line_library(tmp_path: Path) -> None:
    with answering(200, WELL) as port:
        (tmp_path / "strmctl.toml").write_text(f"[serve]\nport = {port}\n")
        loaded = loaded_by(tmp_path, "healthcheck", "--quiet")
    assert not loaded & {"typer", "rich", "httpx"}
    # Docker pays for each of them twice a minute.
    assert not loaded & {"dataclasses", "pathlib", "urllib", "socket", "ipaddress", "signal"}


@pytest.mark.parametrize("command", ["config", "migrate"])
def test_light_commands_load_no_network_library(tmp_path: Path, command: str) -> None:
    heavy = {"httpx", "aiohttp", "starlette", "uvicorn", "rich", "m3u8", "asyncio"}
    assert not loaded_by(tmp_path, "-q", command) & (heavy - {"asyncio"})


LOOKING = {
    *("pydantic", "rich", "httpx", "aiohttp", "aiodns", "ssl", "asyncio", "email"),
    *("fastapi", "starlette", "uvicorn", "jinja2", "prometheus_client", "apscheduler"),
    *("sqlite_utils", "pluggy", "click", "m3u8", "tomlkit", "importlib.metadata", "guessit"),
}
"""What costs more to import than all that a command needs that only looks at the library."""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("library")
    for line in ("init", "write --site a.to --slug b --season 1 --episode 1 --language German"):
        subprocess.run([sys.executable, "-m", "strmctl", *line.split()], check=True, cwd=folder)
    return folder


@pytest.mark.parametrize("line", ["list", "list --site a.to --limit 5", "show 1", "list --json"])
def test_a_command_that_looks_loads_what_it_needs(library: Path, line: str) -> None:
    loaded = loaded_by(library, *line.split())
    assert not loaded & LOOKING
    assert "strmctl.storage.tables.mappings" in loaded, "it has looked"


def test_a_list_for_people_loads_nothing_that_signs_or_counts(library: Path) -> None:
    loaded = loaded_by(library, "list")
    assert not loaded & {"hashlib", "socket", "strmctl.domain.digest", "strmctl.domain.change"}


def test_a_probe_that_finds_nothing_due_asks_for_no_client(tmp_path: Path) -> None:
    loaded_by(tmp_path, "init")
    loaded = loaded_by(tmp_path, "probe")
    assert not loaded & LOOKING
    assert "strmctl.services.probing.probe" in loaded
    # What chooses whom to ask next.
    assert not loaded & {"random", "strmctl.services.probing.turns"}
    assert not loaded & {"hashlib", "socket", "base64"}


def test_a_probe_of_a_film_reads_no_playlist_and_looks_for_no_plugin(tmp_path: Path) -> None:
    loaded_by(tmp_path, "init")
    (tmp_path / "strmctl.toml").write_text('[upstream]\nallow = ["127.0.0.1"]\n')
    with answering(200, WELL) as port:
        loaded_by(tmp_path, *WRITE.split(), "--url", f"http://127.0.0.1:{port}/film.mp4")
        loaded = loaded_by(tmp_path, "probe", "--all")
    assert "aiohttp" in loaded, "it has asked"
    assert not loaded & {"importlib.metadata", "strmctl.domain.hls.media_playlist_reader"}


def test_a_file_is_written_without_what_asks_for_urls(library: Path) -> None:
    line = "write --site a.to --slug b --season 1 --episode 2 --language German"
    loaded = loaded_by(library, *line.split())
    of_urls = {"strmctl.domain.expiry.schemes", "strmctl.domain.urls.upstream_url"}
    of_lists = {"csv", "strmctl.services.writing.batch_input"}
    assert not loaded & (LOOKING | {"logging", "secrets", "shlex"} | of_urls | of_lists)
    assert (library / "library/B/Season 01/B S01E02.strm").is_file()


WRITE = "write --site a.to --slug b --season 1 --episode 3 --language German"


@pytest.mark.parametrize(
    ("line", "known"),
    [
        ("list", {"Resolution"}),
        ("show 1", {"Resolution"}),
        ("probe --site nowhere.to", {"Resolution", "ProbeResult", "Play"}),
        (WRITE, {"Resolution"}),
    ],
)
def test_a_command_makes_no_other_dataclasses(library: Path, line: str, known: set[str]) -> None:
    """Each costs as much as fifty Structs; strmctl/discreet.py says what they are for."""
    made = loaded_by(library, *line.split(), seen=MADE)
    assert {word.removeprefix("made:") for word in made if word.startswith("made:")} == known


URLS = {"strmctl.domain.hls.naming", "strmctl.domain.urls.playback_url"}
DIGEST = {"strmctl.domain.digest"}
TEXTS = {"strmctl.domain.library.naming", "strmctl.domain.library.strm_text"}


@pytest.mark.parametrize(
    ("line", "known"),
    [
        ("list", set()),
        ("show 1", URLS),
        ("probe --site nowhere.to", DIGEST),
        (WRITE, URLS | TEXTS),
    ],
)
def test_a_command_compiles_no_patterns_that_few_ask(
    library: Path, line: str, known: set[str]
) -> None:
    """A module that keeps its patterns as texts leaves it to `re` to compile them when needed."""
    compiled = loaded_by(library, *line.split(), seen=COMPILED)
    marked = {word.removeprefix("compiled:") for word in compiled if word.startswith("compiled:")}
    assert marked - {"strmctl.cli.frame.plain_values"} == known
