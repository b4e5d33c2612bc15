"""Whoever strmctl depends on is asked: the base URL, resolvers, egresses and canaries."""

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import httpx
import pytest

from stage.egress_proxies import PROXIES
from stage.waiting import free_port, until
from system.doctor.well import SECRET, Listener, Record, add_settings, replace_settings

Findings = Callable[..., list[Record]]


def kinds(found: list[Record]) -> list[tuple[str, str, str]]:
    return [(item["check"], item["severity"], item["subject"]) for item in found]


def use_http_resolver(folder: Path, url: str) -> None:
    replace_settings(folder, 'type = "template"', 'type = "http"')
    replace_settings(folder, "https://nas.test/{slug}", f"{url}/resolve?key={SECRET}")


def test_nobody_serves_right_now(well: Path, findings: Findings, served: Listener) -> None:
    replace_settings(well, f":{served.port}", f":{free_port()}")
    found = findings("--fix", code=0)
    assert [item for item in kinds(found) if item[1] != "warning"] == [
        ("base_url", "info", found[-1]["subject"])
    ]
    assert "`strmctl serve`" in found[-1]["remedy"]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        pytest.param(200, b"<html>router</html>", id="a page"),
        pytest.param(404, b'{"status": "ok"}', id="not found"),
        pytest.param(200, b'{"status": "starting"}', id="another service"),
        pytest.param(200, b"[]", id="a list"),
        pytest.param(302, b"", id="a redirect"),
    ],
)
def test_something_else_answers(
    well: Path, findings: Findings, served: Listener, status: int, body: bytes
) -> None:
    served.status, served.body = status, body
    served.headers = {"Server": "router/1", "Content-Type": "text/html; charset=utf-8"}
    [found] = findings(code=10)
    assert (found["check"], found["severity"]) == ("base_url", "warning")
    assert f"HTTP {status}, text/html from router/1" in found["reason"]


def test_an_address_that_is_not_ours(well: Path, findings: Findings, served: Listener) -> None:
    replace_settings(well, served.url, "http://name.invalid")
    found = findings("--fix", code=10)
    assert kinds(found)[-1] == ("base_url", "warning", "http://name.invalid")


def test_the_real_server_is_recognised(well: Path, findings: Findings, served: Listener) -> None:
    port = free_port()
    replace_settings(well, f":{served.port}", f":{port}")
    replace_settings(well, f"port = {served.port}", f"port = {port}")
    findings("--fix", code=0)
    command = [sys.executable, "-m", "strmctl", "serve", "--quiet"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as server:
        try:
            until(lambda: _answers(port), "the server answers", 60)
            assert findings(code=0) == []
        finally:
            server.terminate()


def _answers(port: int) -> bool:
    try:
        return (
            httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False, verify=False).status_code
            == 200
        )
    except httpx.TransportError:
        return False


def test_a_resolver_is_asked_once_and_nothing_is_stored(
    well: Path, findings: Findings, other: Listener
) -> None:
    use_http_resolver(well, other.url)
    other.body = b'{"url": "https://new.test/1"}'
    before = (well / "strmctl.db").read_bytes()
    assert findings(code=0) == []
    assert [request.partition("?")[0] for request in other.asked] == [
        "OPTIONS /resolve",
        "POST /resolve",
    ]
    assert (well / "strmctl.db").read_bytes() == before


@pytest.mark.parametrize(
    ("status", "body", "severity"),
    [
        pytest.param(404, b"", None, id="no such episode"),
        pytest.param(409, b"{}", None, id="not in this language"),
        pytest.param(500, b"", "error", id="a failure"),
        pytest.param(200, b"<html>", "error", id="no JSON"),
        pytest.param(200, b'{"url": "file:///etc/passwd"}', "error", id="no URL"),
    ],
)
def test_what_a_resolver_answers(
    well: Path,
    findings: Findings,
    other: Listener,
    status: int,
    body: bytes,
    severity: str | None,
) -> None:
    use_http_resolver(well, other.url)
    other.status, other.body = status, body
    found = findings(code=10 if severity else 0)
    assert kinds(found) == ([("resolver", severity, "mine")] if severity else [])


def test_a_resolver_that_asks_for_patience(well: Path, findings: Findings, other: Listener) -> None:
    use_http_resolver(well, other.url)
    other.status, other.headers = 503, {"Retry-After": "60"}
    assert kinds(findings(code=0)) == [("resolver", "info", "mine")]


def test_a_resolver_that_is_gone(well: Path, findings: Findings) -> None:
    use_http_resolver(well, f"http://127.0.0.1:{free_port()}")
    [found] = findings(code=10)
    assert (found["check"], found["severity"], found["subject"]) == ("resolver", "error", "mine")
    assert "resolvers.mine.url" in found["remedy"]


@pytest.mark.parametrize(
    ("command", "is_there"),
    [
        pytest.param('["/nowhere/resolve"]', False, id="missing"),
        pytest.param('"./plain-file --option"', False, id="not executable"),
        pytest.param('"echo https://cdn.test/1"', True, id="on the PATH"),
    ],
)
def test_a_command(well: Path, findings: Findings, command: str, is_there: bool) -> None:
    (well / "plain-file").write_text("")
    replace_settings(well, 'type = "template"', 'type = "command"')
    replace_settings(well, 'url = "https://nas.test/{slug}"', f"command = {command}")
    found = findings(code=0 if is_there else 10)
    assert kinds(found) == ([] if is_there else [("resolver", "error", "mine")])


def test_a_template_of_episodes_is_not_asked_for_a_movie(
    strmctl: Callable[..., object], well: Path, findings: Findings
) -> None:
    replace_settings(well, "nas.test/{slug}", "nas.test/{slug}/{season}/{episode}")
    strmctl("write", "--site", "a.to", "--slug", "film", "--language", "de")
    assert findings(code=0) == []
    strmctl("remove", "--series", "show", "--force")
    [found] = findings(code=10)
    assert (found["check"], found["subject"]) == ("resolver", "mine")
    assert "needs a season" in found["reason"]


def test_a_table_that_cannot_be_used(well: Path, findings: Findings) -> None:
    add_settings(well, '[resolvers.other]\nsites = ["b.to"]\ntype = "nonsense"\n')
    add_settings(well, '[resolvers.third]\nsites = ["c.to"]\ntype = "template"\n')
    found = findings(code=3)
    assert [item["check"] for item in found] == ["resolver", "resolver"]
    assert "nonsense" in found[0]["reason"]
    assert "url: is missing" in found[1]["reason"]


@pytest.mark.parametrize(
    ("url", "severity"),
    [
        pytest.param(["--url", "https://cdn.test/2"], "info", id="with a URL"),
        pytest.param([], "warning", id="without one"),
    ],
)
def test_a_site_without_resolver(
    strmctl: Callable[..., object],
    well: Path,
    findings: Findings,
    url: list[str],
    severity: str,
) -> None:
    strmctl("write", "--site", "b.to", "--slug", "film", "--language", "de", *url)
    found = findings(code=10 if severity == "warning" else 0)
    assert kinds(found) == [("resolver", severity, "b.to")]


def test_no_resolver_at_all(well: Path, findings: Findings) -> None:
    settings = well / "strmctl.toml"
    settings.write_text(settings.read_text().partition("[resolvers.mine]")[0])
    assert kinds(findings(code=0)) == [("resolver", "info", "resolvers")]


def test_a_canary_that_answers(well: Path, findings: Findings, other: Listener) -> None:
    use_canary(well, other)
    assert findings(code=0) == []
    assert other.asked == [f"GET /canary?token={SECRET}"]


@pytest.mark.parametrize("status", [403, 404, 503])
def test_a_canary_that_refuses(
    well: Path, findings: Findings, other: Listener, status: int
) -> None:
    use_canary(well, other)
    other.status = status
    [found] = findings(code=10)
    assert (found["check"], found["severity"]) == ("canary", "error")
    assert f"answered {status}" in found["reason"]


def test_a_canary_that_is_gone(well: Path, findings: Findings) -> None:
    use_canary(well, Listener(free_port()))
    [found] = findings(code=10)
    assert (found["check"], found["severity"]) == ("canary", "error")


def test_an_egress_that_is_gone(well: Path, findings: Findings, other: Listener) -> None:
    use_canary(well, other)
    port = free_port()
    (well / "strmctl.toml").chmod(0o600)
    replace_settings(well, 'egress = ""', f'egress = "http://me:{SECRET}@127.0.0.1:{port}"')
    [found] = findings(code=13)
    assert kinds([found]) == [("egress", "error", f"http://***@127.0.0.1:{port}")]
    assert "upstream.egress" in found["reason"]
    assert other.asked == []


def test_an_egress_without_password_is_no_secret(well: Path, findings: Findings) -> None:
    (well / "strmctl.toml").chmod(0o644)
    replace_settings(well, 'egress = ""', f'egress = "socks5://127.0.0.1:{free_port()}"')
    [found] = findings(code=13)
    assert found["check"] == "egress"


@pytest.mark.parametrize("kind", PROXIES)
def test_a_real_egress(
    well: Path,
    findings: Findings,
    other: Listener,
    tmp_path_factory: pytest.TempPathFactory,
    kind: str,
) -> None:
    use_canary(well, other)
    settings = well / "strmctl.toml"
    settings.chmod(0o600)
    with PROXIES[kind](tmp_path_factory.mktemp("proxy")) as proxy:
        replace_settings(well, 'egress = ""', f'egress = "{proxy.url}"')
        assert findings(code=0) == []
        assert len(other.asked) == 1
        replace_settings(well, proxy.url, proxy.url_with("wrong"))
        # tinyproxy answers 401, as an upstream would.
        [found] = findings(code=10 if kind == "tinyproxy" else 13)
    assert found["check"] == ("canary" if kind == "tinyproxy" else "egress")
    assert "wrong" not in str(found)
    assert len(other.asked) == 1


@pytest.mark.parametrize(
    ("ahead", "severity"),
    [
        pytest.param(timedelta(seconds=30), None, id="a little"),
        pytest.param(timedelta(minutes=5), "ahead of", id="fast"),
        pytest.param(timedelta(hours=-2), "behind", id="slow"),
    ],
)
def test_another_clock(
    well: Path,
    findings: Findings,
    served: Listener,
    other: Listener,
    ahead: timedelta,
    severity: str | None,
) -> None:
    use_canary(well, other)
    use_http_resolver(well, other.url)
    date = {"Date": format_datetime(datetime.now(UTC) + ahead, usegmt=True)}
    served.headers = other.headers = date
    found = findings(code=10 if severity else 0)
    assert {item["check"] for item in found} == ({"clock"} if severity else set())
    assert len(found) == (3 if severity else 0)
    assert all(str(severity) in item["reason"] for item in found)


def test_a_clock_that_tells_nothing(well: Path, findings: Findings, served: Listener) -> None:
    served.headers = {"Date": "yesterday"}
    assert findings(code=0) == []


def use_canary(folder: Path, listener: Listener) -> None:
    canary = f"{listener.url}/canary?token={SECRET}"
    replace_settings(folder, "canaries = []", f'canaries = ["{canary}"]')
    replace_settings(folder, "allow = []", 'allow = ["127.0.0.0/8"]')


@pytest.mark.parametrize(
    ("kind", "option", "named"),
    [
        pytest.param("command", 'command = ["true"]', 1, id="a program"),
        pytest.param("http", 'url = "http://resolver.invalid/"', 0, id="asked by strmctl"),
        pytest.param("ytdlp", 'url = "http://site.invalid/{slug}"', 0, id="yt-dlp"),
    ],
)
def test_89_doctor_names_programs_that_may_go_past_the_egress(
    well: Path, findings: Findings, tmp_path: Path, kind: str, option: str, named: int
) -> None:
    with PROXIES["tinyproxy"](tmp_path) as proxy:
        add_settings(well, f'[resolvers.other]\nsites = ["other"]\ntype = "{kind}"\n{option}\n')
        add_settings(well, f'egress = "{proxy.url}"\n')
        found = [item for item in findings(code=0) if item["check"] == "egress"]
    assert [item["severity"] for item in found] == ["info"] * named
    assert all("other" in item["reason"] and proxy.url not in str(item) for item in found)
