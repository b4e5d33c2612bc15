"""What becomes of a run that changes or checks the library is recorded when it ends."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from msgspec import Struct

from strmctl.cli.frame.interruption import ENDED_BY, Interruption
from strmctl.cli.frame.output import WORK
from strmctl.cli.frame.run import Run
from strmctl.errors import StrmctlError

_WELL = (0, 10)


class Ending(Struct):
    """How a run ends; `message` says why it did not end well."""

    code: int = StrmctlError.exit_code
    message: str | None = None


@contextmanager
def recorded(run: Run) -> Iterator[Ending]:
    """Whoever enters sets the exit code; what is raised is recorded and goes on."""
    ending = Ending()
    try:
        yield ending
    except StrmctlError as error:
        ending = Ending(error.exit_code, str(error))
        raise
    except KeyboardInterrupt:
        ending = Ending(Interruption.code, f"{ENDED_BY[Interruption.code]} ({WORK})")
        raise
    finally:
        # Commands that only look, such as `list`, are no runs.
        if run.begun is not None:
            # Nothing of the work depends on it, and a database that is gone was told already.
            with suppress(StrmctlError):
                _record(run, ending)


def _record(run: Run, ending: Ending) -> None:
    from strmctl.services.jobs.run_log import EndedRun

    begun = run.begun
    assert begun is not None, "asked before"
    message = ending.message or (None if ending.code in _WELL else WORK.reason)
    what = begun.command, begun.arguments, begun.cause, begun.at
    ended = EndedRun(*what, ending.code, message, dict(WORK.counts), WORK.done)
    begun.recording.end(ended)
