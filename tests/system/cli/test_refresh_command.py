"""`refresh`: resolve again what is selected, each for itself."""

import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stage.answering import Asked, Reply, Server, answer, answering
from stage.command_line import Strmctl
from stage.media_server import MediaServer, media_server
from strmctl.storage.database.connection import Database
from strmctl.storage.locks.run_lock import run_lock

EPISODES = 12


class Numbered:
    """Each episode's answers are numbered; `broken` ones are 404."""

    def __init__(self, upstream: MediaServer) -> None:
        self.upstream = upstream
        self.count = 0
        self.broken: set[int] = set()
        self._lock = threading.Lock()

    def __call__(self, asked: Asked) -> Reply:
        if asked.question["episode"] in self.broken:
            return Reply(404)
        with self._lock:
            self.count += 1
        return answer(self.upstream.url(f"{asked.question['episode']}/{self.count}"))


@pytest.fixture
def upstream() -> Iterator[MediaServer]:
    with media_server() as upstream:
        yield upstream


@pytest.fixture
def server(upstream: MediaServer) -> Iterator[Server]:
    with answering(Numbered(upstream)) as server:
        yield server


@pytest.fixture
def series(
    strmctl: Strmctl, library: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A library of EPISODES episodes, none resolved yet, and one film of another site."""
    monkeypatch.setenv("STRM_PROXY_UPSTREAM_ALLOWLIST", "127.0.0.1")
    with (library / "strmctl.toml").open("a") as settings:
        settings.write(
            f'\n[resolvers.mine]\nsites = ["a.to"]\ntype = "http"\nurl = "{server.url}"\n'
        )
    rows = [f"a.to,one-piece,1,{number},de" for number in range(1, EPISODES + 1)]
    csv = "\n".join(["site,slug,season,episode,language", *rows, "b.to,film,,,de", ""])
    strmctl("write", "--from", "-", stdin=csv)
    return library


def urls(strmctl: Strmctl) -> dict[int, str | None]:
    """By episode, of the series."""
    records = strmctl("list", "--series", "one-piece", "--json").records
    shown = [
        strmctl("show", record["id"], "--json", "--reveal").document
        for record in records
        if record["type"] == "mapping"
    ]
    return {record["episode"]: record["resolved_url"] for record in shown}


def test_a_series(strmctl: Strmctl, series: Path, server: Server, upstream: MediaServer) -> None:
    *records, summary = strmctl("refresh", "--series", "one-piece", "--json").records
    assert summary == {
        "type": "summary",
        "refreshed": EPISODES,
        "unchanged": 0,
        "failed": 0,
    }
    assert {record["outcome"] for record in records} == {"refreshed"}
    assert sorted(record["id"] for record in records) == list(range(1, EPISODES + 1))
    assert {question["reason"] for question in server.questions} == {"refresh"}
    for episode, url in urls(strmctl).items():
        assert str(url).startswith(upstream.url(f"{episode}/"))


def test_the_json_of_one(
    strmctl: Strmctl, series: Path, server: Server, upstream: MediaServer
) -> None:
    server.reply = lambda asked: answer(
        upstream.url("secret"), provider="VOE", expires_at=1999999999
    )
    [record, _] = strmctl("refresh", "--series", "one-piece", "--episode", 1, "--json").records
    assert record == {
        "type": "refresh",
        "id": 1,
        "outcome": "refreshed",
        "reason": None,
        "strm_path": record["strm_path"],
        "site": "a.to",
        "slug": "one-piece",
        "season": 1,
        "episode": 1,
        "language": "de",
        "provider": None,
        "provider_used": "VOE",
        "expires_at": "2033-05-18T03:33:19Z",
    }


def test_one_failure_never_stops_the_rest(strmctl: Strmctl, series: Path, server: Server) -> None:
    assert isinstance(server.reply, Numbered)
    server.reply.broken = {2, 5}
    *records, summary = strmctl("refresh", "--all", "--json", code=12).records
    assert (summary["refreshed"], summary["unchanged"], summary["failed"]) == (EPISODES - 2, 0, 3)
    failed = {record["slug"]: record["reason"] for record in records if record["reason"]}
    assert "no such episode" in failed["one-piece"]
    assert "no resolver for site 'b.to'" in failed["film"]


def test_the_same_answer_is_unchanged(
    strmctl: Strmctl, series: Path, server: Server, upstream: MediaServer
) -> None:
    server.reply = lambda asked: answer(upstream.url("static"))
    for outcome in ("refreshed", "unchanged"):
        summary = strmctl("refresh", "--site", "a.to", "--json").records[-1]
        assert summary[outcome] == EPISODES


def test_a_failure_keeps_what_was_known(strmctl: Strmctl, series: Path, server: Server) -> None:
    strmctl("refresh", "--series", "one-piece")
    before = urls(strmctl)
    server.reply = lambda asked: Reply(500)
    strmctl("refresh", "--series", "one-piece", code=12)
    assert urls(strmctl) == before


def test_expiring(strmctl: Strmctl, series: Path, server: Server, upstream: MediaServer) -> None:
    def expires(asked: Asked) -> Reply:
        minutes = 30 if asked.question["episode"] <= 3 else 300
        return answer(upstream.url("1"), expires_at=time.time() + 60 * minutes)

    server.reply = expires
    strmctl("refresh", "--series", "one-piece")
    server.asked.clear()
    strmctl("refresh", "--expiring", "2h")
    assert sorted(question["episode"] for question in server.questions) == [1, 2, 3]


def test_dead_ones_avoid_the_url_that_died(strmctl: Strmctl, series: Path, server: Server) -> None:
    strmctl("refresh", "--series", "one-piece")
    dead = urls(strmctl)[3]
    with Database.open(series / "strmctl.db") as database, database.transaction() as connection:
        connection.execute("UPDATE strm_mapping SET state = 'dead' WHERE episode = 3")
    server.asked.clear()
    strmctl("refresh", "--dead")
    [question] = server.questions
    assert (question["episode"], question["avoid_urls"]) == (3, [dead])
    shown = strmctl("show", 3, "--json").document
    assert shown["state"] == "alive"
    assert shown["last_probed_at"] is not None


def test_nothing_to_do_is_well(strmctl: Strmctl, series: Path, server: Server) -> None:
    assert strmctl("refresh", "--dead", "--json").records == [
        {"type": "summary", "refreshed": 0, "unchanged": 0, "failed": 0}
    ]
    assert server.asked == []


def test_each_failure_is_a_line_with_its_reason(
    strmctl: Strmctl, series: Path, server: Server
) -> None:
    assert isinstance(server.reply, Numbered)
    server.reply.broken = {1}
    ended = strmctl("refresh", "--series", "one-piece", "--episode", 1, code=12)
    assert ended.out == (
        "failed a.to/one-piece S01E01 (de): "
        "resolver 'mine': no such episode: a.to/one-piece S01E01 (de)\n"
    )
    assert ended.err == "0 refreshed, 0 unchanged, 1 failed\n"


def test_nothing_selected_is_an_error(strmctl: Strmctl, series: Path, server: Server) -> None:
    assert "or --all" in strmctl("refresh", code=2).err
    assert server.asked == []


def test_dry_run(strmctl: Strmctl, series: Path, server: Server) -> None:
    *records, summary = strmctl("refresh", "--site", "a.to", "--dry-run", "--json").records
    assert [record["episode"] for record in records] == list(range(1, EPISODES + 1))
    assert {(record["outcome"], record["dry_run"]) for record in records} == {("refreshed", True)}
    assert (summary["refreshed"], summary["unchanged"]) == (EPISODES, 0)
    assert server.asked == []


def test_a_dry_run_says_what_would_be_done(strmctl: Strmctl, series: Path, server: Server) -> None:
    """Without a resolver nothing comes of asking, and that is known before."""
    strmctl("write", "--site", "b.to", "--slug", "film", "--language", "de", "-q")
    ended = strmctl("refresh", "--all", "--dry-run")
    assert "would refresh a.to/one-piece S01E01 (de): unknown\n" in ended.out
    assert "would fail b.to/film (de): no resolver for site 'b.to': write one" in ended.out
    assert f"{EPISODES} would be refreshed, 1 would fail" in ended.err
    *_, failed, summary = strmctl("refresh", "--all", "--dry-run", "--json").records
    assert failed["outcome"] == "failed"
    assert failed["reason"].startswith("no resolver for site 'b.to'")
    assert (summary["refreshed"], summary["failed"]) == (EPISODES, 1)
    assert server.asked == []


def test_it_is_polite(
    strmctl: Strmctl, series: Path, server: Server, upstream: MediaServer
) -> None:
    lock = threading.Lock()
    now, most = 0, 0
    several = threading.Event()

    def count(asked: Asked) -> Reply:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
            if now >= 2:
                several.set()
        several.wait(30)
        with lock:
            now -= 1
        return answer(upstream.url("1"))

    server.reply = count
    strmctl("refresh", "--series", "one-piece")
    assert 2 <= most <= 4


def test_a_resolver_that_says_later_is_asked_again_then(
    strmctl: Strmctl, series: Path, server: Server, upstream: MediaServer
) -> None:
    begun = threading.Event()

    def busy_first(asked: Asked) -> Reply:
        if not begun.is_set():
            begun.set()
            return Reply(503, headers={"Retry-After": "1"})
        return answer(upstream.url("1"))

    server.reply = busy_first
    strmctl("refresh", "--series", "one-piece", "--episode", 1)
    assert len(server.asked) == 2


def test_one_that_says_much_later_is_left_alone(
    strmctl: Strmctl, series: Path, server: Server
) -> None:
    server.reply = lambda asked: Reply(429, headers={"Retry-After": "3600"})
    summary = strmctl("refresh", "--series", "one-piece", "--json", code=12).records[-1]
    assert summary["failed"] == EPISODES
    assert len(server.asked) <= 4


def test_in_direct_mode_the_file_is_rewritten(
    strmctl: Strmctl,
    series: Path,
    server: Server,
    upstream: MediaServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    record = strmctl("show", 1, "--json").document
    file = series / "library" / record["strm_path"]
    file.write_text(f"#KODIPROP:a=b\n{record['playback_url']}\n")
    monkeypatch.setenv("STRM_PROXY_MODE", "direct")
    strmctl("refresh", "--series", "one-piece", "--episode", 1)
    assert file.read_text() == f"#KODIPROP:a=b\n{upstream.url('1/1')}\n"


def test_in_proxy_mode_no_file_is_touched(strmctl: Strmctl, series: Path, server: Server) -> None:
    def mtimes() -> dict[Path, int]:
        return {file: file.stat().st_mtime_ns for file in series.rglob("*.strm")}

    before = mtimes()
    strmctl("refresh", "--series", "one-piece")
    assert mtimes() == before


def test_two_runs_never_overlap(strmctl: Strmctl, series: Path, server: Server) -> None:
    with run_lock(series / "strmctl.db", "probe"):
        ended = strmctl("refresh", "--all", code=5)
    assert f"`strmctl probe` (pid {os.getpid()}, since " in ended.err
    assert server.asked == []


def test_a_few_that_are_named_wait_for_no_run(
    strmctl: Strmctl, series: Path, server: Server
) -> None:
    with run_lock(series / "strmctl.db", "probe"):
        ended = strmctl("refresh", "--id", 1, "--id", 3, "--json")
        strmctl("refresh", "--id", 1, "--series", "one-piece", code=5)
        strmctl("refresh", *(word for n in range(1, 22) for word in ("--id", n)), code=5)
        (series / "strmctl.toml").write_text(
            (series / "strmctl.toml").read_text().replace('mode = "proxy"', 'mode = "direct"')
        )
        strmctl("refresh", "--id", 1, code=5)
    assert ended.records[-1]["refreshed"] == 2


@pytest.mark.parametrize(
    ("sign", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["SIGINT", "SIGTERM"]
)
def test_an_interrupt_ends_at_once_and_keeps_what_is_done(
    strmctl: Strmctl,
    series: Path,
    server: Server,
    upstream: MediaServer,
    sign: signal.Signals,
    code: int,
) -> None:
    stuck, release = threading.Event(), threading.Event()
    # Which five come first is the run's to choose.
    turns = itertools.count(1)

    def stops_after_five(asked: Asked) -> Reply:
        if next(turns) > 5:
            stuck.set()
            release.wait(60)
        return answer(upstream.url("1"))

    server.reply = stops_after_five
    command = [sys.executable, "-m", "strmctl", "refresh", "--series", "one-piece", "--json"]
    try:
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert stuck.wait(60)
            deadline = time.monotonic() + 30
            while sum(url is not None for url in urls(strmctl).values()) < 5:
                assert time.monotonic() < deadline
            process.send_signal(sign)
            begun = time.monotonic()
            _, complaint = process.communicate(timeout=30)
    finally:
        release.set()
    assert process.returncode == code, complaint.decode()
    assert time.monotonic() - begun < 10
    assert b"Traceback" not in complaint
    assert sum(url is not None for url in urls(strmctl).values()) == 5
