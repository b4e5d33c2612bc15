"""Every end of a run is one exit code and at most one line on stderr."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from stage.command_line import Strmctl
from strmctl import __version__

SHOW = "--site a.to --slug a --season 1 --episode 1 --language de".split()
BOOM = """
import asyncio, os, signal, sys, threading
from strmctl.cli.frame.app import Panel, command
from strmctl.cli.frame.ending import run_to_the_end

@command(Panel.LIBRARY)
def boom(run):
    if os.environ["BOOM"] == "pipe":
        for number in range(100_000):
            run.output.record({"type": "number"}, str(number))
        return
    if os.environ["BOOM"] == "late":
        sys.stdin.read()
        run.output.record({"type": "number"}, "1")
        return
    if os.environ["BOOM"] == "wait":
        run.output.note("waiting")
        sys.stdin.read()
    if os.environ["BOOM"] == "thread":
        def hang():
            run.output.note("waiting")
            threading.Event().wait()
        run.output.record({"type": "number"}, "1")
        asyncio.run(asyncio.to_thread(hang))
    if os.environ["BOOM"] == "twice":
        # The second one comes while the end is told, as of Ctrl-C that is pressed twice.
        sent = int(sys.argv[1].removeprefix("--config="))
        write, sys.stderr.write = sys.stderr.write, lambda text: (
            signal.raise_signal(sent), write(text)
        )
        signal.raise_signal(sent)
    raise RuntimeError("https://user:hunter2@cdn.example/a.m3u8?token=hunter2 is odd")

sys.exit(run_to_the_end(["boom", *sys.argv[1:]]))
"""


def start(kind: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", BOOM, *arguments],
        env=os.environ | {"BOOM": kind, "PYTHONUNBUFFERED": ""},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        pytest.param(
            [], ["strmctl: unexpected RuntimeError: run again with -v for details"], id="short"
        ),
        pytest.param(
            ["--json"],
            [
                '{"type":"error","code":1,"message":'
                '"unexpected RuntimeError: run again with -v for details"}'
            ],
            id="json",
        ),
    ],
)
def test_the_unexpected_is_one_line(arguments: list[str], lines: list[str]) -> None:
    with start("error", *arguments) as process:
        out, err = process.communicate()
    assert (process.returncode, out, err.splitlines()) == (1, "", lines)


def test_the_unexpected_in_detail_hides_tokens() -> None:
    with start("error", "-v") as process:
        _out, err = process.communicate()
    assert "Traceback" in err
    assert "https://***@cdn.example/a.m3u8?***" in err
    assert "hunter2" not in err
    assert err.splitlines()[-1] == "strmctl: unexpected RuntimeError"


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["list", "--series", b"b\xffd"], id="selection"),
        pytest.param(["show", b"b\xffd"], id="path in the library"),
        pytest.param(["write", "--from", b"b\xffd"], id="file to read"),
        pytest.param(["backup", b"b\xffd"], id="file to write"),
        pytest.param(["demo", "--once", "--keep", b"b\xffd"], id="folder to make"),
        pytest.param(["keys", "retire", b"b\xffd"], id="key id"),
        pytest.param([b"b\xffd"], id="command"),
    ],
)
def test_an_argument_that_is_no_text(arguments: list[str | bytes], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "strmctl", *arguments, "--json"]
    ended = subprocess.run(command, capture_output=True, cwd=tmp_path, check=False)
    assert (ended.returncode, ended.stdout) == (2, b"")
    assert "'b\\udcffd': not UTF-8 text" in json.loads(ended.stderr)["message"]
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_leaves_is_no_error() -> None:
    with start("pipe") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "0\n"
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 128 + signal.SIGPIPE


def test_a_reader_that_left_before_is_no_error() -> None:
    with start("late") as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdout.close()
        process.stdin.close()
        assert process.stderr.read() == ""
    assert process.returncode == 128 + signal.SIGPIPE


_ANSWERED_BY_TYPER = [["--version"], ["--help"], ["list", "--help"], ["keys", "add", "--help"]]


@pytest.mark.parametrize("buffering", ["", "1"], ids=["buffered", "unbuffered"])
@pytest.mark.parametrize("arguments", _ANSWERED_BY_TYPER, ids=" ".join)
def test_help_of_which_nothing_is_read(
    arguments: list[str], buffering: str, tmp_path: Path
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "strmctl", *arguments]
    environ = {**os.environ, "PYTHONUNBUFFERED": buffering}
    with os.fdopen(writer, "w") as closed:
        ended = subprocess.run(
            command, stdout=closed, stderr=subprocess.PIPE, cwd=tmp_path, env=environ, check=False
        )
    assert (ended.returncode, ended.stderr) == (128 + signal.SIGPIPE, b"")


@pytest.mark.parametrize(
    "arguments", [["config"], ["config", "--json"], *_ANSWERED_BY_TYPER], ids=" ".join
)
def test_results_that_cannot_be_written(arguments: list[str], tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "strmctl", *arguments]
        ended = subprocess.run(
            command, stdout=full, stderr=subprocess.PIPE, text=True, cwd=tmp_path, check=False
        )
    told = "the results cannot be written: No space left on device"
    assert told in ended.stderr.splitlines()[-1]
    assert len([line for line in ended.stderr.splitlines() if "strmctl:" in line]) <= 1
    assert "Exception ignored" not in ended.stderr
    assert ended.returncode == 1


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["bogus"], 2), (["list", "--config", "none.toml"], 3), (["list"], 4), (["config"], 0)],
    ids=["usage", "settings", "database", "a note"],
)
def test_what_stderr_refuses_does_not_change_the_end(
    arguments: list[str], code: int, tmp_path: Path
) -> None:
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "strmctl", *arguments]
        ended = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=full, cwd=tmp_path, check=False
        )
    assert ended.returncode == code


SIGNALS = pytest.mark.parametrize(
    ("sent", "word"),
    [
        pytest.param(signal.SIGINT, "interrupted", id="SIGINT"),
        pytest.param(signal.SIGTERM, "terminated", id="SIGTERM"),
    ],
)


@SIGNALS
@pytest.mark.parametrize("kind", ["wait", "thread"])
def test_a_signal_ends_at_once_with_one_line(kind: str, sent: signal.Signals, word: str) -> None:
    with start(kind) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "waiting\n"
        process.send_signal(sent)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (128 + sent, f"strmctl: {word}\n")
    assert out == ("1\n" if kind == "thread" else "")


@SIGNALS
def test_a_second_signal_changes_nothing(sent: signal.Signals, word: str) -> None:
    """timeout(1) tells a process and then its group."""
    with start("twice", f"--config={sent.value}") as process:
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (128 + sent, "", f"strmctl: {word}\n")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize(
    ("line", "code"),
    [(("write", *SHOW), 0), (("undo", "99"), 2)],
    ids=["write", "error"],
)
@pytest.mark.usefixtures("library")
def test_what_is_closed_ends_no_run(
    strmctl: Strmctl, closed: str, line: tuple[str, ...], code: int
) -> None:
    """The database does not become stdout either."""
    shell = f'exec "$@" {closed}'
    command = ["sh", "-c", shell, "sh", sys.executable, "-m", "strmctl", *line]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ended.returncode, "unexpected" in ended.stderr) == (code, False)
    strmctl("migrate", "--check")


@SIGNALS
def test_a_signal_ends_a_run_whose_results_nobody_reads(sent: signal.Signals, word: str) -> None:
    with start("pipe") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "0\n"
        process.send_signal(sent)
        assert process.wait(30) == 128 + sent
        assert process.stderr.read() == f"strmctl: {word}\n"


def test_a_signal_with_json() -> None:
    with start("wait", "--json") as process:
        assert process.stderr is not None
        assert json.loads(process.stderr.readline())["message"] == "waiting"
        process.terminate()
        error = json.loads(process.communicate(timeout=30)[1])
    assert error == {"type": "error", "code": 143, "message": "terminated"}


def test_ctrl_c_while_modules_are_imported_is_no_traceback(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-X", "importtime", "-m", "strmctl", "migrate"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        while "typer.models" not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert "Traceback" not in process.communicate(timeout=30)[1]
    assert process.returncode in (128 + signal.SIGINT, -signal.SIGINT)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        pytest.param(["confg"], "No such command 'confg'. Did you mean 'config'?", id="command"),
        pytest.param(["help"], "No such command 'help'. (see `strmctl --help`)", id="no-command"),
        pytest.param(["config", "--jsn"], "No such option: --jsn", id="option"),
        pytest.param(["config", "surplus"], "unexpected extra argument", id="surplus"),
        pytest.param(
            ["backup"], "Missing argument 'FILE'. (see `strmctl backup --help`)", id="missing"
        ),
        pytest.param(["url", "--season", "x"], "valid integer", id="no-number"),
    ],
)
def test_a_wrong_call_is_one_line(strmctl: Strmctl, arguments: list[str], told: str) -> None:
    wrong = strmctl(*arguments, code=2)
    assert wrong.err.startswith("strmctl: ")
    assert wrong.err.count("\n") == 1
    assert told in wrong.err
    assert strmctl(*arguments, "--json", code=2).error["code"] == 2


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        pytest.param("latin-1", "Übung ?", id="some letters"),
        pytest.param("ascii", "?bung ?", id="hardly any"),
        pytest.param("utf-8", "Übung 鉄", id="every one"),
    ],
)
def test_a_locale_without_the_letters_ends_no_run(
    library: Path, strmctl: Strmctl, encoding: str, shown: str
) -> None:
    entry = ("--site", "a.to", "--slug", "übung", "--language", "de", "--title", "Übung 鉄")
    environ = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}

    def run(*arguments: str) -> str:
        command = [sys.executable, "-m", "strmctl", *arguments]
        return subprocess.run(
            command, cwd=library, env=environ, capture_output=True, check=True
        ).stdout.decode(encoding)

    assert run("write", *entry).strip() == f"created: {shown}/{shown}.strm"
    assert shown in run("list", "--format", "table")
    [mapping, _] = map(json.loads, run("list", "--json").splitlines())
    assert mapping["strm_path"] == "Übung 鉄/Übung 鉄.strm"


def test_a_missing_settings_file(strmctl: Strmctl) -> None:
    assert strmctl("config", "--config", "none.toml", "--json", code=3).error == {
        "type": "error",
        "code": 3,
        "message": "none.toml: no such settings file: make one with `strmctl init`",
    }


def test_no_command_is_help_and_a_wrong_call(strmctl: Strmctl) -> None:
    assert "Usage: strmctl" in strmctl(code=2).out


@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_tells_exit_codes_and_groups(strmctl: Strmctl, flag: str) -> None:
    words = " ".join(strmctl(flag).out.split())
    assert "25 a safety limit stopped the change · 130/143 interrupted" in words
    for panel in ("Start", "Library", "Settings and database"):
        assert f"─ {panel} ─" in words
    assert "--config" in words


@pytest.mark.parametrize("arguments", [["--version"], ["-v", "--version"]])
def test_version(arguments: list[str], tmp_path: Path) -> None:
    asked = subprocess.run(
        [sys.executable, "-m", "strmctl", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert (asked.returncode, asked.stdout) == (0, f"strmctl {__version__}\n")
