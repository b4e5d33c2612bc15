"""`strmctl serve --workers 2`: one service to the outside, and nothing left of it in the end."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from stage import presentation
from stage.routes import always, file
from stage.show import Resolver, Show
from stage.site import Site, running_site
from stage.strmctl import Strmctl, new_strmctl
from stage.upstream import Answer
from stage.viewer import at_once, follow
from stage.waiting import until
from stage.workers import answering, children, is_there, workers

pytestmark = pytest.mark.slow

_TWO = {"STRMCTL_SERVE_WORKERS": "2"}


@pytest.fixture(scope="module")
def site(resolver: Resolver, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_site(
        tmp_path_factory.mktemp("workers") / "strmctl", resolver.url, environ=_TWO
    ) as site:
        until(lambda: len(answering(site)) == 2, "both workers answer")
        yield site


@contextmanager
def own_site(resolver: Resolver, folder: Path) -> Iterator[Site]:
    """A site that the test may break."""
    with running_site(folder / "strmctl", resolver.url, environ=_TWO) as site:
        until(lambda: len(answering(site)) == 2, "both workers answer")
        yield site


def test_both_workers_name_and_play_the_same(site: Site, client: httpx.Client, show: Show) -> None:
    presentation.put(show)
    playlists = at_once([site.playback_url(show)] * 20)
    assert len({answer.text for answer in playlists}) == 1
    addresses = presentation.addresses(client, site.playback_url(show))
    answers = at_once([addresses["video1.m4s"]] * 20)
    assert {answer.content for answer in answers} == {presentation.FILES["video1.m4s"]}


def test_a_dead_url_is_resolved_once_for_both(site: Site, client: httpx.Client, show: Show) -> None:
    show.resolver_waits_for = lambda: False  # It takes its time, so that all of them wait.
    data = presentation.flat(show, [f"{number}.ts" for number in range(20)])
    site.strmctl.write(show.slug, environ=site.environ)
    segments = follow(client, site.playback_url(show))
    assert len(show.questions) == 1
    show.expire()
    answers = at_once(segments)
    assert [answer.content for answer in answers] == list(data.values())
    assert len(show.questions) == 2


def test_first_plays_at_once_are_resolved_once(site: Site, show: Show) -> None:
    show.resolver_waits_for = lambda: False
    presentation.put(show)
    site.strmctl.write(show.slug, environ=site.environ)
    answers = at_once([site.playback_url(show)] * 20)
    assert {answer.status_code for answer in answers} == {200}
    assert len(show.questions) == 1


def test_a_worker_that_dies_is_replaced(
    resolver: Resolver, show: Show, client: httpx.Client, tmp_path: Path
) -> None:
    presentation.put(show)
    with own_site(resolver, tmp_path) as site:
        [first, second] = workers(site)
        os.kill(first, signal.SIGKILL)
        until(lambda: len(answering(site) - {first, second}) == 1, "another one answers")
        assert second in workers(site)
        assert client.get(site.playback_url(show)).status_code == 200


def test_sigterm_ends_all_of_them(resolver: Resolver, tmp_path: Path) -> None:
    with own_site(resolver, tmp_path) as site:
        every = children(site.server.process.pid)
        assert site.server.stop() == 0
        until(lambda: not any(map(is_there, every)), "all have ended")
        assert "Traceback" not in site.log()


def test_sigterm_lets_a_stream_come_to_its_end(
    resolver: Resolver, show: Show, client: httpx.Client, tmp_path: Path
) -> None:
    content = presentation.content("film", 8_000_000)
    show.entry = "film.ts"
    show.routes[show.entry] = file(content, media_type="video/mp2t")
    with own_site(resolver, tmp_path) as site:
        with client.stream("GET", site.playback_url(show)) as response:
            chunks = response.iter_raw()
            received = next(chunks)
            site.server.process.terminate()
            assert received + b"".join(chunks) == content
        assert site.server.process.wait(60) == 0


def test_workers_end_with_a_supervisor_that_was_killed(resolver: Resolver, tmp_path: Path) -> None:
    with own_site(resolver, tmp_path) as site:
        every = children(site.server.process.pid)
        site.server.kill()
        try:
            until(lambda: not any(map(is_there, every)), "all have ended")
        finally:
            for pid in filter(is_there, every):
                os.kill(pid, signal.SIGKILL)


def test_a_worker_that_cannot_start_again_ends_the_service(
    resolver: Resolver, tmp_path: Path
) -> None:
    with own_site(resolver, tmp_path) as site:
        every = children(site.server.process.pid)
        _spoil(site.strmctl)
        os.kill(workers(site)[0], signal.SIGKILL)
        assert site.server.process.wait(60) == 1
        log = site.log()
        assert log.count("strmctl.db: file is not a database") == 1
        assert "Traceback" not in log
        until(lambda: not any(map(is_there, every)), "all have ended")


@pytest.mark.parametrize("number", ["1", "2"])
def test_what_keeps_every_worker_from_starting_is_one_line(tmp_path: Path, number: str) -> None:
    strmctl = new_strmctl(tmp_path / "strmctl", "http://127.0.0.1:1/resolve")
    _spoil(strmctl)
    ended = strmctl.run("serve", "-q", "--port", str(strmctl.port), "--workers", number)
    assert ended.returncode == 4
    [line] = ended.stderr.splitlines()
    assert line.startswith("strmctl: ")
    assert "strmctl.db: file is not a database" in line


def test_a_resolver_that_cannot_be_made_is_told_before_anything_is_served(tmp_path: Path) -> None:
    strmctl = new_strmctl(tmp_path / "strmctl", "ftp://127.0.0.1/resolve")
    ended = strmctl.run("serve", "-q", "--port", str(strmctl.port), "--workers", "2")
    assert ended.returncode == 3
    [line] = ended.stderr.splitlines()
    assert "[resolvers.made_up] url" in line


def test_refusals_of_one_worker_hold_for_the_other(
    site: Site, client: httpx.Client, show: Show
) -> None:
    presentation.put(show)
    urls = list(presentation.addresses(client, site.playback_url(show)).values())
    show.is_dead = True
    show.routes = dict.fromkeys(show.routes, always(Answer(404)))
    answers = at_once(urls * 3)
    assert {answer.status_code for answer in answers} <= {200, 403, 404}
    assert len(show.questions) <= 1 + 2 * 2, "a dead episode is no storm of resolves"


def _spoil(strmctl: Strmctl) -> None:
    for part in strmctl.folder.glob("strmctl.db*"):
        part.unlink()
    (strmctl.folder / "strmctl.db").write_text("this is no database, whatever its name says")
