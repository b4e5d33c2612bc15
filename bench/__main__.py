"""`python -m bench`: what was measured goes to stdout, table by table."""

import argparse
import sys

from bench import library, probe, rewriting, start, streaming
from bench.measuring import measure
from bench.table import table

BENCHES = {
    "start": start.comparisons,
    "rewriting": rewriting.comparisons,
    "streaming": streaming.comparisons,
    "library": library.comparisons,
    "probe": probe.comparisons,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *BENCHES], help="all by default")
    parser.add_argument("--rounds", type=int, default=3, help="of which the median counts")
    parser.add_argument("--size", type=float, default=1.0, help="a share of the full amounts")
    parser.add_argument("--offline", action="store_true", help="install nothing")
    options = parser.parse_args()
    for name in options.names or BENCHES:
        with BENCHES[name](options.size, offline=options.offline) as comparisons:
            for comparison in comparisons:
                sys.stdout.write(f"{table(measure(comparison, options.rounds))}\n\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
