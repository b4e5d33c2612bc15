"""`python -m bench`: measures, prints table by table, and writes page, picture and recorded.json.

Only what was measured at full size is written; a quick run is compared with what was.
"""

import argparse
import signal
import sys
import time
from collections.abc import Sequence
from itertools import groupby
from types import ModuleType

from bench import machine
from bench.comparisons import library, many, playlists, probe, rewriting, slow, start, streaming
from bench.measuring import Measured, NotMeasuredError, measure
from bench.page import PAGE, filled
from bench.picture import PICTURE, SUBJECTS as SHOWN, picture
from bench.recorded import Recorded, Run
from bench.stage.peers import Others
from bench.table import table

BENCHES: dict[str, ModuleType] = {
    "start": start,
    "rewriting": rewriting,
    "streaming": streaming,
    "slow": slow,
    "playlists": playlists,
    "many": many,
    "library": library,
    "probe": probe,
}
QUICK = ("rewriting", "streaming")
ROUNDS = 3


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *BENCHES], help="all by default")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="of which the median counts")
    parser.add_argument("--size", type=float, default=1.0, help="a share of the full amounts")
    parser.add_argument("--offline", action="store_true", help="install nothing")
    parser.add_argument("--quick", action="store_true", help="three minutes; fails where worse")
    options = parser.parse_args()
    # What was begun ends with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    others = Others.INSTALLED if options.offline else Others.ALL
    names: Sequence[str] = options.names or (QUICK if options.quick else tuple(BENCHES))
    if options.quick:
        sys.exit(_quickly(names, options.rounds))
    is_whole = options.size == 1 and options.rounds >= ROUNDS
    for name in names:
        described, began = machine.described(), time.monotonic()
        measured = _measured(name, options.size, others, options.rounds)
        sys.stderr.write(f"{name}: {time.monotonic() - began:.0f} s\n")
        if is_whole:
            _write(measured, described)


def _measured(name: str, size: float, others: Others, rounds: int) -> list[Measured]:
    found = []
    try:
        with BENCHES[name].comparisons(size, others) as comparisons:
            for comparison in comparisons:
                found.append(measure(comparison, rounds))
                sys.stdout.write(f"{table(found[-1])}\n\n")
                sys.stdout.flush()
    except NotMeasuredError as error:
        sys.stdout.write(f"{name}: not measured: {error}\n\n")
    return found


def _write(measured: list[Measured], described: str) -> None:
    recorded = Recorded()
    for subject, group in groupby(measured, key=lambda it: it.work.subject):
        every = list(group)
        took_part = machine.versions({name for it in every for name in it.samples})
        run = Run(machine.model(), "; ".join((described, *took_part)), every)
        recorded.put(subject, run)
    recorded.save()
    PAGE.write_text(filled(PAGE.read_text(), recorded.runs))
    if recorded.runs.keys() & SHOWN:
        PICTURE.write_text(picture(recorded.runs))


def _quickly(names: Sequence[str], rounds: int) -> str | None:
    """What is worse than recorded, also when it is measured once more; None is nothing."""
    recorded = Recorded()
    worse: list[str] = []
    for name in names:
        with BENCHES[name].comparisons(1.0, Others.NONE) as comparisons:
            for comparison in comparisons:
                measured = measure(comparison, rounds)
                # Others may have wanted the cores just then.
                if recorded.worse(measured):
                    measured = measure(comparison, rounds)
                sys.stdout.write(f"{table(measured)}\n\n")
                sys.stdout.flush()
                worse += filter(None, [recorded.worse(measured)])
    return "\n".join(worse) or None


if __name__ == "__main__":
    main()
