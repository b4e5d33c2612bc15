"""What a run of the command line says with `--json`, as far as its job keeps it."""

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from msgspec import Struct, field

from strmctl.domain.counted import counted
from strmctl.domain.digest import general
from strmctl.domain.job import JobLine

LINE_MAX = 2**20
_MOST_REASONS = 1000


class JobOutput(Struct):
    """`counts` are those of the summary, `message` is the error that ended it; `reason` is that
    of the first of the `failed` items, `reasons` counts them all, without the items' names."""

    number: int = 0
    done: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    message: str | None = None
    failed: int = 0
    reason: str | None = None
    reasons: Counter[str] = field(default_factory=Counter)
    _unsaved: list[JobLine] = field(default_factory=list)

    async def read(self, stream: asyncio.StreamReader) -> None:
        """To its end; a line longer than the stream's limit is left out."""
        while True:
            try:
                line = await stream.readline()
            # asyncio's StreamReader says ValueError for a line beyond its limit.
            except ValueError:
                continue
            if not line:
                return
            self.take(line)

    def take(self, line: bytes) -> None:
        document = _document(line)
        if document is None:
            return
        if document.get("type") == "error":
            self.message = str(document.get("message"))
        elif document.get("type") == "summary":
            # JSON's true is an int for isinstance().
            self.counts = {name: it for name, it in document.items() if type(it) is int}
        else:
            self.number += 1
            self.done += "id" in document
            self._unsaved.append(JobLine(self.number, document))
            if document.get("outcome") == "failed":
                self.failed += 1
                self._take_reason(str(document.get("reason") or ""))

    def _take_reason(self, reason: str) -> None:
        if not reason:
            return
        self.reason = self.reason or reason
        kind = general(reason)
        # A reason of its own for each link of a library would say nothing.
        if kind in self.reasons or len(self.reasons) < _MOST_REASONS:
            self.reasons[kind] += 1

    @property
    def why(self) -> str | None:
        """Why it failed, in one line; None where nothing says so."""
        if self.message is not None or not self.failed:
            return self.message
        of = f" of {self.done:,}" if self.done >= self.failed else ""
        text = f"{self.failed:,}{of} failed"
        if len(self.reasons) > 1:
            [(most, number)] = self.reasons.most_common(1)
            rest = counted(len(self.reasons) - 1, "more reason")
            return f"{text}: {most} ({counted(number, 'item')}; {rest})"
        return text + (f": {self.reason}" if self.reason else "")

    def unsaved(self) -> Sequence[JobLine]:
        return tuple(self._unsaved)

    def saved(self, lines: Sequence[JobLine]) -> None:
        """The first of the unsaved ones are kept by now."""
        del self._unsaved[: len(lines)]


def _document(line: bytes) -> dict[str, Any] | None:
    """None for what is no document, as a traceback is none."""
    try:
        document = json.loads(line)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None
