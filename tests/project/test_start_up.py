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
    sys.stderr.write(" ".join(sorted(name.split(".")[0] for name in sys.modules)))
"""


def loaded_by(folder: Path, *arguments: str) -> set[str]:
    run = subprocess.run(
        [sys.executable, "-c", LOADED.format(arguments=list(arguments))],
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
