"""`type = "command"` with real programs."""

import asyncio
import json
import os
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
import uvloop

from stage.asking import QUESTION, ask, refusal, table
from strmctl.domain.mapping import Resolution
from strmctl.errors import SettingsError
from strmctl.resolvers.registry import Registry
from strmctl.settings.model import ResolverSettings, Settings

URL = "https://cdn.example/v.m3u8?token=secret"


def python(code: str, *, timeout: float = 20, egress: str = "") -> ResolverSettings:
    return table("command", timeout=timeout, egress=egress, command=[sys.executable, "-c", code])


async def test_it_reads_the_question_and_prints_an_answer(tmp_path: Path) -> None:
    record = tmp_path / "question.json"
    answer = {"url": URL, "headers": {"Referer": "r"}, "provider": "Filemoon"}
    found = await ask(
        python(
            "import sys, pathlib\n"
            f"pathlib.Path({str(record)!r}).write_text(sys.stdin.read())\n"
            f"print({json.dumps(answer)!r})"
        )
    )
    assert found == Resolution(URL, {"Referer": "r"}, "Filemoon")
    assert json.loads(record.read_text()) == QUESTION


async def test_a_bare_url_is_an_answer() -> None:
    assert (await ask(python(f"print({URL!r})"))).url == URL


async def test_a_text_is_split_as_a_shell_would_without_a_shell(tmp_path: Path) -> None:
    script = tmp_path / "with space; $HOME.py"
    script.write_text("import sys; print(f'https://cdn.example/{sys.argv[1]}')")
    command = f"{shlex.quote(sys.executable)} {shlex.quote(str(script))} '$a;b'"
    assert (await ask(table("command", command=command))).url == "https://cdn.example/$a;b"


@pytest.mark.parametrize(
    ("code", "status", "what"),
    [
        pytest.param("raise SystemExit(66)", 404, "no such episode", id="66"),
        pytest.param("raise SystemExit(75)", 503, "later", id="75"),
        pytest.param(
            "import sys; print('queue full', file=sys.stderr); exit(75)",
            503,
            "later: queue full",
            id="75 with a reason",
        ),
        pytest.param("raise SystemExit(1)", 502, "ended with status 1", id="1"),
        pytest.param("import os; os.kill(os.getpid(), 9)", 502, "status -9", id="killed"),
        pytest.param("", 502, "no JSON but nothing", id="nothing"),
        pytest.param("print('secret')", 502, "no JSON but other text", id="rubbish"),
        pytest.param("print('https://a/ secret')", 502, "white space", id="URL and more"),
        pytest.param("print('https://a/\\nhttps://b/')", 502, "white space", id="two URLs"),
        pytest.param("print('ftp://secret/')", 502, "no JSON but other text", id="ftp"),
        pytest.param("while True: print('x' * 65536)", 502, "printed more than", id="endless"),
        pytest.param(
            "import sys; print('a\\nfailed at https://h/?t=secret now', file=sys.stderr); exit(3)",
            502,
            "status 3: failed at <url> now",
            id="complaint without its URL",
        ),
        pytest.param(
            "import sys; print('x' * 10**6, file=sys.stderr); exit(3)", 502, "xxx…", id="long line"
        ),
    ],
)
async def test_everything_else_is_one_line(code: str, status: int, what: str) -> None:
    error = await refusal(python(code))
    assert what in str(error)
    assert "secret" not in str(error)
    assert len(str(error)) < 500
    assert error.http_status == status


async def test_a_program_that_is_not_there() -> None:
    error = await refusal(table("command", command="/nonexistent/resolver --now"))
    assert "/nonexistent/resolver cannot be started: No such file" in str(error)


async def test_a_question_that_nobody_reads(tmp_path: Path) -> None:
    code = f"import os; os.close(0); print({URL!r})"
    assert (await ask(python(code))).url == URL


def shell(script: str) -> ResolverSettings:
    """A program that begins at once; it has four seconds."""
    return table("command", timeout=4, command=["/bin/sh", "-c", script])


async def test_at_the_timeout_it_is_killed_with_its_children(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    error = await refusal(
        shell(f"trap '' TERM; sleep 60 & echo $$ $! > {shlex.quote(str(pids))}; wait")
    )
    assert error.http_status == 504
    assert "no answer within 4 s" in str(error)
    parent, child = (int(pid) for pid in pids.read_text().split())
    await gone(parent)
    await gone(child)


async def test_a_child_that_outlives_its_parent_is_killed_as_well(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    error = await refusal(shell(f"sleep 60 & echo $! > {shlex.quote(str(pids))}"))
    assert error.http_status == 504
    await gone(int(pids.read_text()))


async def gone(pid: int) -> None:
    """Until the process has ended; one that nobody has waited for yet counts as ended."""
    async with asyncio.timeout(20):
        while is_running(pid):
            await asyncio.sleep(0.01)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def test_its_environment_has_the_egress_and_no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRM_PROXY_SECRET", "secret")
    monkeypatch.setenv("STRMCTL_PROXY_SECRET", "secret")
    monkeypatch.setenv("STRMCTL_NOTIFY_TV_TOKEN", "secret")
    monkeypatch.setenv("NOTIFY_SOCKET", "/run/systemd/notify")
    code = (
        "import os; e = os.environ\n"
        "own = [name for name in e if name.startswith(('STRM', 'NOTIFY'))]\n"
        "print('https://cdn.example/', own,"
        " e['https_proxy'], e['ALL_PROXY'], 'PATH' in e, sep='|')"
    )
    found = await ask(python(code, egress="http://gluetun:8888"))
    assert found.url == (
        f"https://cdn.example/|[]|http://gluetun:8888|http://gluetun:8888|{'PATH' in os.environ}"
    )


@pytest.mark.parametrize(
    ("egress", "child"),
    [
        pytest.param("socks5://gluetun:1080", "socks5h://gluetun:1080", id="socks5"),
        pytest.param("socks5h://a:b@gluetun:1080", "socks5h://a:b@gluetun:1080", id="socks5h"),
        pytest.param("http://gluetun:8888", "http://gluetun:8888", id="http"),
    ],
)
@pytest.mark.parametrize("exempt", ["NO_PROXY", "no_proxy", "No_Proxy"])
async def test_89_neither_names_nor_bytes_of_a_child_go_past_the_egress(
    monkeypatch: pytest.MonkeyPatch, egress: str, child: str, exempt: str
) -> None:
    """With socks5 curl and others ask the local DNS; what NO_PROXY exempts goes directly."""
    monkeypatch.setenv(exempt, "*")
    monkeypatch.setenv("HTTPS_PROXY", "http://elsewhere:1")
    code = (
        "import os; e = os.environ\n"
        "names = [n + '_proxy' for n in ('http', 'https', 'all')]\n"
        "found = {e[n] for n in names} | {e[n.upper()] for n in names}\n"
        "print('https://cdn.example/', *found, any(n.lower() == 'no_proxy' for n in e), sep='|')"
    )
    found = await ask(python(code, egress=egress))
    assert found.url == f"https://cdn.example/|{child}|False"


async def test_89_without_an_egress_the_environment_is_the_operator_s(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    code = "import os; print('https://cdn.example/', os.environ['NO_PROXY'], sep='|')"
    assert (await ask(python(code))).url == "https://cdn.example/|*"


@pytest.mark.parametrize(
    ("options", "what"),
    [
        pytest.param({}, "command: is missing", id="missing"),
        pytest.param({"command": ""}, "command: is missing", id="empty"),
        pytest.param({"command": "  "}, "command: needs text", id="blank"),
        pytest.param({"command": []}, "command: needs a list", id="empty list"),
        pytest.param({"command": ["a", 1]}, "command: needs a list", id="number in the list"),
        pytest.param({"command": 1}, "command: needs text", id="number"),
        pytest.param({"command": "a 'b"}, "command: cannot be split", id="open quote"),
        pytest.param({"command": "a", "cmd": "b"}, "cmd: is unknown to type 'command'", id="typo"),
    ],
)
def test_settings_that_cannot_be_used(options: dict[str, Any], what: str) -> None:
    with pytest.raises(SettingsError, match=what):
        Registry.from_settings(Settings(resolvers=[table("command", **options)]))


def test_the_event_loop_of_serve_runs_it_too() -> None:
    async def both() -> None:
        assert (await ask(python(f"print({URL!r})"))).url == URL
        error = await refusal(python("import time; time.sleep(60)", timeout=0.5))
        assert error.http_status == 504

    uvloop.run(both())


def test_a_program_that_has_ended_before_it_is_asked_answers_all_the_same() -> None:
    async def many() -> None:
        for _ in range(60):
            found = await ask(table("command", command=["/bin/sh", "-c", f"echo '{URL}'"]))
            assert found.url == URL

    uvloop.run(many())
