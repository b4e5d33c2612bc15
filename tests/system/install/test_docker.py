"""The Dockerfile and the compose example, as far as that can be seen without Docker."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # it has no types

from stage.command_line import Strmctl
from strmctl.settings import environment
from strmctl.settings.load import load
from system.install.dockerfile import ROOT, context, copied, stages

pytestmark = pytest.mark.slow

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "examples" / "compose.yaml").read_text())
ENTRYPOINT = ROOT / "docker-entrypoint.sh"
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
_VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


def substituted(text: str) -> str:
    """With every variable that has to be set called "given"."""
    return _VARIABLE.sub(lambda found: found[3] if found[2] == "-" else "given", text)


def strmctl_environment() -> dict[str, str]:
    """What the container is given: the image's ENV and the example's environment."""
    of_image = [each for each in stages()[-1] if each.name == "ENV"]
    pairs = [word.partition("=") for each in of_image for word in each.words]
    of_example = SERVICES["strmctl"]["environment"]
    own = {name: value for name, _, value in pairs} | dict(of_example)
    return {name: substituted(str(value)) for name, value in own.items()}


def mounts(service: str) -> dict[str, str]:
    """Where in the container, and what it is outside."""
    volumes = (volume.split(":") for volume in SERVICES[service]["volumes"])
    return {inside: outside for outside, inside, *_ in volumes}


def wheel_of(folder: Path, target: Path) -> set[str]:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--no-deps"]
    command = [*pip, "--no-build-isolation", "-w", str(target), str(folder)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    [wheel] = target.glob("*.whl")
    return set(zipfile.ZipFile(wheel).namelist())


def test_the_image_is_built_from_everything_that_the_wheel_holds(tmp_path: Path) -> None:
    let_through, source = tmp_path / "context", tmp_path / "source"
    context(let_through)
    for sources, target in copied():
        for name in sources:
            place = source / target / (name if target.endswith("/") else "")
            place.parent.mkdir(parents=True, exist_ok=True)
            (let_through / name).rename(place)
    assert [path for path in let_through.rglob("*") if path.is_file()] == [], "copied for nothing"
    assert wheel_of(source, tmp_path / "built") == wheel_of(ROOT, tmp_path / "whole")


def test_nobody_is_root_and_no_compiler_comes_along() -> None:
    *before, final = stages()
    names = [each.name for each in final]
    [user] = [each.arguments for each in final if each.name == "USER"]
    assert user not in ("root", "0")
    assert names.index("USER") < names.index("ENTRYPOINT") < names.index("CMD")
    assert all("apt-get" not in each.arguments for stage in before for each in stage)
    [installs] = [each.arguments for each in final if "apt-get" in each.arguments]
    assert re.findall(r'"(\S+)"', installs) == ["tini=0.19.0-*"]


def test_linters_have_nothing_to_say() -> None:
    """hadolint's DL3008, DL3009, DL3015, DL3042, DL4000, DL3020, DL3025 and DL3002."""
    for each in (each for stage in stages() for each in stage):
        assert each.name not in ("ADD", "MAINTAINER")
        if each.name in ("ENTRYPOINT", "CMD"):
            assert each.arguments.startswith("["), "a shell would be between it and its signals"
        if "pip install" in each.arguments:
            assert "--no-cache-dir" in each.arguments
        if "apt-get install" in each.arguments:
            assert {"--yes", "--no-install-recommends"} <= set(each.words)
            assert each.arguments.endswith("rm -rf /var/lib/apt/lists/*")
            assert "apt-get upgrade" not in each.arguments


def test_100_the_example_has_an_init_and_a_time_zone() -> None:
    assert SERVICES["strmctl"]["init"] is True
    assert "TZ" in SERVICES["strmctl"]["environment"]


def test_bases_are_named_by_version() -> None:
    bases = [stage[0].words[0] for stage in stages()]
    images = [service["image"] for service in SERVICES.values() if "build" not in service]
    assert all(re.search(r":v?\d", name) for name in (*bases, *images))
    assert len(set(bases)) == 1, "the environment of one Python runs with the other"


def test_the_image_runs_commands_that_are_there(strmctl: Strmctl, library: Path) -> None:
    by_name = {each.name: each for each in stages()[-1]}
    init, *options, entry = by_name["ENTRYPOINT"].words
    # Or it says at each start below `docker run --init` that it is not the first process.
    assert (init, options) == ("tini", ["-s", "--"])
    assert entry == ENTRYPOINT.name
    [brought] = [each for each in stages()[-1] if entry in each.arguments and each.name == "COPY"]
    assert "--chmod=755" in brought.words
    strmctl(*by_name["CMD"].words, "--help")
    program, *check = by_name["HEALTHCHECK"].words
    assert program == "strmctl"
    assert "cannot be reached" in strmctl(*check, "--url", "http://127.0.0.1:1", code=1).err


def test_the_example_sets_what_there_is() -> None:
    names = [name for name in strmctl_environment() if name.startswith("STRMCTL_")]
    assert len(names) >= 4
    unknown = [name for name in names if environment.key_of(name, {}) is None]
    assert unknown == []


def test_the_example_is_what_a_strmctl_understands(library: Path) -> None:
    settings = load(environ=strmctl_environment()).settings
    ports = [port.split(":")[1] for port in SERVICES["strmctl"]["ports"]]
    assert ports == [str(settings.serve.port)]
    assert settings.proxy.public_base_url == f"http://given:{settings.serve.port}"
    assert settings.serve.host == "0.0.0.0"
    assert settings.serve.admin_token == "given"
    assert settings.maintain.enabled
    assert SERVICES["gluetun"]["environment"]["HTTPPROXY"] == "on"
    assert settings.upstream.egress == "http://gluetun:8888"


def test_every_folder_is_mounted_where_it_is_used() -> None:
    by_name = {each.name: each for each in stages()[-1]}
    inside = mounts("strmctl")
    assert set(inside) == set(by_name["VOLUME"].words)
    assert by_name["WORKDIR"].arguments in inside
    assert inside["/library"] == mounts("jellyfin")["/media/strm"]
    made = (ROOT / "examples" / "compose.yaml").read_text().partition("mkdir -p ")[2].split("\n")[0]
    folders = {f"./{name}" for name in made.split()}
    assert folders == {*inside.values(), *mounts("jellyfin").values()}


def test_services_wait_for_those_that_they_need() -> None:
    waits = {name: set(service.get("depends_on", ())) for name, service in SERVICES.items()}
    assert waits == {"gluetun": set(), "strmctl": {"gluetun"}, "jellyfin": {"strmctl"}}
    checked = SERVICES["strmctl"]["healthcheck"]["test"]
    [by_image] = [each.words for each in stages()[-1] if each.name == "HEALTHCHECK"]
    assert checked == ["CMD", *by_image]


@pytest.mark.parametrize("key", ["read_only", "cap_drop", "security_opt"])
def test_the_container_is_hardened(key: str) -> None:
    assert SERVICES["strmctl"][key]


def test_each_stage_begins_with_the_same_pinned_bytes() -> None:
    bases = re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert len(bases) == 2
    [base] = set(bases)
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-\w+@sha256:[0-9a-f]{64}", base)
