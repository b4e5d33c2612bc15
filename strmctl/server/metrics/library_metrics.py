"""What the database tells of the library, and which strmctl this is, as metrics."""

import platform
from collections.abc import Iterable, Iterator

from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric

from strmctl import __version__
from strmctl.services.reports.gauges import LibraryGauges


class LibraryCollector:
    """What the database holds, as it was read last; None where it cannot be read."""

    def __init__(self) -> None:
        self.gauges: LibraryGauges | None = None

    def collect(self) -> Iterable[Metric]:
        build = InfoMetricFamily("strmctl_build", "Which strmctl this is.")
        build.add_metric([], {"version": __version__, "python": platform.python_version()})
        yield build
        is_there = self.gauges is not None
        yield GaugeMetricFamily(
            "strmctl_database_up", "Whether the database can be read.", value=is_there
        )
        if self.gauges is not None:
            yield from _families(self.gauges)


def _families(gauges: LibraryGauges) -> Iterator[Metric]:
    links = GaugeMetricFamily("strmctl_links", "Links of the library, by state.", labels=["state"])
    for state, number in gauges.links.items():
        links.add_metric([state], number)
    yield links
    jobs = GaugeMetricFamily(
        "strmctl_jobs", "Jobs that are remembered, by state.", labels=["state"]
    )
    for job_state, number in gauges.jobs.items():
        jobs.add_metric([job_state], number)
    yield jobs
    yield GaugeMetricFamily(
        "strmctl_notices_waiting",
        "Changed files that media servers have yet to be told of.",
        value=gauges.notices,
    )
    finished = GaugeMetricFamily(
        "strmctl_maintenance_finished_timestamp_seconds",
        "When the last run of a maintenance task ended.",
        labels=["task"],
    )
    well = GaugeMetricFamily(
        "strmctl_maintenance_succeeded",
        "Whether the last run of a maintenance task ended well.",
        labels=["task"],
    )
    for run in gauges.task_runs:
        finished.add_metric([run.task], run.finished_at.timestamp())
        well.add_metric([run.task], run.is_well)
    yield from (finished, well)
