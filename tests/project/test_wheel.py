"""The wheel runs in a bare environment that holds its declared dependencies and nothing else."""

import json
import subprocess
import sys
import venv
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


def dependencies(wheel: Path) -> dict[str, metadata.Distribution]:
    """Every installed distribution that the wheel needs at run time, without extras."""
    [inside] = [path for path in zipfile.Path(wheel).iterdir() if path.name.endswith(".dist-info")]
    found: dict[str, metadata.Distribution] = {}
    pending: list[metadata.Distribution] = [metadata.PathDistribution(inside)]
    while pending:
        for line in pending.pop().requires or ():
            requirement = Requirement(line)
            wanted = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
            name = canonicalize_name(requirement.name)
            if wanted and name not in found:
                found[name] = metadata.distribution(name)
                pending.append(found[name])
    return found


def link(distribution: metadata.Distribution, target: Path) -> None:
    for file in distribution.files or ():
        if ".." not in file.parts and "__pycache__" not in file.parts:
            (target / file).parent.mkdir(parents=True, exist_ok=True)
            (target / file).symlink_to(str(distribution.locate_file(file)))


def run(*command: object, cwd: Path, code: int = 0) -> str:
    ended = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False, cwd=cwd
    )
    assert ended.returncode == code, ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel")
    run(*pip, "--no-build-isolation", "--no-deps", "-w", folder, ROOT, cwd=folder)
    [wheel] = folder.glob("strmctl-*.whl")
    return wheel


@pytest.fixture(scope="module")
def bare(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of a new environment that holds the wheel."""
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder, with_pip=False, symlinks=True)
    [site_packages] = folder.glob("lib/python*/site-packages")
    for distribution in dependencies(wheel).values():
        link(distribution, site_packages)
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--python")
    python = folder / "bin" / "python"
    run(*pip, python, "install", "--no-index", "--no-deps", wheel, cwd=folder)
    return folder / "bin"


@pytest.fixture
def installed(bare: Path) -> Path:
    return bare / "strmctl"


def test_nothing_but_the_wheel_is_used(bare: Path, folder: Path) -> None:
    where = run(bare / "python", "-c", "import strmctl; print(strmctl.__file__)", cwd=folder)
    assert where.startswith(str(bare.parent))
    run(bare / "python", "-c", "import pytest", cwd=folder, code=1)


EVERY_MODULE = """
import importlib, pkgutil, strmctl
for module in pkgutil.walk_packages(strmctl.__path__, "strmctl."):
    if "migrations" not in module.name:
        importlib.import_module(module.name)
"""


def test_every_import_is_a_declared_dependency(bare: Path, folder: Path) -> None:
    run(bare / "python", "-c", EVERY_MODULE, cwd=folder)


def test_help_names_the_commands(installed: Path, folder: Path) -> None:
    assert "migrate" in run(installed, "--help", cwd=folder)


def test_the_manual_and_completions_are_in_the_wheel(bare: Path) -> None:
    share = ROOT / "docs" / "share"
    shipped = [path.relative_to(share) for path in share.rglob("*") if path.is_file()]
    assert len(shipped) == 4
    for path in shipped:
        assert (bare.parent / "share" / path).read_bytes() == (share / path).read_bytes()


def test_from_nothing_to_a_file(installed: Path, folder: Path) -> None:
    run(installed, "init", cwd=folder)
    identity = ("--site", "a.to", "--slug", "one-piece", "--season", 1, "--episode", 2)
    written = run(installed, "write", *identity, "--language", "German Dub", "--json", cwd=folder)
    record = json.loads(written.splitlines()[0])
    text = (folder / "library" / record["strm_path"]).read_text()
    assert text == record["playback_url"] + "\n"
    url = run(installed, "url", *identity, "--language", "German Dub", cwd=folder)
    assert url == text


def test_migrations_are_in_the_wheel(installed: Path, bare: Path, folder: Path) -> None:
    *migrations, summary = map(
        json.loads, run(installed, "migrate", "--json", cwd=folder).splitlines()
    )
    assert Path(summary["folder"]).is_relative_to(bare.parent)
    run(bare / "python", "-m", "sqlite_utils", "migrate", "other.db", summary["folder"], cwd=folder)
    checked = run(installed, "--database", "other.db", "migrate", "--check", "--json", cwd=folder)
    assert json.loads(checked.splitlines()[-1])["pending"] == 0
    schemas = [
        run(bare / "python", "-m", "sqlite_utils", "schema", name, cwd=folder)
        for name in ("strmctl.db", "other.db")
    ]
    assert schemas[0] == schemas[1]
    assert migrations


def test_the_page_comes_with_it(wheel: Path) -> None:
    page = ROOT / "strmctl" / "server" / "page"
    files = [it for name in ("templates", "static") for it in (page / name).iterdir()]
    files += list((page.parent / "api" / "swagger").iterdir())
    inside = set(zipfile.ZipFile(wheel).namelist())
    assert len(files) > 10
    assert {str(it.relative_to(ROOT)) for it in files} <= inside
