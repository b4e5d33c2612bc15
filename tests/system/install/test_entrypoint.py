"""`docker-entrypoint.sh`: strmctl runs as the user of PUID and PGID where root starts it."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from system.install.dockerfile import ROOT

STRMCTL = """#!/bin/sh
echo "$(id -u):$(id -g) $(id -G) $HOME $*"
exit 7
"""
_NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")


@dataclass(frozen=True, slots=True)
class Image:
    """The script with folders of its own, and a strmctl that says who it is."""

    root: Path

    @property
    def script(self) -> Path:
        return self.root / "docker-entrypoint.sh"

    def run(
        self, *arguments: str, within: Sequence[str] = (), **environ: str
    ) -> "subprocess.CompletedProcess[str]":
        own = {"PATH": f"{self.root}/bin:{os.environ['PATH']}", "HOME": "/root", **environ}
        command = [*within, str(self.script), *arguments]
        return subprocess.run(command, env=own, capture_output=True, text=True, check=False)

    def owner(self, name: str) -> tuple[int, int]:
        found = (self.root / name).lstat()
        return found.st_uid, found.st_gid


@pytest.fixture
def image() -> Iterator[Image]:
    # Everybody gets to it: pytest's own folders are for one user.
    with TemporaryDirectory(prefix="strmctl-image-") as folder:
        root = Path(folder)
        root.chmod(0o755)
        text = (ROOT / "docker-entrypoint.sh").read_text()
        for name in ("data", "library"):
            (root / name).mkdir()
            (root / name / "of-root").touch()
            (root / name / "of-another").touch()
            os.chown(root / name / "of-another", 4321, 4321)
            text = text.replace(f" /{name} ", f" {root}/{name} ")
        (root / "data" / "link").symlink_to("/etc/hostname")
        (root / "bin").mkdir()
        (root / "bin" / "strmctl").write_text(STRMCTL)
        for path in (root / "docker-entrypoint.sh", root / "bin" / "strmctl"):
            path.write_text(text if path.suffix else STRMCTL)
            path.chmod(0o755)
        yield Image(root)


@pytest.mark.parametrize(
    ("environ", "who"),
    [
        pytest.param({"PUID": "1001", "PGID": "1002"}, "1001:1002", id="both"),
        pytest.param({"PUID": "1001"}, "1001:1000", id="the user"),
        pytest.param({"PGID": "1002"}, "1000:1002", id="the group"),
        pytest.param({"PUID": "99", "PGID": "100"}, "99:100", id="unraid"),
        pytest.param({"PUID": "1001", "PGID": ""}, "1001:1000", id="an unset variable of Compose"),
    ],
)
def test_100_root_hands_over(image: Image, environ: dict[str, str], who: str) -> None:
    ended = image.run("serve", "--port", "80 81", **environ)
    # No group of root's stays, and the exit code is strmctl's.
    assert ended.stdout == f"{who} {who.partition(':')[2]} /data serve --port 80 81\n"
    assert (ended.returncode, ended.stderr) == (7, "")
    mine = tuple(map(int, who.split(":")))
    made = ("data", "data/of-root", "data/link", "library")
    assert {name: image.owner(name) for name in made} == dict.fromkeys(made, mine)
    assert image.owner("data/of-another") == image.owner("library/of-another") == (4321, 4321)
    assert image.owner("library/of-root") == (0, 0)


@pytest.mark.parametrize("environ", [{}, {"PUID": "", "PGID": ""}, {"PUID": "0", "PGID": "0"}])
def test_100_root_that_is_wanted(image: Image, environ: dict[str, str]) -> None:
    ended = image.run("stats", **environ)
    assert ended.stdout.startswith("0:0 ")
    assert ended.stdout.endswith(" stats\n")
    assert (ended.returncode, ended.stderr) == (7, "")
    assert image.owner("data/of-root") == (0, 0)


@pytest.mark.parametrize(
    ("environ", "complains"),
    [
        pytest.param({}, False, id="neither"),
        pytest.param({"PUID": "65534", "PGID": "65534"}, False, id="who it is"),
        pytest.param({"PUID": "1001", "PGID": "1001"}, True, id="somebody else"),
    ],
)
def test_100_nobody_else_changes_anything(
    image: Image, environ: dict[str, str], complains: bool
) -> None:
    ended = image.run("serve", within=_NOBODY, **environ)
    assert ended.stdout == "65534:65534 65534 /root serve\n"
    assert ended.returncode == 7
    assert ("need a start as root" in ended.stderr) is complains
    assert ended.stderr.count("\n") == complains
    assert image.owner("data") == (0, 0)


@pytest.mark.parametrize("bad", ["plex", "1000:1000", "-1", "1e3", " 5", "0x10", "$(id)"])
@pytest.mark.parametrize("name", ["PUID", "PGID"])
def test_100_what_is_no_number_is_said(image: Image, name: str, bad: str) -> None:
    ended = image.run("serve", **{name: bad})
    assert (ended.returncode, ended.stdout) == (3, "")
    assert f"{name}={bad}" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_100_a_mount_that_cannot_be_changed(image: Image) -> None:
    """As on NFS: strmctl runs, and says itself what it cannot write."""
    data = image.root / "data"
    mount = f"mount --bind {data} {data} && mount -o remount,bind,ro {data}"
    within = ("unshare", "--mount", "sh", "-c", f'{mount} && exec "$@"', "sh")
    ended = image.run("serve", within=within, PUID="1001", PGID="1001")
    assert ended.stdout.startswith("1001:1001 ")
    assert image.owner("data") == (0, 0)
