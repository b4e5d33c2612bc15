"""Single flight between real processes on one database."""

import subprocess
import sys
import threading
from pathlib import Path

from stage.answering import Asked, Reply, answer, answering
from strmctl.domain.identity import Identity
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.mappings import Mappings, Registration

EPISODE = Identity("site.example", "one-piece", "de", 1, 2)

PLAYER = """
import asyncio, sys
from pathlib import Path
from strmctl.domain.identity import Identity
from strmctl.resolvers.contract import Reason
from strmctl.services.resolving.opening import resolving
from strmctl.settings.model import ResolverSettings, Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.mappings import Mappings

async def main(database, resolver):
    table = ResolverSettings("mine", ["*"], "http", options={"url": resolver})
    settings = Settings(database=Path(database), resolvers=[table])
    identity = Identity("site.example", "one-piece", "de", 1, 2)
    with Database.open(settings.database) as opened:
        async with resolving(settings, Mappings(opened)) as service:
            print("ready", flush=True)
            sys.stdin.readline()
            print((await service.current(identity, Reason.PLAY)).url, flush=True)

asyncio.run(main(*sys.argv[1:]))
"""


def player(database: Path, resolver: str) -> subprocess.Popen[str]:
    """A process that stands ready to ask for EPISODE."""
    process = subprocess.Popen(
        [sys.executable, "-c", PLAYER, str(database), resolver],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert line(process) == "ready"
    return process


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def end(process: subprocess.Popen[str]) -> None:
    with process:
        process.kill()


def registered(tmp_path: Path) -> Path:
    with Database.open(tmp_path / "s.db") as database:
        Mappings(database).register([Registration(EPISODE, "a.strm")])
    return tmp_path / "s.db"


def test_four_processes_ask_once(tmp_path: Path) -> None:
    database = registered(tmp_path)
    with answering(lambda asked: answer("https://cdn.example/1")) as server:
        players = [player(database, server.url) for _ in range(4)]
        for each in players:
            go(each)
        assert [line(each) for each in players] == ["https://cdn.example/1"] * 4
        for each in players:
            end(each)
    assert len(server.asked) == 1


def test_when_the_one_that_asks_is_killed_another_asks(tmp_path: Path) -> None:
    database = registered(tmp_path)
    asked_once, release = threading.Event(), threading.Event()

    def first_hangs(asked: Asked) -> Reply:
        if not asked_once.is_set():
            asked_once.set()
            release.wait(60)
        return answer("https://cdn.example/2")

    with answering(first_hangs) as server:
        one, other = player(database, server.url), player(database, server.url)
        go(one)
        assert asked_once.wait(30)
        go(other)
        end(one)
        assert line(other) == "https://cdn.example/2"
        end(other)
        release.set()
    assert len(server.asked) == 2
