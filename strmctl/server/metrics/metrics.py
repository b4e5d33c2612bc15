"""`/metrics`: numbers for Prometheus. No label's value is a client's or an upstream's to choose.

Several workers write into one folder, PROMETHEUS_MULTIPROC_DIR, which prometheus_client wants to
find in the environment when it is imported; whichever worker is asked answers for all.
"""

import asyncio
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.exposition import choose_encoder
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from starlette.requests import Request
from starlette.responses import Response

from strmctl.domain.hls.naming import PLAYLIST_NAME
from strmctl.domain.identity import Identity
from strmctl.domain.mapping import LinkState
from strmctl.domain.media.extent import Extent
from strmctl.domain.tally import ROUTES, Counted
from strmctl.domain.urls import child_url, playback_url
from strmctl.errors import DatabaseError
from strmctl.server.http.admission import NotAdmittedError
from strmctl.server.http.answered import Answered, describe
from strmctl.server.metrics.library_metrics import LibraryCollector, SourceCollector
from strmctl.services.observer import Cache, Observer
from strmctl.services.reports.gauges import LibraryGauges, ProbeResults, library_gauges
from strmctl.services.tally import Tally
from strmctl.services.threads import in_thread
from strmctl.settings.model import Role, Settings
from strmctl.storage.database.connection import Database

# When each counter began would be as many series again; of several workers nobody could say.
disable_created_metrics()  # type: ignore[no-untyped-call]

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_LIBRARY_SECONDS = 2.0
"""The library's numbers may be so old."""

_SAVING_SECONDS = 0.5

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_STREAMS = ("playback", "playlist", "segment")
_STATUSES = ("2xx", "3xx", "4xx", "5xx", "none")


class Metrics(Observer):
    """`folder` is where several workers keep their numbers, "" where there is one alone; `node` is
    what the machine is called."""

    def __init__(self, folder: str | None = None, *, node: str = "") -> None:
        self._folder = os.environ.get(FOLDER, "") if folder is None else folder
        self._registry = registry = CollectorRegistry()
        self.tally = Tally()
        self._library = LibraryCollector(self.tally, node)
        self._reading = threading.Lock()
        self._results = ProbeResults(Path(self._folder) / "newest-event" if self._folder else None)
        self._read_at = -_LIBRARY_SECONDS
        self.requests = Counter(
            "strmctl_requests",
            "Requests answered, by what was asked for.",
            ["route", "status"],
            registry=registry,
        )
        self.first_byte = Histogram(
            "strmctl_first_byte_seconds",
            "From a player's request to the first byte of the answer.",
            ["route"],
            buckets=_SECONDS,
            registry=registry,
        )
        self.streams = Gauge(
            "strmctl_active_streams",
            "Answers to players that are under way.",
            multiprocess_mode="livesum",
            registry=registry,
        )
        self._running = 0
        if not self._folder:
            # Several workers have to write it down for one another at each change.
            self.streams.set_function(lambda: self._running)
        self._upstream = Histogram(
            "strmctl_upstream_response_seconds",
            "From a request to the head of the upstream's answer; none: no answer came.",
            ["status"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._resolves = Histogram(
            "strmctl_resolve_seconds",
            "How long resolvers took.",
            buckets=_SECONDS,
            registry=registry,
        )
        self._hits = Counter(
            "strmctl_cache_hits", "Players answered from memory.", ["cache"], registry=registry
        )
        self._probes = Counter(
            "strmctl_probe_results",
            "Probes that failed or changed a link's state, by the state they left.",
            ["state"],
            registry=registry,
        )
        # To look up a label costs more than to count.
        self._request = cache(self.requests.labels)
        self._first_byte = cache(self.first_byte.labels)
        self._answer = cache(self._upstream.labels)
        self._begin_at_zero()
        registry.register(self._library)

    def _begin_at_zero(self) -> None:
        """A rate needs a value from before the first time that something happens."""
        # Prometheus sees no increase in a series that begins at 1.
        for route in ROUTES:
            self.requests.labels(route, "2xx")
        for route in _STREAMS:
            self.first_byte.labels(route)
            self.requests.labels(route, "5xx")
        for status in _STATUSES:
            self._upstream.labels(status)
        for kind in Cache:
            self._hits.labels(kind)
        for state in LinkState:
            self._probes.labels(state)

    def began(self, path: str) -> str:
        """A request for `path`; what it is counted as."""
        route = _route(path)
        if route in _STREAMS:
            self._running += 1
            if self._folder:
                self.streams.inc()
        return route

    def ended(self, route: str, seen: Answered) -> None:
        """Each request is counted once, when it has ended."""
        self._request(route, _status(seen.status)).inc()
        self.tally.count(Counted.BYTES, route, seen.bytes)
        if route not in _STREAMS:
            return
        self._running -= 1
        if self._folder:
            self.streams.dec()
        if seen.first_byte is not None:
            self._first_byte(route).observe(seen.first_byte)

    def upstream_answered(self, seconds: float, status: int | None) -> None:
        self._answer(_status(status or 0)).observe(seconds)

    def resolver_answered(self, seconds: float, http_status: int) -> None:
        self._resolves.observe(seconds)
        self.tally.resolver_answered(seconds, http_status)

    def resolver_said(self, resolver: str, trouble: str | None) -> None:
        self.tally.resolver_said(resolver, trouble)

    def address_changed(self) -> None:
        self.tally.address_changed()

    def healed(self, identity: Identity, url: str = "", *, well: bool, reason: str = "") -> None:
        self.tally.healed(identity, url, well=well, reason=reason)

    def resumed(self, *, well: bool) -> None:
        self.tally.resumed(well=well)

    def played(self, identity: Identity, url: str) -> None:
        self.tally.played(identity, url)

    def measured(self, identity: Identity, extent: Extent) -> None:
        self.tally.measured(identity, extent)

    def cache_hit(self, cache: Cache) -> None:
        self._hits.labels(cache).inc()

    async def save_tally(self, database: Database) -> None:
        """So that what is shown is of now; hardly waits where somebody else holds the database."""
        saving = asyncio.ensure_future(in_thread(self.tally.save, database))
        saving.add_done_callback(_let_go)
        # Another process may hold SQLite's write lock; Prometheus gives up after ten seconds.
        await asyncio.wait({saving}, timeout=_SAVING_SECONDS)

    def read_library(self, database: Database, settings: Settings) -> None:
        """Not more often than every few seconds; without a database its numbers are missing."""
        with self._reading:
            with suppress(DatabaseError):  # What was read last stands, with what came since.
                self.tally.read(database)
            now = time.monotonic()
            # Several Prometheus servers, or the workers of one, ask at the same time.
            if now - self._read_at < _LIBRARY_SECONDS:
                return
            self._library.gauges = self._gauges(database, settings)
            if self._library.gauges is not None:
                self._read_at = now

    def _gauges(self, database: Database, settings: Settings) -> LibraryGauges | None:
        """None where the database cannot be read."""
        try:
            found = library_gauges(database, settings)
            self.count_probes(database)
        except DatabaseError:
            return None
        return found

    def count_probes(self, database: Database) -> None:
        """From the first call on. Raises DatabaseError."""
        for state, number in self._results.since_last_time(database).items():
            self._probes.labels(state).inc(number)

    def streams_running(self) -> int:
        """The sum over all workers."""
        return int(self._in_force().get_sample_value("strmctl_active_streams") or 0)

    def exposition(self, accept: str, *, named: bool) -> tuple[bytes, str]:
        """The numbers as text and its media type: OpenMetrics where that is accepted.

        `named`: also those that name sites and providers.
        """
        generate, media_type = choose_encoder(accept)
        found = self._in_force()
        if named:
            both = CollectorRegistry()
            both.register(found)
            both.register(SourceCollector(self._library))
            found = both
        return generate(found), media_type

    def _in_force(self) -> CollectorRegistry:
        if not self._folder:
            return self._registry
        # prometheus_client keeps the file of a worker that was killed, and adds it for ever.
        _forget_the_dead(Path(self._folder))
        registry = CollectorRegistry()
        MultiProcessCollector(registry, self._folder)  # type: ignore[no-untyped-call]
        registry.register(self._library)
        return registry


async def metrics(request: Request) -> Response:
    describe(request.scope, "metrics")
    found: Metrics = request.state.metrics
    settings: Settings = request.state.settings
    await found.save_tally(request.state.database)
    # A player node's copy of the library is the upkeep node's to count.
    if settings.serve.role is Role.ALL:
        await in_thread(found.read_library, request.state.database, settings)
    named = await _may_know_names(request)
    text, media_type = found.exposition(request.headers.get("accept", ""), named=named)
    return Response(text, headers={"Content-Type": media_type, "Cache-Control": "no-store"})


async def _may_know_names(request: Request) -> bool:
    """Who has the token, or sits at this machine; everybody else sees the same without names."""
    try:
        await request.state.admission.check(request)
    except NotAdmittedError:
        return False
    return True


@contextmanager
def folder_of_workers() -> Iterator[None]:
    """For the process that starts the workers, as long as they run."""
    with TemporaryDirectory(prefix="strmctl-metrics-") as folder:
        os.environ[FOLDER] = folder
        try:
            yield
        finally:
            del os.environ[FOLDER]


def _let_go(saving: "asyncio.Future[None]") -> None:
    """What could not be saved is saved later (services/tally.py)."""
    if not saving.cancelled():
        saving.exception()


def _route(path: str) -> str:
    if path.startswith(playback_url.PATH):
        return "playback"
    if path.startswith(child_url.PATH + "/"):
        return "playlist" if path.endswith("/" + PLAYLIST_NAME) else "segment"
    if path.startswith("/api/"):
        return "api"
    return "operation" if path in ("/healthz", "/readyz", "/metrics") else "page"


def _status(status: int) -> str:
    """Its class; `none` for no answer."""
    return f"{status // 100}xx" if 100 <= status < 600 else "none"


def _forget_the_dead(folder: Path) -> None:
    """What workers that were killed had under way is not under way any more."""
    for file in folder.glob("gauge_live*_*.db"):
        worker = int(file.stem.rpartition("_")[2])
        if not _runs(worker):
            mark_process_dead(worker, str(folder))  # type: ignore[no-untyped-call]


# Signal 0 sends nothing (kill(2)): it only asks whether the process is there.
def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, PermissionError):  # Another user's is no worker of ours.
        return False
    return True
