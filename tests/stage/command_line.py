"""What a test sees of one run of the command line; the fixture `strmctl` is in conftest.py."""

import json
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Ended:
    """One run of the command line: its exit code and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def records(self) -> list[dict[str, Any]]:
        """Every line of NDJSON on stdout."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on stdout."""
        [document] = self.records
        return document

    @property
    def error(self) -> dict[str, Any]:
        """The one JSON line on stderr."""
        error: dict[str, Any] = json.loads(self.err)
        return error


class Strmctl(Protocol):
    def __call__(self, *arguments: object, code: int = 0, stdin: str = "") -> Ended: ...


def happened(counts: dict[str, Any]) -> dict[str, int]:
    """What there was any of: a summary names each outcome, with a nought for the others."""
    return {name: count for name, count in counts.items() if type(count) is int and count}
