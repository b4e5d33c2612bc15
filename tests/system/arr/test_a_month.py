"""A month of Sonarr and Radarr in each mode: library, database and media server agree in the end.

Both say everything once. `serve` is killed twice, with events waiting in it; cron's runs go on.
"""

import json
import random
import re
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from stage.answering import Asked as Question, Reply as Answer, answer, answering
from stage.media_server import MediaServer, media_server
from stage.strmctl import Strmctl, new_strmctl
from stage.waiting import until
from strmctl.storage.locks.run_lock import run_lock
from system.notify.servers import Asked, Reply, serving

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

EPISODES = 6
RUNS = [
    ["refresh", "--all", "--force", "-q", "--wait", "2m"],
    ["probe", "--all", "-q", "--wait", "2m"],
]


@dataclass(slots=True)
class Watcher:
    """A media server: it looks whether what it hears of, from whomever, is there."""

    library: Path
    shown: set[str] = field(default_factory=set)

    def __call__(self, asked: Asked) -> Reply:
        if asked.body is not None:
            self.look(file["strm_path"] for file in asked.body.get("files", ()))
        return Reply(200)

    def look(self, paths: Iterable[str]) -> None:
        for path in paths:
            (self.shown.add if (self.library / path).exists() else self.shown.discard)(path)


@dataclass(slots=True)
class Arr:
    """One of the two: it changes files below its own folders, and says so once."""

    sender: str
    strmctl: Strmctl
    watcher: Watcher
    is_up: threading.Lock
    chance: random.Random
    said: int = 0
    kinds: set[str] = field(default_factory=set)
    version: int = 0

    @property
    def library(self) -> Path:
        return self.watcher.library

    def day(self) -> None:
        """Something happens to one of its titles."""
        titles = sorted(path for path in self.library.iterdir() if self._is_own(path.name))
        folder = self.chance.choice(titles)
        files = sorted(folder.rglob("*.strm"))
        acts = [self._rename, self._rename_all, self._import]
        # What is deleted is gone for good; the library is to last a month.
        acts += [self._delete] if len(files) > 2 else []
        acts += [self._delete_title] if len(titles) > 3 and self.sender == "sonarr" else []
        with self.is_up:
            self.chance.choice(acts)(folder, files)

    def _is_own(self, name: str) -> bool:
        return name.startswith("Film" if self.sender == "radarr" else "Show")

    def _new_name(self, file: Path) -> Path:
        """As a changed naming scheme has it, in another season's folder at times."""
        self.version += 1
        stem = file.stem.partition(" v")[0]
        folder = file.parent
        if self.sender == "sonarr" and self.chance.random() < 0.3:
            folder = file.parent.parent / self.chance.choice(["Season 01", "Season 1", "S01"])
        folder.mkdir(exist_ok=True)
        return folder / f"{stem} v{self.version} [WEBDL-1080p].strm"

    def _rename(self, folder: Path, files: list[Path]) -> None:
        self._renamed(folder, [self.chance.choice(files)])

    def _rename_all(self, folder: Path, files: list[Path]) -> None:
        self._renamed(folder, files)

    def _renamed(self, folder: Path, files: list[Path]) -> None:
        moved = {file: file.rename(self._new_name(file)) for file in files}
        listed = [{**self._file(new), "previousPath": str(old)} for old, new in moved.items()]
        key = "renamedEpisodeFiles" if self.sender == "sonarr" else "renamedMovieFiles"
        self._say("Rename", folder, [*moved, *moved.values()], {key: listed})

    def _import(self, folder: Path, files: list[Path]) -> None:
        """From the place where it lay to the one where it belongs; Radarr 5 says where it lay,
        Sonarr 3 which episode it is."""
        old = self.chance.choice(files)
        new = old.rename(self._new_name(old))
        said = self._file(new)
        if self.sender == "radarr":
            said["sourcePath"] = str(old)
        self._say("Download", folder, [old, new], {self._key(): said, **self._episodes(new)})

    def _episodes(self, file: Path) -> dict[str, Any]:
        numbers = re.search(r"S(\d+)E(\d+)", file.name)
        if numbers is None:
            return {}
        season, episode = map(int, numbers.groups())
        return {"episodes": [{"seasonNumber": season, "episodeNumber": episode}]}

    def _delete(self, folder: Path, files: list[Path]) -> None:
        """An upgrade that replaces a file by one that is there, or a deletion by hand."""
        gone, other = self.chance.sample(files, 2)
        gone.unlink()
        if self.chance.random() < 0.5:
            more = {self._key(): self._file(other), "deletedFiles": [self._file(gone)]}
            self._say(
                "Download",
                folder,
                [gone, other],
                {**more, **self._episodes(other), "isUpgrade": True},
            )
        else:
            event = "EpisodeFileDelete" if self.sender == "sonarr" else "MovieFileDelete"
            more = {self._key(): self._file(gone), "deleteReason": "manual"}
            self._say(event, folder, [gone], more)

    def _delete_title(self, folder: Path, files: list[Path]) -> None:
        for file in files:
            file.unlink()
        for below in sorted(folder.rglob("*"), reverse=True):
            below.rmdir()
        folder.rmdir()
        self._say("SeriesDelete", folder, files, {"deletedFiles": True})

    def _key(self) -> str:
        return "episodeFile" if self.sender == "sonarr" else "movieFile"

    def _file(self, path: Path) -> dict[str, Any]:
        return {"path": str(path), "size": 100, "quality": "WEBDL-1080p"}

    def _say(self, event: str, folder: Path, files: list[Path], more: dict[str, Any]) -> None:
        owner, key = ("series", "path") if self.sender == "sonarr" else ("movie", "folderPath")
        payload = {"eventType": event, owner: {"id": 1, "title": "x", key: str(folder)}, **more}
        url = f"{self.strmctl.base_url}/api/v1/hooks/{self.sender}"
        told = httpx.post(url, json=payload, trust_env=False, verify=False, timeout=60)
        assert told.status_code in (200, 202), told.text
        # Their own Connect to the media server.
        self.watcher.look(str(file.relative_to(self.library)) for file in files)
        self.said, self.kinds = self.said + 1, {*self.kinds, event}


@contextmanager
def living(folder: Path, mode: str) -> Iterator[tuple[Strmctl, Watcher]]:
    """strmctl with six shows and three films, in which each resolve gives another URL."""
    numbers = iter(range(10**6))

    def resolve(asked: Question) -> Answer:
        question = asked.question
        path = f"{question['slug']}-{question['episode'] or 0}"
        return answer(upstream.url(f"{path}?token={next(numbers)}"))

    upstream: MediaServer
    with ExitStack() as stack:
        upstream = stack.enter_context(media_server())
        resolver = stack.enter_context(answering(resolve))
        strmctl = new_strmctl(folder, resolver.url)
        watcher = Watcher(folder / "library")
        told = stack.enter_context(serving(watcher))
        with (folder / "strmctl.toml").open("a") as settings:
            settings.write(f'\n[notify.tv]\ntype = "webhook"\nurl = "{told.url}/"\ntoken = "t"\n')
        text = (folder / "strmctl.toml").read_text().replace('mode = "proxy"', f'mode = "{mode}"')
        (folder / "strmctl.toml").write_text(text)
        shows = [_row(f"Show {n}", e) for n in range(6) for e in range(1, EPISODES + 1)]
        # Three languages of each film, so that one may go.
        films = [_row(f"Film {n}", None, it) for n in range(3) for it in ("de", "en", "fr")]
        run = strmctl.run("write", "--from", "-", "--resolve", stdin=json.dumps(shows + films))
        assert run.returncode == 0, run.stderr
        yield strmctl, watcher


def _row(title: str, episode: int | None, language: str = "de") -> dict[str, object]:
    slug = title.lower().replace(" ", "-")
    row = {"site": "made.up", "slug": slug, "language": language, "title": title, "year": 2020}
    return row if episode is None else {**row, "season": 1, "episode": episode}


@pytest.mark.parametrize("mode", ["proxy", "redirect", "direct"])
def test_92_a_month_in_which_nothing_is_said_twice(
    tmp_path: Path, mode: str, is_long: bool
) -> None:
    days = 120 if is_long else 30
    with living(tmp_path / "strmctl", mode) as (strmctl, watcher), ExitStack() as servers:
        is_up, database = threading.Lock(), strmctl.folder / "strmctl.db"
        chances = {"sonarr": random.Random(7), "radarr": random.Random(11)}
        arrs = [Arr(who, strmctl, watcher, is_up, chance) for who, chance in chances.items()]
        server = servers.enter_context(strmctl.serving())
        with ThreadPoolExecutor() as pool:
            for _ in range(2):
                with run_lock(database, "a long run", wait=timedelta(minutes=1)):
                    lives = [pool.submit(_live, arr, days // 2) for arr in arrs]
                    until(lambda: _late(strmctl) >= 5, "events wait in it")
                    with is_up:
                        server.kill()
                        server = servers.enter_context(strmctl.serving())
                for run in (strmctl.run(*command) for command in RUNS):
                    assert run.returncode in (0, 12), run.stderr
                for life in lives:
                    life.result()
        kinds = arrs[0].kinds | arrs[1].kinds
        assert kinds >= {"Rename", "Download", "SeriesDelete", "EpisodeFileDelete"}
        until(lambda: _late(strmctl) == 0, "all is followed", 120)
        until(lambda: _waiting(strmctl, "notice") == 0, "all is told", 120)
        agree(strmctl, watcher)


def _live(arr: Arr, days: int) -> None:
    for _ in range(days):
        arr.day()


def _late(strmctl: Strmctl) -> int:
    return _waiting(strmctl, "late_event")


def _waiting(strmctl: Strmctl, table: str) -> int:
    return len(_rows(strmctl, f"SELECT id FROM {table}"))


def _rows(strmctl: Strmctl, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(strmctl.folder / "strmctl.db", timeout=60)) as connection:
        return connection.execute(sql).fetchall()


def agree(strmctl: Strmctl, watcher: Watcher) -> None:
    here = {str(it.relative_to(watcher.library)) for it in watcher.library.rglob("*.strm")}
    assert {path for (path,) in _rows(strmctl, "SELECT strm_path FROM strm_mapping")} == here
    assert watcher.shown == here
    assert len(here) > EPISODES
    # What each file holds is its own mapping's: nothing is left to be followed, or to be written.
    for command in (["import", "library", "--dry-run"], ["rewrite", "--dry-run"]):
        run = strmctl.run(*command, "--json")
        assert run.returncode == 0, run.stderr
        *records, _ = map(json.loads, run.stdout.splitlines())
        assert {record["outcome"] for record in records} <= {"unchanged"}, records
