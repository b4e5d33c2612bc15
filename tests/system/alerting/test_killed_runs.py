"""A run that was killed is seen: as interrupted, by `strmctl runs`, `stats` and the page."""

import json
import signal
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from stage.strmctl import Strmctl, new_strmctl

WHY = "it was killed, or the machine went down"


class _Silent(ThreadingHTTPServer):
    """It takes each question and answers none until the test is over."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Never)
        self.asked = threading.Event()
        self.is_over = threading.Event()


class _Never(BaseHTTPRequestHandler):
    server: _Silent

    def do_POST(self) -> None:
        self.server.asked.set()
        self.server.is_over.wait(60)

    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture
def silent() -> Iterator[_Silent]:
    server = _Silent()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="silent resolver")
    thread.start()
    yield server
    server.is_over.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def strmctl(tmp_path: Path, silent: _Silent) -> Strmctl:
    made = new_strmctl(tmp_path / "strmctl", f"http://127.0.0.1:{silent.server_port}/resolve")
    made.write("one")
    return made


def begun(strmctl: Strmctl, silent: _Silent, *arguments: str) -> "subprocess.Popen[str]":
    silent.asked.clear()
    process = strmctl.popen(*arguments)
    assert silent.asked.wait(60)
    return process


def newest(strmctl: Strmctl) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(strmctl.run("runs", "--json").stdout.splitlines()[0])
    return found


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("refresh", "--all"), id="refresh"),
        pytest.param(("refresh", "--id", "1"), id="as a play, without the lock"),
        pytest.param(("probe", "--all"), id="probe"),
    ],
)
def test_a_run_is_running_then_interrupted(
    arguments: tuple[str, ...], strmctl: Strmctl, silent: _Silent
) -> None:
    process = begun(strmctl, silent, *arguments)
    found = newest(strmctl)
    assert (found["command"], found["state"], found["finished_at"]) == (
        arguments[0],
        "running",
        None,
    )
    process.send_signal(signal.SIGKILL)
    process.communicate()
    found = newest(strmctl)
    assert (found["state"], found["exit_code"], found["message"]) == ("interrupted", None, WHY)


def test_it_needs_attention_until_the_next_one_ends_well(strmctl: Strmctl, silent: _Silent) -> None:
    process = begun(strmctl, silent, "probe", "--all")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    with strmctl.serving():
        attention = httpx.get(f"{strmctl.base_url}/api/v1/stats", trust_env=False, verify=False)
        assert WHY in attention.text
        page = httpx.get(f"{strmctl.base_url}/", trust_env=False, verify=False).text
        assert WHY in page.replace("&#39;", "'")


def test_the_next_run_has_its_own_row_and_a_free_name(strmctl: Strmctl, silent: _Silent) -> None:
    for _ in range(2):
        process = begun(strmctl, silent, "refresh", "--all")
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert strmctl.run("rewrite").returncode == 0
    lines = [json.loads(line) for line in strmctl.run("runs", "--json").stdout.splitlines()]
    states = [(line["command"], line["state"]) for line in lines[:-1]]
    assert states[:3] == [
        ("rewrite", "succeeded"),
        ("refresh", "interrupted"),
        ("refresh", "interrupted"),
    ]


def test_a_server_joins_and_cancels_no_run_of_the_command_line(
    strmctl: Strmctl, silent: _Silent
) -> None:
    process = begun(strmctl, silent, "refresh", "--all")
    with strmctl.serving():
        jobs = f"{strmctl.base_url}/api/v1/jobs"
        [run, *_] = httpx.get(jobs, trust_env=False, verify=False).json()["items"]
        assert run["state"] == "running"
        answer = httpx.post(f"{jobs}/{run['id']}/cancel", trust_env=False, verify=False)
        assert answer.json().get("cancel_requested") in (False, None), answer.text
        process.send_signal(signal.SIGKILL)
        process.communicate()
        [run, *_] = httpx.get(jobs, trust_env=False, verify=False).json()["items"]
        assert (run["state"], run["message"]) == ("interrupted", WHY)


def test_a_batch_that_is_written_is_a_run_too(strmctl: Strmctl) -> None:
    rows = strmctl.folder / "rows.csv"
    rows.write_text("site,slug,language,url\nmade.up,film,de,https://cdn.example/film.mp4\n")
    assert strmctl.run("write", "--from", "rows.csv").returncode == 0
    found = newest(strmctl)
    assert (found["command"], found["arguments"]) == ("write", ["--from", "rows.csv"])
    assert (found["state"], found["counts"]["created"]) == ("succeeded", 1)
