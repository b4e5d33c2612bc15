"""The library's numbers out of the database, and which strmctl this is, as metrics."""

import platform
from collections.abc import Iterable, Iterator, Mapping, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric

from strmctl import __version__
from strmctl.domain.mapping import LinkState
from strmctl.domain.resolver_health import ResolverHealth
from strmctl.domain.tally import Counted, complete
from strmctl.services.reports.gauges import LibraryGauges, TaskRun
from strmctl.services.tally import Tally

_COUNTERS = {
    Counted.HEALS: (
        "strmctl_heals",
        "Links that died in mid-play, by whether media of another one were sent.",
        "outcome",
    ),
    Counted.RESUMES: (
        "strmctl_resumes",
        "Bodies that were cut off, by whether they went on.",
        "outcome",
    ),
    Counted.RESOLVES: (
        "strmctl_resolves",
        "Answers of resolvers, to plays and to runs alike.",
        "outcome",
    ),
    Counted.ADDRESS_CHANGES: (
        "strmctl_address_changes",
        "Links bound to an address that were refused before their end, and resolved again.",
        None,
    ),
    Counted.PLAYS: ("strmctl_plays", "Episodes and films that were watched.", None),
    Counted.BYTES: ("strmctl_sent_bytes", "Bytes of bodies sent to clients.", "route"),
}


class LibraryCollector:
    """What the database holds, as it was read last; None where it cannot be read."""

    def __init__(self, tally: Tally, node: str) -> None:
        self._tally = tally
        self._build = {
            "version": __version__,
            "python": platform.python_version(),
            "node": node,
        }
        self.gauges: LibraryGauges | None = None

    def collect(self) -> Iterable[Metric]:
        build = InfoMetricFamily("strmctl_build", "Which strmctl this is.")
        build.add_metric([], self._build)
        yield build
        is_there = self.gauges is not None
        yield GaugeMetricFamily(
            "strmctl_database_up", "Whether the database can be read.", value=is_there
        )
        yield from _counters(self._tally)
        # A scrape without a database still says so by strmctl_database_up.
        if self.gauges is not None:
            yield from _families(self.gauges)


class SourceCollector:
    """Links by site and by provider, for who may know their names: those of the API."""

    def __init__(self, library: LibraryCollector) -> None:
        self._library = library

    def collect(self) -> Iterable[Metric]:
        if self._library.gauges is not None:
            yield _by_name("site", self._library.gauges.sites)
            yield _by_name("provider", self._library.gauges.providers)


def _by_name(label: str, found: Mapping[str, Mapping[LinkState, int]]) -> Metric:
    family = GaugeMetricFamily(
        f"strmctl_{label}_links", f"Links by {label} and state.", labels=[label, "state"]
    )
    for name, states in found.items():
        for state in LinkState:
            family.add_metric([name, state], states.get(state, 0))
    return family


def _counters(tally: Tally) -> Iterator[Metric]:
    """Since the library began, of all its processes; `stats` and the page say the same."""
    for name, numbers in complete(tally.totals()).items():
        called, meaning, label = _COUNTERS[name]
        family = CounterMetricFamily(called, meaning, labels=[label] if label else [])
        for value, number in numbers.items():
            family.add_metric([value] if label else [], number)
        yield family


def _families(gauges: LibraryGauges) -> Iterator[Metric]:
    yield _gauge("strmctl_links", "Links of the library, by state.", "state", gauges.links.items())
    yield _gauge(
        "strmctl_jobs", "Jobs that are remembered, by state.", "state", gauges.jobs.items()
    )
    yield GaugeMetricFamily(
        "strmctl_notices_waiting",
        "Changed files that media servers have not confirmed yet.",
        value=gauges.notices,
    )
    yield from _task_families(gauges.task_runs)
    yield from _resolver_families(gauges.resolvers)


def _task_families(runs: Sequence[TaskRun]) -> Iterator[Metric]:
    yield _gauge(
        "strmctl_maintenance_finished_timestamp_seconds",
        "When the last run of a maintenance task ended.",
        "task",
        ((run.task, run.finished_at.timestamp()) for run in runs),
    )
    yield _gauge(
        "strmctl_maintenance_succeeded",
        "Whether the last run of a maintenance task ended well.",
        "task",
        ((run.task, run.is_well) for run in runs),
    )


def _resolver_families(resolvers: Sequence[ResolverHealth]) -> Iterator[Metric]:
    yield _gauge(
        "strmctl_resolver_failures_in_a_row",
        "Failures of a resolver since its last answer.",
        "resolver",
        ((it.resolver, it.failures) for it in resolvers),
    )
    yield _gauge(
        "strmctl_resolver_answered_timestamp_seconds",
        "When a resolver answered last.",
        "resolver",
        # No sample rather than 0, which Prometheus would show as 1970.
        ((it.resolver, it.last_answer_at.timestamp()) for it in resolvers if it.last_answer_at),
    )


def _gauge(name: str, meaning: str, label: str, samples: Iterable[tuple[str, float]]) -> Metric:
    family = GaugeMetricFamily(name, meaning, labels=[label])
    for value, number in samples:
        family.add_metric([value], number)
    return family
