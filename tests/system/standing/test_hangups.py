"""SIGHUP: settings, keys and log file are read again, and no stream notices."""

import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from stage import presentation
from stage.routes import file
from stage.show import Resolver, Show
from stage.site import Site, running_site
from stage.strmctl import new_strmctl
from stage.waiting import until
from stage.workers import answering, workers
from strmctl.storage.locks.run_lock import run_lock

WORKERS = [pytest.param("1", id="one"), pytest.param("2", id="two", marks=pytest.mark.slow)]
_TAKEN = "the settings have been read again"
_REFUSED = "the settings stay as they were"


@contextmanager
def site_of(number: str, resolver: Resolver, folder: Path, **environ: str) -> Iterator[Site]:
    environ = {"STRMCTL_SERVE_WORKERS": number, **environ}
    with running_site(folder / "strmctl", resolver.url, environ=environ) as site:
        if number != "1":
            until(lambda: len(answering(site)) == int(number), "every worker answers")
        yield site


@pytest.fixture(scope="module", params=WORKERS)
def shared(
    request: pytest.FixtureRequest, resolver: Resolver, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    with site_of(request.param, resolver, tmp_path_factory.mktemp("hangups")) as site:
        yield site


@pytest.fixture
def site(shared: Site) -> Iterator[Site]:
    """With its settings as they were, in the end."""
    settings = shared.strmctl.folder / "strmctl.toml"
    text = settings.read_text(encoding="utf-8")
    yield shared
    settings.write_text(text, encoding="utf-8")
    hang_up(shared)


def hang_up(site: Site, expected: str = _TAKEN) -> list[str]:
    """What the log says from then on, `expected` among it."""
    before = site.log().count("\n")
    site.server.process.send_signal(signal.SIGHUP)
    until(lambda: expected in "\n".join(_lines(site, before)), f"the log says {expected!r}")
    return _lines(site, before)


def _lines(site: Site, before: int) -> list[str]:
    return site.log().splitlines()[before:]


def edit(site: Site, old: str, new: str) -> None:
    settings = site.strmctl.folder / "strmctl.toml"
    text = settings.read_text(encoding="utf-8")
    changed = re.sub(rf"(?m)^{old}.*$", new, text, count=1)
    assert changed != text
    settings.write_text(changed, encoding="utf-8")


def answers(url: str, times: int = 20) -> set[int]:
    """On connections of their own, so that every worker comes to answer."""
    return {
        httpx.get(url, trust_env=False, verify=False, timeout=30).status_code for _ in range(times)
    }


def test_98_keys_are_read_again(site: Site, show: Show) -> None:
    presentation.put(show)
    before = site.playback_url(show)
    assert answers(before, 1) == {200}
    added = site.strmctl.run("keys", "add")
    assert added.returncode == 0, added.stderr
    after = site.playback_url(show)
    assert answers(after, 1) == {403}, "nobody has said that it is there"
    hang_up(site)
    until(lambda: answers(after) == {200}, "every worker knows the key")
    assert answers(before) == {200}


def test_98_settings_are_read_again(site: Site, show: Show, client: httpx.Client) -> None:
    content = presentation.content("film", 8_000_000)
    show.entry = "film.ts"
    show.routes[show.entry] = file(content, media_type="video/mp2t")
    url = f"{site.base_url}/api/v1/mappings"
    assert answers(url, 1) == {200}
    with client.stream("GET", site.playback_url(show)) as response:
        chunks = response.iter_raw()
        received = next(chunks)
        edit(site, "admin_token = ", 'admin_token = "a-long-secret-of-the-tests"')
        hang_up(site)
        until(lambda: answers(url, 5) == {401}, "every worker wants the token")
        assert received + b"".join(chunks) == content, "the stream has not noticed"
    authorization = {"Authorization": "Bearer a-long-secret-of-the-tests"}
    assert httpx.get(url, headers=authorization, trust_env=False, verify=False).status_code == 200


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        pytest.param('secret_file = "', 'secret_file = "gone.key"', "no key file", id="key"),
        pytest.param('auth = "', 'auth = "nobody"', "proxy.auth", id="value"),
        pytest.param("[safety]", "[safety", "not TOML", id="syntax"),
        pytest.param('type = "http"', 'type = "none-such"', "none-such", id="resolver"),
        pytest.param('log_file = "', 'log_file = "no/folder/log"', "serve.log_file", id="log"),
        pytest.param("refresh_every = ", 'refresh_every = "3h"', "", id="interval"),
        pytest.param(
            "max_streams = ", 'max_streams = "many"', "serve.max_streams = 'many'", id="number"
        ),
    ],
)
def test_98_what_is_not_fit_is_one_line_and_not_taken(
    site: Site, old: str, new: str, reason: str
) -> None:
    every = workers(site)
    if not reason:
        edit(site, "enabled = ", "enabled = true")
    edit(site, re.escape(old), new)
    said = hang_up(site, _REFUSED)
    assert answers(f"{site.base_url}/readyz", 5) == {200}
    [line] = [line for line in said if _REFUSED in line]
    assert (reason or "maintain.refresh_every") in line
    assert _TAKEN not in "\n".join(said)
    assert workers(site) == every
    assert "Traceback" not in site.log()


def test_98_what_needs_a_restart_is_said(site: Site) -> None:
    edit(site, "host = ", 'host = "::1"')
    edit(site, "database = ", 'database = "another.db"')
    said = hang_up(site, "with a restart only")
    [line] = [it for it in said if "with a restart only" in it]
    assert "serve.host, database: " in line
    assert answers(f"{site.base_url}/readyz", 5) == {200}
    assert not (site.strmctl.folder / "another.db").exists()


@pytest.mark.parametrize("number", WORKERS)
def test_98_the_log_file_is_opened_again(resolver: Resolver, tmp_path: Path, number: str) -> None:
    log, moved = tmp_path / "strmctl.log", tmp_path / "strmctl.log.1"
    with site_of(number, resolver, tmp_path, STRMCTL_SERVE_LOG_FILE=str(log)) as site:
        until(lambda: "healthz" in log.read_text(), "it is written")
        log.rename(moved)
        site.server.process.send_signal(signal.SIGHUP)
        until(lambda: log.exists() and _TAKEN in log.read_text(), "another one is written")
        until(lambda: _is_written_alone(site, log, moved), "every worker writes the new one")
        assert log.stat().st_mode & 0o777 == 0o640
        assert "strmctl.access" not in site.log()


def _is_written_alone(site: Site, log: Path, moved: Path) -> bool:
    before = moved.read_text(), log.read_text()
    assert answers(f"{site.base_url}/readyz") == {200}
    return moved.read_text() == before[0] and log.read_text() != before[1]


@pytest.mark.parametrize("number", WORKERS)
def test_98_before_it_is_ready_it_waits(tmp_path: Path, number: str) -> None:
    strmctl = new_strmctl(tmp_path / "strmctl", "http://127.0.0.1:1/resolve")
    with strmctl.popen("serve", "--port", str(strmctl.port), "--workers", number) as process:
        try:
            until(lambda: _withstands_hangups(process), "it has begun")
            for _ in range(20):
                process.send_signal(signal.SIGHUP)
            until(lambda: process.poll() is not None or _is_ready(strmctl.base_url), "it is ready")
            process.send_signal(signal.SIGHUP)
            process.terminate()
            _, said = process.communicate(timeout=60)
            assert process.returncode == 0, said
            assert "died" not in said
        finally:
            process.kill()


def _withstands_hangups(process: "subprocess.Popen[str]") -> bool:
    """It catches the signal (proc(5)); who starts a thread blocks all signals for a moment."""
    fields = dict(
        line.split(":\t", 1)
        for line in Path(f"/proc/{process.pid}/status").read_text().splitlines()
    )
    return bool(int(fields["SigCgt"], 16) & 1)


def _is_ready(base_url: str) -> bool:
    try:
        return (
            httpx.get(f"{base_url}/readyz", trust_env=False, verify=False, timeout=30).status_code
            == 200
        )
    except httpx.TransportError:
        return False


@pytest.mark.parametrize("number", WORKERS)
def test_98_what_is_being_stopped_stays_so(resolver: Resolver, tmp_path: Path, number: str) -> None:
    with site_of(number, resolver, tmp_path, STRMCTL_SERVE_DRAIN_DELAY="1h") as site:
        url = f"{site.base_url}/readyz"
        site.server.process.terminate()
        until(lambda: answers(url, 10) == {503}, "every worker says so")
        for _ in range(5):
            site.server.process.send_signal(signal.SIGHUP)
            assert answers(url, 1) == {503}
        site.server.process.send_signal(signal.SIGINT)
        assert site.server.process.wait(60) == 130
        assert _TAKEN not in site.log()


def test_98_a_job_goes_on_and_the_numbers_stay(site: Site, show: Show) -> None:
    presentation.put(show)
    site.strmctl.write(show.slug, environ=site.environ)
    with run_lock(site.strmctl.folder / "strmctl.db", "a run of the test"):
        url = f"{site.base_url}/api/v1/refresh"
        started = httpx.post(url, json={"series": show.slug}, trust_env=False, verify=False)
        assert started.status_code == 202, started.text
        job = f"{site.base_url}/api/v1/jobs/{started.json()['id']}"
        until(lambda: _state(job) == "running", "the job waits for the lock")
        before = _api_requests(site)
        hang_up(site)
        assert _state(job) == "running"
    until(lambda: _state(job) == "succeeded", "it goes on")
    assert _api_requests(site) > before > 0


def _api_requests(site: Site) -> float:
    numbers = httpx.get(f"{site.base_url}/metrics", trust_env=False, verify=False).text
    [found] = re.findall(r'strmctl_requests_total{route="api",status="2xx"} (\S+)', numbers)
    return float(found)


def _state(job: str) -> object:
    return httpx.get(job, trust_env=False, verify=False, timeout=30).json()["state"]
