"""examples/crontab and examples/systemd are read by cron and systemd, and their commands run."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from stage.command_line import Strmctl

EXAMPLES = Path(__file__).parents[2] / "examples"
CRONTAB = EXAMPLES / "crontab"
UNITS = sorted((EXAMPLES / "systemd").iterdir())
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]
INSTALLED = "/usr/local/bin/strmctl"
MOST_EXPOSED = 15
"""Tenths of systemd's exposure level: 9.6 without hardening, 0 without network and files."""


def crontab_commands() -> list[str]:
    return re.findall(r"^(?:[\d*/,]+ +){5}(.+)$", CRONTAB.read_text(), re.MULTILINE)


def unit_commands() -> list[str]:
    text = "\n".join(service.read_text() for service in SERVICES)
    return [line.lstrip("-") for line in re.findall(r"^ExecStart=(.+)$", text, re.MULTILINE)]


def hardening(service: Path) -> str:
    """What follows `User=` in the section [Service]."""
    return service.read_text().partition("\nUser=")[2].partition("\n\n[")[0].strip()


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Copies that begin the strmctl which is tested: systemd looks whether the program is there."""
    folder = tmp_path_factory.mktemp("units")
    program = Path(sys.executable).with_name("strmctl")
    for unit in UNITS:
        (folder / unit.name).write_text(unit.read_text().replace(INSTALLED, str(program)))
    return sorted(folder.iterdir())


def test_cron_reads_the_crontab() -> None:
    ended = subprocess.run(
        ["crontab", "-n", str(CRONTAB)], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr


def test_the_readme_shows_lines_of_the_crontab() -> None:
    shown = (EXAMPLES.parent / "README.md").read_text().partition("```crontab\n")[2]
    lines = shown.partition("```")[0].splitlines()
    assert len(lines) == 2
    assert set(lines) < set(CRONTAB.read_text().splitlines())


def test_systemd_reads_the_units(units: list[Path]) -> None:
    # The manual page is not installed here.
    command = ["systemd-analyze", "verify", "--man=no", *map(str, units)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("name", [service.name for service in SERVICES])
def test_the_services_are_hardened(units: list[Path], name: str) -> None:
    [unit] = [unit for unit in units if unit.name == name]
    command = ["systemd-analyze", "security", "--offline=true", f"--threshold={MOST_EXPOSED}"]
    ended = subprocess.run([*command, str(unit)], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout[-500:]


def test_the_services_are_hardened_alike() -> None:
    assert len({hardening(service) for service in SERVICES}) == 1
    assert "ProtectSystem=strict" in hardening(SERVICES[0])


def test_the_proxy_tells_systemd_how_it_is() -> None:
    unit = (EXAMPLES / "systemd" / "strmctl.service").read_text().splitlines()
    assert {"Type=notify", "NotifyAccess=all", "WatchdogSec=30s", "Restart=on-failure"} <= set(unit)


def test_every_timer_has_a_service() -> None:
    timers = [unit for unit in UNITS if unit.suffix == ".timer"]
    assert len(timers) == 2
    assert {timer.with_suffix(".service") for timer in timers} < set(SERVICES)


def test_cron_and_the_timers_do_the_same() -> None:
    from_cron = {shlex.split(line)[1] for line in crontab_commands()}
    from_timers = {shlex.split(line)[1] for line in unit_commands()} - {"serve"}
    assert from_cron == from_timers == {"probe", "refresh"}


@pytest.mark.parametrize("line", [*crontab_commands(), *unit_commands()])
def test_the_commands_run_and_say_nothing(strmctl: Strmctl, library: Path, line: str) -> None:
    program, *arguments = shlex.split(line)
    assert program in ("strmctl", INSTALLED)
    if arguments[0] == "serve":
        assert "Usage: strmctl serve" in strmctl(*arguments, "--help").out
        return
    ended = strmctl(*arguments)
    assert (ended.out, ended.err) == ("", "")
