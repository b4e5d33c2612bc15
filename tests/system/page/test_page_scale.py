"""A library of 100,000 links in 5,000 series, one of them of 2,000 episodes: no page takes long."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

import httpx
import pytest

from bench.stage import large_library
from stage.strmctl import Strmctl, new_strmctl

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

LINKS = 100_000
_SERIES = """
UPDATE strm_mapping SET slug = 'show-' || (id / 20), episode = id % 20 + 1,
    site = format('site-%d.example', id / 20 % 5)
WHERE id > 2000
"""
_HUGE = """
UPDATE strm_mapping SET slug = 'huge', site = 'a.to', episode = id, title = 'Huge' WHERE id <= 2000
"""
_EVENTS = """
WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < 99999)
INSERT INTO event (mapping_id, at, kind, detail)
SELECT (n * 7919) % 100000 + 1,
    strftime('%Y-%m-%dT%H:%M:%fZ', 'now', -((99999 - n) * 12) || ' seconds'),
    iif(n % 3, 'probed', 'resolved'),
    json_object('from', iif(n % 2, 'alive', 'dead'), 'to', iif(n % 2, 'dead', 'alive'))
FROM n
"""


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Strmctl]:
    strmctl = new_strmctl(tmp_path_factory.mktemp("large") / "strmctl", "http://127.0.0.1:9/")
    database = strmctl.folder / "strmctl.db"
    large_library.fill(database, LINKS, datetime.now(UTC))
    with closing(sqlite3.connect(database)) as connection:
        for statement in (_SERIES, _HUGE, _EVENTS):
            connection.execute(statement)
        connection.commit()
    with strmctl.serving():
        yield strmctl


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        pytest.param("/", "of 100,000 links", id="overview"),
        pytest.param("/library", "Page 1 of 123", id="library"),
        pytest.param("/library?page=120", "Page 120 of", id="library, far behind"),
        pytest.param("/library?sort=worst", "Page 1 of 123", id="the worst first"),
        pytest.param("/library?sort=ending&page=100", "Page 100 of 123", id="ending first"),
        pytest.param("/library?kind=series&sort=worst", "Page 1 of", id="series alone"),
        pytest.param("/library?kind=films", "film", id="films"),
        pytest.param("/streams", "Nobody is watching", id="streams"),
        pytest.param("/log", "Log", id="log"),
        pytest.param("/library?q=show-49", "show-49", id="search"),
        pytest.param("/library?state=dead", "dead", id="by state"),
        pytest.param("/library?site=site-1.example&provider=VOE", "site-1", id="by site"),
        pytest.param("/series?site=a.to&slug=huge", "Page 1 of 8", id="a series of 2,000"),
        pytest.param("/series?site=a.to&slug=huge&page=8", "S01E2000", id="its end"),
        pytest.param("/mapping?id=77777", "Playback URL", id="one link"),
        pytest.param("/jobs", "No jobs yet", id="jobs"),
    ],
)
def test_every_page_answers_within_a_second(large: Strmctl, path: str, shown: str) -> None:
    """One time of five: what else the machine has to do at that moment may cost the others."""
    seconds: list[float] = []
    while len(seconds) < 5 and min(seconds, default=1) >= 1:
        began = time.monotonic()
        answer = httpx.get(large.base_url + path, trust_env=False, verify=False, timeout=30)
        seconds.append(time.monotonic() - began)
        assert shown in answer.text
    assert min(seconds) < 1, seconds
