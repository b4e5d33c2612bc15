"""A finding says what is wrong, with what, why, and which command mends it; never a URL."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from strmctl.errors import (
    DatabaseError,
    EgressError,
    SafetyError,
    SettingsError,
    StrmctlError,
)

DRIFT = 10
"""The exit code of what is wrong but stops nothing."""

_TELLING = (SettingsError, DatabaseError, EgressError, SafetyError)
"""Errors whose exit codes tell of the installation, not of one item."""


class Severity(StrEnum):
    """`info` is worth knowing and does not change the exit code."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Finding:
    """`check` is one word for what was looked for; `mend` does it where that is safe.

    `mend` raises a StrmctlError or an OSError where it cannot.
    """

    severity: Severity
    check: str
    subject: str
    reason: str
    remedy: str = ""
    mend: Callable[[], object] | None = field(default=None, repr=False, compare=False)
    exit_code: int = DRIFT
    fixed: bool = False


def of_error(error: StrmctlError, check: str, subject: str, remedy: str = "") -> Finding:
    """What another command would have ended with, with its exit code."""
    reason = str(error).removeprefix(f"{subject}: ")
    code = error.exit_code if isinstance(error, _TELLING) else DRIFT
    return Finding(Severity.ERROR, check, subject, reason, remedy, exit_code=code)
