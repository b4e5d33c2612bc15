"""A finding says what is wrong, with what, why, and which command mends it; never a URL."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

from strmctl import errors

_OF_THE_INSTALLATION = (
    errors.SettingsError,
    errors.DatabaseError,
    errors.EgressError,
    errors.SafetyError,
)
"""Errors whose exit codes say what is wrong with the installation, not with one item."""

Mend = Callable[[], object]
"""Puts it right where that is safe; raises a StrmctlError or an OSError where it cannot."""


class Severity(StrEnum):
    """`info` is worth knowing and does not change the exit code."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Finding:
    """`check` is one word for what was looked for, `subject` what is wrong."""

    severity: Severity
    check: str
    subject: str
    reason: str
    remedy: str = ""
    mend: Mend | None = field(default=None, repr=False, compare=False)
    exit_code: int = errors.DRIFT
    fixed: bool = False

    @classmethod
    def error(
        cls,
        check: str,
        subject: str,
        reason: str,
        remedy: str = "",
        mend: Mend | None = None,
        exit_code: int = errors.DRIFT,
    ) -> Self:
        return cls(Severity.ERROR, check, subject, reason, remedy, mend, exit_code)

    @classmethod
    def warning(
        cls, check: str, subject: str, reason: str, remedy: str = "", mend: Mend | None = None
    ) -> Self:
        return cls(Severity.WARNING, check, subject, reason, remedy, mend)

    @classmethod
    def info(cls, check: str, subject: str, reason: str, remedy: str = "") -> Self:
        return cls(Severity.INFO, check, subject, reason, remedy)


def of_error(error: errors.StrmctlError, check: str, subject: str, remedy: str = "") -> Finding:
    """What another command would have ended with, with its exit code."""
    reason = str(error).removeprefix(f"{subject}: ")
    code = error.exit_code if isinstance(error, _OF_THE_INSTALLATION) else errors.DRIFT
    return Finding.error(check, subject, reason, remedy, exit_code=code)
