"""What a running process has used, by the operating system's account."""

import time
from collections.abc import Callable
from pathlib import Path

from bench.measuring import Sample

_OF_A_PROCESS = 2
"""CPUCLOCK_SCHED: in nanoseconds, where /proc counts in hundredths of a second."""


def cpu(process_id: int) -> float:
    """Seconds of all its threads; of its children too, where it has some."""
    clock = time.clock_gettime((~process_id << 3) | _OF_A_PROCESS)
    return clock + sum(cpu(child) for child in _children(process_id))


def memory(process_id: int) -> float:
    """Resident megabytes."""
    status = Path(f"/proc/{process_id}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1000


def used(process_id: int, play: Callable[[], float]) -> tuple[Sample, float]:
    """What a process took while others played, and what playing says of it."""
    began, before = time.perf_counter(), cpu(process_id)
    said = play()
    seconds, busy = time.perf_counter() - began, cpu(process_id) - before
    return Sample(seconds, max(busy, 1e-6)), said


def _children(process_id: int) -> list[int]:
    listed = Path(f"/proc/{process_id}/task/{process_id}/children").read_text()
    return [int(child) for child in listed.split()]
