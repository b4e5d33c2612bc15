"""What a result looks like as text, in a pipe, on a terminal and as JSON."""

import io
import os
import pty
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from strmctl.cli.frame.output import Output, cell, encode, printable
from strmctl.domain.counted import timestamp
from strmctl.domain.identity import Identity
from strmctl.domain.mapping import Mapping, Resolution
from strmctl.services.reports.records import mapping_record

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def spoken(output: Output) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        output.record({"type": "x", "at": NOON}, "text of x")
        output.table(("a", "b"), [(1, None), ("two\twords", NOON)])
        output.summary({"count": 2}, "2 in all")
        output.note("note")
        output.warn("careful")
        with output.progress("working", 2) as progress:
            progress.advance()
    return out.getvalue(), err.getvalue()


@pytest.mark.parametrize(
    ("output", "out", "err"),
    [
        pytest.param(
            Output(),
            "text of x\n1\t-\ntwo words\t2026-11-22T12:00:00Z\n",
            "2 in all\nnote\nstrmctl: warning: careful\n",
            id="text",
        ),
        pytest.param(
            Output(quiet=True),
            "text of x\n1\t-\ntwo words\t2026-11-22T12:00:00Z\n",
            "strmctl: warning: careful\n",
            id="quiet",
        ),
        pytest.param(
            Output(json=True),
            '{"type":"x","at":"2026-11-22T12:00:00Z"}\n{"type":"summary","count":2}\n',
            '{"type":"note","message":"note"}\n{"type":"warning","message":"careful"}\n',
            id="json",
        ),
    ],
)
def test_where_everything_goes(output: Output, out: str, err: str) -> None:
    assert spoken(output) == (out, err)


def test_times_are_utc_to_the_second() -> None:
    assert timestamp(None) is None
    assert timestamp(NOON.replace(microsecond=999)) == "2026-11-22T12:00:00Z"
    assert timestamp(NOON.astimezone(timezone(timedelta(hours=5)))) == "2026-11-22T12:00:00Z"


def test_text_cannot_steer_a_terminal() -> None:
    assert printable("a\x1b[31mb\x07\n\tü") == "a�[31mb�\n\tü"
    assert cell(" two\n lines\t") == "two lines"
    assert encode({"text": "\x1b"}) == '{"text":"\\u001b"}'


def on_a_terminal(script: str, **environ: str) -> str:
    """What a script writes when stdout and stderr are a terminal of 80 columns."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=theirs,
        stderr=theirs,
        env=os.environ | {"COLUMNS": "80", "TERM": "xterm-256color"} | environ,
    ):
        os.close(theirs)
        parts = []
        try:
            while part := os.read(ours, 65536):
                parts.append(part)
        except OSError:  # EIO is how Linux says that the last writer has gone
            pass
    os.close(ours)
    return b"".join(parts).decode()


def test_a_terminal_gets_a_table_with_headings() -> None:
    drawn = on_a_terminal(
        "from strmctl.cli.frame.output import Output\n"
        "Output().table(('site', 'slug'), [('a.to', '[red]x[/red]')])\n"
    )
    assert "site" in drawn
    assert "[red]x[/red]" in drawn
    assert "─" in drawn or "━" in drawn


def test_a_terminal_gets_a_bar() -> None:
    script = (
        "from strmctl.cli.frame.output import Output\n"
        "with Output({}).progress('resolving', 2) as bar:\n    bar.advance(2)\n"
    )
    assert "resolving" in on_a_terminal(script.format(""))
    assert on_a_terminal(script.format("quiet=True")) == ""


def test_no_colour_where_none_is_wanted(tmp_path: Path) -> None:
    script = (
        "import sys; from strmctl.cli.frame.ending import run_to_the_end\n"
        f"import os; os.chdir({str(tmp_path)!r})\n"
        "run_to_the_end(sys.argv[1:] or ['config', *os.environ['FLAGS'].split()])\n"
    )
    colours = [f"\x1b[3{digit}" for digit in range(8)]
    plain = on_a_terminal(script, FLAGS="--no-color"), on_a_terminal(script, FLAGS="", NO_COLOR="1")
    for text in plain:
        assert "serve.port" in text
        assert not any(colour in text for colour in colours)


MAPPING = Mapping(
    id=7,
    identity=Identity("a.to", "x", "German", 1, 2),
    strm_path="X/S01E02.strm",
    resolution=Resolution("https://cdn/x?token=t", {"Referer": "r"}, "VOE", NOON, NOON),
)
PLAIN = {
    "type": "mapping",
    "id": 7,
    "strm_path": "X/S01E02.strm",
    "site": "a.to",
    "slug": "x",
    "season": 1,
    "episode": 2,
    "language": "German",
    "provider": None,
    "provider_used": "VOE",
    "state": "unknown",
    "resolved_at": NOON,
    "expires_at": NOON,
    "last_probed_at": None,
    "fail_count": 0,
    "playback_url": "http://p/",
    "title": None,
    "year": None,
    "ids": {"imdb": None, "tvdb": None, "tmdb": None},
    "episode_title": None,
    "quality": None,
    "release_group": None,
}


def test_the_record_of_a_mapping() -> None:
    assert mapping_record(MAPPING, "http://p/") == PLAIN


def test_only_reveal_shows_the_upstream() -> None:
    revealed = mapping_record(MAPPING, "http://p/", reveal=True)
    assert revealed == PLAIN | {
        "resolved_url": "https://cdn/x?token=t",
        "headers": {"Referer": "r"},
    }


def test_a_mapping_that_was_never_resolved() -> None:
    record = mapping_record(Mapping(1, MAPPING.identity, "x.strm"), "http://p/", reveal=True)
    unknown = {"provider_used", "resolved_at", "expires_at", "resolved_url", "headers"}
    assert {name for name in unknown if record[name] is None} == unknown
