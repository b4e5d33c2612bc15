"""`-q` from cron: nothing where nothing needs a person, else a digest, and nothing twice."""

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from stage.strmctl import Strmctl, new_strmctl
from strmctl.domain.digest import MOST_LINES


class _NoSuchEpisode(BaseHTTPRequestHandler):
    """Whoever asks for media gets no more than who asks the resolver."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        self.send_response(404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture(scope="module")
def resolver() -> Iterator[str]:
    """It knows no episode, which is an answer: a link's failure, not its own."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _NoSuchEpisode)
    thread = threading.Thread(target=server.serve_forever, name="resolver")
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/resolve"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def strmctl(tmp_path: Path, resolver: str) -> Strmctl:
    return new_strmctl(tmp_path / "strmctl", resolver)


def write(strmctl: Strmctl, series: int = 1, episodes: int = 1) -> None:
    lines = [
        {"site": "made.up", "slug": f"series-{number:02}", "season": 1, "episode": episode}
        for number in range(1, series + 1)
        for episode in range(1, episodes + 1)
    ]
    file = strmctl.folder / "rows.ndjson"
    file.write_text("\n".join(json.dumps({**line, "language": "de"}) for line in lines))
    assert strmctl.run("write", "--from", str(file), "-q").returncode == 0


def sql(strmctl: Strmctl, statement: str) -> None:
    with closing(sqlite3.connect(strmctl.folder / "strmctl.db")) as connection:
        connection.execute(statement)
        connection.commit()


def refreshed(strmctl: Strmctl, *options: str, code: int = 12) -> list[str]:
    run = strmctl.run("refresh", "--all", *options)
    assert run.returncode == code, run.stderr
    return run.stdout.splitlines()


def test_a_group_is_a_line_and_the_summary_is_kept(strmctl: Strmctl) -> None:
    write(strmctl, episodes=48)
    run = strmctl.run("refresh", "--all", "-q")
    [line] = run.stdout.splitlines()
    assert line.startswith("series-01: 48 episodes failed, ")
    assert run.stderr.splitlines() == ["0 refreshed, 0 unchanged, 48 failed"]


def test_nothing_is_said_where_nothing_needs_a_person(strmctl: Strmctl) -> None:
    run = strmctl.run("probe", "-q")
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
    run = strmctl.run("refresh", "--dead", "-q")
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_many_groups_are_cut(strmctl: Strmctl) -> None:
    write(strmctl, series=MOST_LINES + 12)
    lines = refreshed(strmctl, "-q")
    assert len(lines) == MOST_LINES + 1
    assert lines[-1].startswith("… and 12 more groups: `strmctl ")


def test_the_same_finding_is_not_told_again_before_its_time(strmctl: Strmctl) -> None:
    write(strmctl, episodes=2)
    assert len(refreshed(strmctl, "-q")) == 1
    run = strmctl.run("refresh", "--all", "-q")
    assert (run.returncode, run.stdout, run.stderr) == (12, "", "")
    assert len(refreshed(strmctl, "-q", "--remind", "0s")) == 1
    sql(strmctl, "UPDATE reminder SET at = '2020-01-01T00:00:00.000Z'")
    assert len(refreshed(strmctl, "-q")) == 1


def test_only_what_is_new_is_told(strmctl: Strmctl) -> None:
    write(strmctl, series=1)
    assert len(refreshed(strmctl, "-q")) == 1
    write(strmctl, series=2)
    [line] = refreshed(strmctl, "-q")
    assert line.startswith("series-02: 1 episode failed")


@pytest.mark.parametrize("mute", ["30d", "forever"])
def test_what_is_muted_is_not_told(mute: str, strmctl: Strmctl) -> None:
    write(strmctl, series=2)
    assert strmctl.run("set", "--series", "series-01", "--mute", mute).returncode == 0
    [line] = refreshed(strmctl, "-q")
    assert line.startswith("series-02: ")


def gone(strmctl: Strmctl, resolver: str, *slugs: str) -> None:
    """Links that are dead already and are so still."""
    for slug in slugs:
        strmctl.write(slug, "--url", resolver.replace("/resolve", f"/{slug}.mp4"))
    sql(strmctl, "UPDATE strm_mapping SET state = 'dead', fail_count = 3")


@pytest.mark.parametrize(
    ("command", "code"),
    [
        pytest.param(("probe", "--all"), 10, id="probe"),
        pytest.param(("probe", "--all", "--fail-on", "dead,blocked"), 10, id="other states"),
        pytest.param(("refresh", "--dead"), 12, id="refresh"),
    ],
)
def test_what_is_muted_decides_no_exit_code(
    command: tuple[str, ...], code: int, strmctl: Strmctl, resolver: str
) -> None:
    gone(strmctl, resolver, "one", "other")
    assert strmctl.run(*command, "-q").returncode == code
    strmctl.run("set", "--series", "one", "--mute", "forever")
    assert strmctl.run(*command, "-q").returncode == code, "the other one still counts"
    strmctl.run("set", "--series", "other", "--mute", "30d")
    run = strmctl.run(*command, "-q", "--remind", "0s")
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
    run = strmctl.run(*command)
    assert run.returncode == 0
    assert "(2 muted)" in run.stderr
    strmctl.run("set", "--series", "one", "--mute", "0s")
    assert strmctl.run(*command, "-q").returncode == code, "it is not muted any more"


def test_a_resolver_in_trouble_counts_for_muted_links_too(tmp_path: Path) -> None:
    strmctl = new_strmctl(tmp_path / "strmctl", "http://127.0.0.1:9/resolve")
    write(strmctl, episodes=2)
    strmctl.run("set", "--series", "series-01", "--mute", "forever")
    for command in (("probe", "--all"), ("refresh", "--all")):
        assert strmctl.run(*command, "-q").returncode == 12, command


def test_a_muted_link_that_somebody_asks_for_counts(strmctl: Strmctl, resolver: str) -> None:
    gone(strmctl, resolver, "one")
    strmctl.run("set", "--series", "one", "--mute", "forever")
    assert strmctl.run("refresh", "--id", "1").returncode == 12


def test_a_run_that_is_not_quiet_says_everything(strmctl: Strmctl) -> None:
    write(strmctl, episodes=3)
    assert len(refreshed(strmctl, "-q")) == 1
    assert len(refreshed(strmctl)) == 3
    assert len(refreshed(strmctl, "-q", "--json")) == 4


def braked(strmctl: Strmctl, state: str = "alive") -> None:
    """25 links, more than `refresh --all` may replace as long as nothing is known against them."""
    write(strmctl, episodes=25)
    sql(
        strmctl, f"UPDATE strm_mapping SET resolved_url = 'http://127.0.0.1:9/a', state = '{state}'"
    )


def said(strmctl: Strmctl, *line: str, code: int, environ: Mapping[str, str] | None = None) -> str:
    run = strmctl.run(*line, environ=environ)
    assert run.returncode == code, run.stderr
    assert run.stdout == ""
    return run.stderr


def test_a_brake_that_stands_is_told_once(strmctl: Strmctl) -> None:
    braked(strmctl)
    line = ("refresh", "--all", "-q")
    assert "25 of 25 working links would be replaced" in said(strmctl, *line, code=25)
    assert said(strmctl, *line, code=25) == ""
    newest = json.loads(strmctl.run("runs", "--limit", "1", "--json").stdout.splitlines()[0])
    assert (newest["exit_code"], newest["message"][:19]) == (25, "25 of 25 working li")
    assert "25 of 25" in said(strmctl, *line, "--remind", "0s", code=25)
    assert "25 of 25" in said(strmctl, "refresh", "--all", code=25), "somebody looks"
    assert "25 of 25" in said(strmctl, *line, "--json", code=25)


def test_each_line_of_cron_has_its_own_brake(strmctl: Strmctl) -> None:
    braked(strmctl)
    assert said(strmctl, "refresh", "--all", "-q", code=25)
    assert said(strmctl, "refresh", "--site", "made.up", "-q", code=25)
    assert said(strmctl, "refresh", "--expiring", "2h", "-q", code=0) == ""
    assert said(strmctl, "refresh", "--all", "-q", code=25) == ""


def test_a_brake_that_was_off_in_between_is_news(strmctl: Strmctl) -> None:
    braked(strmctl)
    line = ("refresh", "--all", "-q")
    assert said(strmctl, *line, code=25)
    sql(strmctl, "UPDATE strm_mapping SET state = 'dead'")
    assert refreshed(strmctl, "-q")
    sql(strmctl, "UPDATE strm_mapping SET state = 'alive'")
    assert "25 of 25" in said(strmctl, *line, code=25)


def test_a_run_without_work_ends_the_brake_of_its_line(strmctl: Strmctl) -> None:
    braked(strmctl)
    line = ("refresh", "--state", "alive", "-q")
    assert "25 of 25" in said(strmctl, *line, code=25)
    assert said(strmctl, *line, code=25) == ""
    sql(strmctl, "UPDATE strm_mapping SET state = 'suspect'")
    assert said(strmctl, *line, code=0) == ""
    sql(strmctl, "UPDATE strm_mapping SET state = 'alive'")
    assert "25 of 25" in said(strmctl, *line, code=25)


def test_a_brake_stands_while_its_links_are_not_due(strmctl: Strmctl, resolver: str) -> None:
    braked(strmctl)
    url = resolver.replace("/resolve", "/gone.mp4")
    was = "fail_count = 2, first_failed_at = '2020-01-01T00:00:00.000Z', last_probed_at = NULL"
    doubtful = f"UPDATE strm_mapping SET resolved_url = '{url}', state = 'suspect', {was}"
    sql(strmctl, doubtful)
    assert "25 of 25 links would be marked dead" in said(strmctl, "probe", "-q", code=25)
    assert said(strmctl, "probe", "-q", code=0) == ""
    sql(strmctl, doubtful)
    assert said(strmctl, "probe", "-q", code=25) == ""


def test_another_egress_that_is_down_is_news(strmctl: Strmctl, resolver: str) -> None:
    strmctl.write("one", "--url", resolver.replace("/resolve", "/one.mp4"))
    line = ("probe", "--all", "-q")
    for port in (9, 19):
        down = {"STRMCTL_UPSTREAM_EGRESS": f"http://127.0.0.1:{port}"}
        assert f"127.0.0.1:{port}" in said(strmctl, *line, code=13, environ=down)
        assert said(strmctl, *line, code=13, environ=down) == ""


def test_an_egress_that_stays_down_is_told_once(strmctl: Strmctl, resolver: str) -> None:
    strmctl.write("one", "--url", resolver.replace("/resolve", "/one.mp4"))
    line, down = ("probe", "--all", "-q"), {"STRMCTL_UPSTREAM_EGRESS": "http://127.0.0.1:9"}
    assert "127.0.0.1:9" in said(strmctl, *line, code=13, environ=down)
    assert said(strmctl, *line, code=13, environ=down) == ""
    assert strmctl.run(*line).returncode == 0
    assert "127.0.0.1:9" in said(strmctl, *line, code=13, environ=down), "it was up in between"


def test_a_bad_duration_is_one_line(strmctl: Strmctl) -> None:
    run = strmctl.run("probe", "-q", "--remind", "soon")
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == "strmctl: --remind 'soon': it takes a duration such as 7d\n"


def test_a_resolver_that_is_down_is_one_line_once(tmp_path: Path) -> None:
    strmctl = new_strmctl(tmp_path / "strmctl", "http://127.0.0.1:9/resolve")
    write(strmctl, series=3)
    [line] = refreshed(strmctl, "-q")
    assert line.endswith("3 links not renewed")
    assert refreshed(strmctl, "-q") == []


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(("refresh", "--all", "-q"), id="refresh, quiet"),
        pytest.param(("refresh", "--all"), id="refresh"),
        pytest.param(("probe", "--all", "-q"), id="probe, quiet"),
        pytest.param(("probe", "--all"), id="probe"),
    ],
)
def test_whatever_a_run_prints_its_reason_is_kept(tmp_path: Path, line: tuple[str, ...]) -> None:
    strmctl = new_strmctl(tmp_path / "strmctl", "http://127.0.0.1:9/resolve")
    write(strmctl)
    assert strmctl.run(*line).returncode == 12
    newest = json.loads(strmctl.run("runs", "--limit", "1", "--json").stdout.splitlines()[0])
    assert "127.0.0.1:9 does not answer" in newest["message"]
