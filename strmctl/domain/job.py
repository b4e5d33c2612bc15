"""A job is one run of the command line that the server has started, and what became of it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from msgspec import Struct, field

Asked = Mapping[str, object]
"""What is asked for: options by their names in the API, each with its value, lists too."""

_OPERANDS = {"import": "folder", "undo": "run"}
"""What of it stands on the command line without a name."""
_MANNERS = frozenset(
    "-q --quiet -v -vv --verbose --json --no-color --wait --remind --config --database".split()
)
"""How a run speaks, how long it waits and where its files are: not what it does."""
_WITH_VALUE = frozenset({"--wait", "--remind", "--config", "--database"})
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


class JobRequest(Struct, frozen=True):
    """`cause` says who asks, such as `api` or `maintain`; `total` how many mappings it is about.

    What it is about is `asked`, or a line's `arguments` as cron would have them. A job that is
    `alone` waits until the one before it has ended.
    """

    command: str
    arguments: tuple[str, ...] = ()
    cause: str = "api"
    total: int | None = None
    alone: bool = True
    asked: Asked | None = None

    @property
    def words(self) -> tuple[str, ...]:
        """What stands behind the command's name on its command line."""
        return self.arguments if self.asked is None else words(self.command, self.asked)


class Job(Struct, frozen=True):
    """`counts` are those of the run's summary, `message` is the error that ended it.

    `arguments` are those that were typed, or the words for what was `asked`.
    """

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
    asked: Asked | None = None

    @property
    def command_line(self) -> str:
        """As people read it: without the options that the server adds."""
        return command_line(self.command, self.arguments)


class JobLine(Struct, frozen=True):
    """One document of the run's `--json`; numbers count from 1."""

    number: int
    document: Mapping[str, object]


def command_line(command: str, arguments: Sequence[str]) -> str:
    """As a shell takes it."""
    import shlex  # Most commands show no other's.

    return shlex.join((command, *arguments))


def state_after(exit_code: int, *, cancel_requested: bool) -> JobState:
    """A negative code is the signal that killed the run."""
    if exit_code in _WELL:
        return JobState.SUCCEEDED
    if exit_code in (130, 143) or exit_code < 0:
        return JobState.CANCELLED if cancel_requested else JobState.INTERRUPTED
    return JobState.FAILED


def work_of(words: Sequence[str]) -> tuple[str, ...]:
    """What a command line asks for, so that `--stale -q` and `--json --stale` are the same."""
    before = ["", *words]
    return tuple(
        word
        for option, word in zip(before, words, strict=False)
        if option not in _WITH_VALUE and word.partition("=")[0] not in _MANNERS
    )


def words(command: str, asked: Asked) -> tuple[str, ...]:
    """What is asked of a command, as its command line says it."""
    operand = _OPERANDS.get(command)
    options = [word for name, it in asked.items() if name != operand for word in _option(name, it)]
    return (*options, *(str(it) for name, it in asked.items() if name == operand))


def _option(name: str, value: object) -> Iterator[str]:
    option = f"--{name.replace('_', '-')}"
    if value is True:
        yield option
    # Each id is an option of its own; states are a list behind a comma.
    elif isinstance(value, list) and name == "id":
        yield from (f"{option}={number}" for number in value)
    else:
        # With `=`: a value that begins with `-` would be read as another option.
        yield f"{option}={','.join(value) if isinstance(value, list) else value}"
