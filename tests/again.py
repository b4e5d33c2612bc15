"""Runs pytest, and what failed of thousands side by side once more, alone.

`python tests/again.py MOST PYTEST ARGUMENT…`: a run with up to MOST failures is good when each of
them passes alone. Its last lines name them: they are faults to mend, and `make test`
by itself, with MOST 0, takes none. CPython's own test run does the same.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

TESTS_FAILED = 1
"""pytest's exit code; others say that it was interrupted or that nothing could run."""

LAST_FAILED = Path(".pytest_cache/v/cache/lastfailed")


def main(most: int, pytest: Sequence[str]) -> int:
    """pytest's exit code, that of the second run where there is one."""
    # Of an earlier run, of other tests perhaps.
    LAST_FAILED.unlink(missing_ok=True)
    first = subprocess.call(pytest)
    failed = sorted(json.loads(LAST_FAILED.read_text())) if LAST_FAILED.exists() else []
    if first != TESTS_FAILED or not 0 < len(failed) <= most:
        return first
    _name("Once more, alone:", failed)
    second = subprocess.call([*pytest, "-n", "0", "--last-failed", "--verbose"])
    if second == 0:
        _name("Failed beside others, passed alone:", failed)
    return second


def _name(heading: str, tests: Sequence[str]) -> None:
    sys.stdout.write("\n  ".join([f"\n{heading}", *tests]) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
