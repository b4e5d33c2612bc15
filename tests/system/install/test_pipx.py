"""`pipx install`: the wheel with its dependencies from the index, in an environment of its own."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from stage.waiting import free_port, until
from strmctl import __version__

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True)
class Installed:
    programs: Path
    folder: Path

    def command(self, *arguments: str) -> list[str]:
        return [str(self.programs / "strmctl"), *arguments]

    def run(self, *arguments: str) -> str:
        return run(*self.command(*arguments), cwd=self.folder)


def run(*command: str, cwd: Path, environ: Mapping[str, str] = os.environ) -> str:
    ended = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=cwd, env=environ, timeout=600
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    return ended.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    place = tmp_path_factory.mktemp("pipx")
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check")
    run(*pip, "wheel", "--no-build-isolation", "--no-deps", "-w", str(place), str(ROOT), cwd=place)
    [wheel] = place.glob("*.whl")
    run(sys.executable, "-m", "venv", str(place / "pipx"), cwd=place)
    run(str(place / "pipx/bin/pip"), "install", "--quiet", "pipx", cwd=place)
    environ = {
        **os.environ,
        "PIPX_HOME": str(place / "home"),
        "PIPX_BIN_DIR": str(place / "bin"),
        "PIPX_MAN_DIR": str(place / "man"),
        "PIP_CONSTRAINT": str(ROOT / "requirements.lock"),
    }
    run(str(place / "pipx/bin/pipx"), "install", str(wheel), cwd=place, environ=environ)
    folder = place / "library"
    folder.mkdir()
    return Installed(place / "bin", folder)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_from_the_index_to_the_page(installed: Installed) -> None:
    assert installed.run("--version").split()[-1] == __version__
    assert (installed.programs.parent / "man" / "man1" / "strmctl.1").is_file()
    port = free_port()
    base_url = f"http://127.0.0.1:{port}"
    installed.run("init", "--base-url", base_url)
    identity = "--site a.example --slug film --language de".split()
    mapping = json.loads(installed.run("write", *identity, "--json").splitlines()[0])
    log = installed.folder / "serve.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            installed.command("serve", "--maintain", "--port", str(port)),
            cwd=installed.folder,
            stdout=output,
            stderr=output,
        )
    try:
        with httpx.Client(base_url=base_url, trust_env=False, verify=False, timeout=30) as client:
            until(lambda: server.poll() is not None or answers(client), "it serves", 60)
            assert server.poll() is None, log.read_text()
            page = client.get("/", follow_redirects=True)
            assert page.headers["Content-Type"].startswith("text/html")
            assets = set(re.findall(r'(?:href|src)="([^"#?]+\.(?:css|js|svg))', page.text))
            assert {asset.rpartition(".")[2] for asset in assets} >= {"css", "js"}
            for asset in assets:
                assert client.get(page.url.join(asset)).status_code == 200, asset
            assert client.get(f"/api/v1/mappings/{mapping['id']}").json()["slug"] == "film"
            assert "strmctl_links" in client.get("/metrics").text
            until(lambda: maintained(client), "a run of its maintenance has ended", 60)
    finally:
        server.terminate()
        assert server.wait(60) == 0, log.read_text()


def answers(client: httpx.Client) -> bool:
    try:
        return client.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False


def maintained(client: httpx.Client) -> bool:
    jobs = client.get("/api/v1/jobs").json()["items"]
    return any(job["cause"] == "maintain" and job["state"] == "succeeded" for job in jobs)
