"""`python -m bench`: what was measured goes to stdout, table by table."""

import argparse
import sys

from bench import library, probe, rewriting, start, streaming
from bench.measuring import measure
from bench.peers import Others
from bench.recorded import Recorded
from bench.table import table

BENCHES = {
    "start": start.comparisons,
    "rewriting": rewriting.comparisons,
    "streaming": streaming.comparisons,
    "library": library.comparisons,
    "probe": probe.comparisons,
}
QUICK = ("rewriting", "streaming")
QUICK_SIZE = 0.5
"""With less the clock of CPU time, which ticks every 10 ms, decides by itself."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *BENCHES], help="all by default")
    parser.add_argument("--rounds", type=int, default=3, help="of which the median counts")
    parser.add_argument("--size", type=float, default=1.0, help="a share of the full amounts")
    parser.add_argument("--offline", action="store_true", help="install nothing")
    parser.add_argument("--quick", action="store_true", help="three minutes; fails where worse")
    parser.add_argument("--record", action="store_true", help="keep the ratios for --quick")
    options = parser.parse_args()
    names = options.names or (QUICK if options.quick or options.record else BENCHES)
    size = QUICK_SIZE if options.quick or options.record else options.size
    others = Others.INSTALLED if options.offline else Others.ALL
    if options.quick:
        # Some of them take seconds for what takes nginx a tenth of one.
        others = Others.NONE
    recorded, worse = Recorded(), []
    for name in names:
        with BENCHES[name](size, others) as comparisons:
            for comparison in comparisons:
                measured = measure(comparison, options.rounds)
                worse.append(recorded.put(measured))
                sys.stdout.write(f"{table(measured)}\n\n")
                sys.stdout.flush()
    if options.record:
        recorded.save()
    elif options.quick and any(worse):
        sys.exit("\n".join(filter(None, worse)))


if __name__ == "__main__":
    main()
