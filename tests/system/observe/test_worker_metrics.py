"""With several workers one tells of all, also of what those that have died had counted."""

import os
import signal
from pathlib import Path

import httpx
import pytest

from stage import presentation
from stage.show import Resolver, Show
from stage.site import Site, running_site
from stage.viewer import at_once
from stage.waiting import until
from stage.workers import answering, workers
from system.observe.numbers import Numbers, numbers, scrape

pytestmark = pytest.mark.slow

PLAYS = 'strmctl_requests_total{route="playback",status="2xx"}'


def scraped(site: Site) -> Numbers:
    """By a connection of its own, so by either worker."""
    with httpx.Client(trust_env=False, verify=False, timeout=30) as client:
        return numbers(scrape(client, site.base_url))


def folder_of(worker: int) -> Path:
    environ = Path(f"/proc/{worker}/environ").read_bytes().split(b"\0")
    [folder] = [word for word in environ if word.startswith(b"PROMETHEUS_MULTIPROC_DIR=")]
    return Path(folder.partition(b"=")[2].decode())


@pytest.mark.timeout(400)
def test_whichever_worker_is_asked_tells_of_all(
    resolver: Resolver, show: Show, tmp_path: Path
) -> None:
    presentation.put(show)
    environ = {"STRMCTL_SERVE_WORKERS": "2"}
    with running_site(tmp_path / "strmctl", resolver.url, environ=environ) as site:
        until(lambda: len(answering(site)) == 2, "both workers answer", 120)
        at_once([site.playback_url(show)] * 20)
        until(lambda: scraped(site).get(PLAYS) == 20, "every play is counted", 60)
        assert [scraped(site)[PLAYS] for _ in range(10)] == [20] * 10
        assert scraped(site)["strmctl_database_up"] == 1
        victim, *_ = workers(site)
        folder = folder_of(victim)
        os.kill(victim, signal.SIGKILL)
        until(lambda: victim not in workers(site) and len(answering(site)) == 2, "a new one", 120)
        assert [scraped(site)[PLAYS] for _ in range(10)] == [20] * 10
        assert scraped(site)["strmctl_active_streams"] == 0
        assert not list(folder.glob(f"gauge_live*_{victim}.db"))
    assert not folder.exists()
