"""A job ends with the process that owns it, and until it has ended it is not called over."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from stage import presentation
from stage.show import Resolver, Show
from stage.site import Site, running_site
from stage.waiting import until
from stage.workers import answering, children, is_there, workers
from strmctl.storage.locks.run_lock import run_lock


@dataclass(frozen=True)
class Owned:
    """A job that says nothing and waits; `owner` is the process that runs `process`."""

    url: str
    owner: int
    process: int

    @property
    def state(self) -> object:
        return httpx.get(self.url, trust_env=False, verify=False, timeout=30).json()["state"]


@contextmanager
def waiting_job(site: Site, show: Show) -> Iterator[Owned]:
    presentation.put(show)
    site.strmctl.write(show.slug, environ=site.environ)
    with run_lock(site.strmctl.folder / "strmctl.db", "a run of the test"):
        url = f"{site.base_url}/api/v1/refresh"
        started = httpx.post(
            url, json={"series": show.slug}, trust_env=False, verify=False, timeout=30
        )
        assert started.status_code == 202, started.text
        owners = workers(site) or [site.server.process.pid]
        until(lambda: any(map(_started, owners)), "its process runs")
        [(owner, process)] = [(owner, it) for owner in owners for it in _started(owner)]
        yield Owned(f"{site.base_url}/api/v1/jobs/{started.json()['id']}", owner, process)


def _started(owner: int) -> list[int]:
    """By any of its threads."""
    tasks = [int(task.name) for task in Path(f"/proc/{owner}/task").iterdir()]
    return [child for task in tasks for child in children(owner, task)]


@contextmanager
def two_workers(resolver: Resolver, folder: Path) -> Iterator[Site]:
    environ = {"STRMCTL_SERVE_WORKERS": "2"}
    with running_site(folder / "strmctl", resolver.url, environ=environ) as site:
        until(lambda: len(answering(site)) == 2, "both workers answer")
        yield site


@pytest.mark.slow
def test_99_a_job_ends_with_its_worker(resolver: Resolver, show: Show, tmp_path: Path) -> None:
    with two_workers(resolver, tmp_path) as site, waiting_job(site, show) as job:
        # Stopped, it cannot end yet: that long it is not over, whoever is asked.
        os.kill(job.process, signal.SIGSTOP)
        os.kill(job.owner, signal.SIGKILL)
        until(lambda: job.owner not in workers(site), "its worker is gone")
        until(lambda: len(answering(site)) == 2, "another one has taken its place")
        assert {job.state for _ in range(10)} == {"running"}
        os.kill(job.process, signal.SIGCONT)
        until(lambda: not is_there(job.process), "it ends")
        until(lambda: job.state == "interrupted", "every worker says so")


@pytest.mark.parametrize("ended_by", [signal.SIGKILL, signal.SIGABRT], ids=["KILL", "ABRT"])
def test_99_a_job_ends_with_its_server(
    resolver: Resolver, show: Show, tmp_path: Path, ended_by: signal.Signals
) -> None:
    with (
        running_site(tmp_path / "strmctl", resolver.url) as site,
        waiting_job(site, show) as job,
    ):
        site.server.process.send_signal(ended_by)
        site.server.process.wait(60)
        until(lambda: not is_there(job.process), "it ends")
        with site.strmctl.serving():
            assert job.state == "interrupted"


@pytest.mark.slow
def test_99_a_job_ends_with_its_supervisor(resolver: Resolver, show: Show, tmp_path: Path) -> None:
    with two_workers(resolver, tmp_path) as site, waiting_job(site, show) as job:
        site.server.kill()
        until(lambda: not is_there(job.process), "it ends")
        until(lambda: not is_there(job.owner), "and its worker")
