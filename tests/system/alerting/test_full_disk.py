"""A disk that is full ends a run at once: one line, nothing half written, and people are told."""

import itertools
import json
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from stage.answering import answer, answering
from stage.full_disk import SmallDisk, small_disk
from stage.mailbox import Mailbox, json_mailbox
from stage.media_server import Media, MediaServer, media_server
from stage.strmctl import Strmctl, new_strmctl
from stage.waiting import until

pytestmark = pytest.mark.slow  # ten processes a case

LINKS, MORE = 60, 400
LONG = "x" * 900
DISK_FULL = "strmctl: disk full"
ELSEWHERE = {"STRMCTL_PROXY_PUBLIC_BASE_URL": f"http://elsewhere.example/{LONG}"}
COMMANDS = {
    "write": ("write", "--from", "more.ndjson"),
    "refresh": ("refresh", "--all", "--force"),
    "rewrite": ("rewrite", "--force"),
    "import": ("import", "library/more", "--force"),
    "probe": ("probe", "--all", "--force"),
}


@dataclass(frozen=True, slots=True)
class Scene:
    strmctl: Strmctl
    disk: SmallDisk
    media: MediaServer
    people: Mailbox

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        environ = ELSEWHERE if command == "rewrite" else None
        return self.strmctl.run(*COMMANDS[command], environ=environ)

    def texts(self) -> dict[str, str]:
        library = self.strmctl.folder / "library"
        files = (file for file in library.rglob("*") if file.is_file() and file.name != "filler")
        return {str(file.relative_to(library)): file.read_text() for file in files}

    def prepare(self, command: str) -> None:
        """What makes the command have much to write."""
        if command == "import":
            folder = self.strmctl.folder / "library" / "more"
            folder.mkdir()
            for number in range(MORE):
                name = f"More - S01E{number + 1:03}.strm"
                (folder / name).write_text(f"https://cdn.example/{number}/{LONG}")
        if command == "probe":
            self.media.reply = lambda path: Media(404)


@contextmanager
def scene_of(folder: Path, disk_at: str) -> Iterator[Scene]:
    """The disk holds all of it, or the library alone."""
    numbers = itertools.count()
    with media_server() as media, json_mailbox("s3cr3t") as people:
        # Each answer is another one, so that there is something to store.
        with answering(lambda _: answer(media.url(f"{next(numbers)}?{LONG}"))) as resolver:
            with _placed(folder, disk_at, resolver.url) as (strmctl, disk):
                with (strmctl.folder / "strmctl.toml").open("a") as settings:
                    settings.write(f'\n[notify.me]\ntype = "apprise"\nurl = "{people.url}"\n')
                _write(strmctl, "show", LINKS)
                assert strmctl.run("refresh", "--all", "-q").returncode == 0
                yield Scene(strmctl, disk, media, people)


@contextmanager
def _placed(folder: Path, at: str, resolver: str) -> Iterator[tuple[Strmctl, SmallDisk]]:
    if at == "library":
        strmctl = new_strmctl(folder / "strmctl", resolver)
        with small_disk(strmctl.folder / "library") as disk:
            yield strmctl, disk
        return
    with small_disk(folder / "disk") as disk:
        yield new_strmctl(disk.folder / "strmctl", resolver), disk


def _write(strmctl: Strmctl, slug: str, number: int) -> None:
    def row(episode: int) -> str:
        names = {"site": "made.up", "slug": slug, "season": 1, "language": "de"}
        return json.dumps({**names, "episode": episode})

    rows = strmctl.folder / "rows.ndjson"
    rows.write_text("\n".join(row(episode + 1) for episode in range(number)))
    assert strmctl.run("write", "--from", "rows.ndjson", "-q").returncode == 0
    more = (row(episode + 1).replace(slug, "more") for episode in range(MORE))
    (strmctl.folder / "more.ndjson").write_text("\n".join(more))


@pytest.mark.parametrize("left", [0, 40_000], ids=["nothing left", "room for a few"])
@pytest.mark.parametrize("command", COMMANDS)
def test_all_of_it_on_a_full_disk(command: str, left: int, tmp_path: Path) -> None:
    with scene_of(tmp_path, "everything") as scene:
        scene.prepare(command)
        before = scene.texts()
        with scene.disk.full(left):
            assert_ends_at_once(scene.run(command), 4)
            assert scene.people.titles == [DISK_FULL]
            assert_ends_at_once(scene.run(command), 4)
        assert scene.people.titles == [DISK_FULL], "it is told once"
        assert_nothing_is_half_written(scene, command, before)
        assert scene.run(command).returncode in (0, 10)
        with scene.disk.full(left):
            scene.media.reply = lambda path: Media()
            assert scene.strmctl.run("refresh", "--all", "--force").returncode == 4
        assert scene.people.titles == [DISK_FULL] * 2, "it had ended in between"


@pytest.mark.parametrize("command", ["write", "rewrite", "import"])
def test_the_library_alone_on_a_full_disk(command: str, tmp_path: Path) -> None:
    with scene_of(tmp_path, "library") as scene:
        scene.prepare(command)
        before = scene.texts()
        with scene.disk.full():
            for _ in range(2):
                assert_ends_at_once(scene.run(command), 12)
        assert scene.people.titles == [DISK_FULL]
        assert_nothing_is_half_written(scene, command, before)
        assert scene.run(command).returncode == 0


def test_a_job_on_a_full_library_fails_with_its_reason(tmp_path: Path) -> None:
    with scene_of(tmp_path, "library") as scene, scene.strmctl.serving():
        scene.prepare("import")
        body: dict[str, object] = {"folder": "more", "force": True}
        with scene.disk.full():
            job = over(scene, "import", body)
        assert (job["state"], job["exit_code"]) == ("failed", 12)
        assert "No space left" in job["message"]
        assert scene.people.titles == [DISK_FULL]
        assert over(scene, "import", body)["state"] == "succeeded"


def test_a_server_on_a_full_disk_goes_on(tmp_path: Path) -> None:
    with scene_of(tmp_path, "everything") as scene, scene.strmctl.serving():
        url = scene.strmctl.base_url
        with scene.disk.full():
            answer = httpx.post(
                f"{url}/api/v1/refresh", json={"all": True}, trust_env=False, verify=False
            )
            # There may be room for the row in the WAL; its run says what it lacks.
            assert answer.status_code in (200, 201, 202, 503), answer.text
            assert httpx.get(f"{url}/healthz", trust_env=False, verify=False).status_code == 200
        job = over(scene, "refresh", {"all": True, "force": True})
        assert job["state"] == "succeeded", job


def over(scene: Scene, command: str, body: dict[str, object]) -> dict[str, Any]:
    """The job when it has ended."""
    url = f"{scene.strmctl.base_url}/api/v1"
    answer = httpx.post(f"{url}/{command}", json=body, trust_env=False, verify=False)
    assert answer.is_success, answer.text
    one = f"{url}/jobs/{answer.json()['id']}"

    def job() -> dict[str, Any]:
        found: dict[str, Any] = httpx.get(one, trust_env=False, verify=False).json()
        return found

    until(lambda: job()["state"] not in ("queued", "running"), "the job is over", 120)
    return job()


def assert_ends_at_once(run: subprocess.CompletedProcess[str], code: int) -> None:
    assert run.returncode == code, run
    [line] = run.stderr.splitlines()
    assert line.startswith("strmctl: "), line
    assert "full" in line or "No space left" in line, line


def assert_nothing_is_half_written(scene: Scene, command: str, before: dict[str, str]) -> None:
    after = scene.texts()
    assert before.keys() <= after.keys()
    for name in after.keys() - before.keys():
        assert command == "write", f"{name} was left behind"
        assert name.endswith(".strm"), name
    for name, text in after.items():
        is_new = text.endswith("\n") and "/strm/stream" in text and "sig=" in text
        assert text == before.get(name) or is_new, f"{name}: {text}"
    with closing(sqlite3.connect(scene.strmctl.folder / "strmctl.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
