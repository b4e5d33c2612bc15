"""A job is one run of the command line that the server has started, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

_WELL = (0, 10)
"""Dead links found (10) is what a probe is for."""


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"
    """The server that ran it ended first."""

    @property
    def is_over(self) -> bool:
        return self not in (JobState.QUEUED, JobState.RUNNING)


@dataclass(frozen=True, slots=True)
class JobRequest:
    """`cause` says who asks, such as `api` or `maintain`; `total` how many mappings it is about.

    A job that is `alone` waits until the one before it has ended.
    """

    command: str
    arguments: tuple[str, ...] = ()
    cause: str = "api"
    total: int | None = None
    alone: bool = True


@dataclass(frozen=True, slots=True)
class Job:
    """`counts` are those of the run's summary, `message` is the error that ended it."""

    id: int
    command: str
    arguments: tuple[str, ...]
    cause: str
    state: JobState
    total: int | None
    done: int
    created_at: datetime
    counts: Mapping[str, int] = field(default_factory=dict)
    exit_code: int | None = None
    message: str | None = None
    cancel_requested: bool = False
    started_at: datetime | None = None
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class JobLine:
    """One document of the run's `--json`; numbers count from 1."""

    number: int
    document: Mapping[str, object]


def state_after(exit_code: int, *, cancel_requested: bool) -> JobState:
    """A negative code is the signal that killed the run."""
    if exit_code in _WELL:
        return JobState.SUCCEEDED
    if exit_code in (130, 143) or exit_code < 0:
        return JobState.CANCELLED if cancel_requested else JobState.INTERRUPTED
    return JobState.FAILED
