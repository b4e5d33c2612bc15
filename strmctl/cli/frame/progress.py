"""The bar of long work fits 80 columns: done, failed, rate, time left, and the present item."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from strmctl.cli.frame.tables import cut

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from strmctl.cli.frame.output import Work

_TAKEN = 62
"""Columns that all but the present item take where a million are counted."""


@contextmanager
def bar(work: "Work", description: str, total: int | None, *, color: bool) -> Iterator["Bar"]:
    """On stderr; gone when the work is done."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True, no_color=not color)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=10),
        MofNCompleteColumn(),
        TextColumn("{task.fields[failed]} failed", style="red"),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(compact=True),
        TextColumn("{task.fields[item]}", style="dim", markup=False),
    )
    with Progress(*columns, console=console, transient=True) as shown:
        task = shown.add_task(description, total=total, failed=0, rate="", item="")
        yield Bar(work, shown, task, room=max(console.width - _TAKEN, 8))


class Bar:
    """A progress bar that the work moves."""

    def __init__(self, work: "Work", shown: "Progress", task: "TaskID", room: int) -> None:
        self._work, self._shown, self._task, self._room = work, shown, task, room

    def advance(self, n: int = 1) -> None:
        self._work.advance(n)
        speed = self._shown.tasks[0].speed
        self._shown.update(
            self._task,
            advance=n,
            failed=self._work.failed,
            rate="" if speed is None else f"{speed:.0f}/s",
            item=cut(self._work.item, self._room),
        )
