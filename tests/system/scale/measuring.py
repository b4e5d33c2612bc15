"""What tests of large libraries share: the query plans of a question, and a run's peak memory."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from strmctl.storage.database.connection import Database

# The kernel's own account of this process alone: rusage counts what the parent was before it.
_RUN = """
import sys
from pathlib import Path
from strmctl.cli.frame.ending import run_to_the_end
code = run_to_the_end(sys.argv[1:])
lines = Path("/proc/self/status").read_text().splitlines()
[peak] = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
sys.stderr.write(peak)
sys.exit(code)
"""


def peak_mib(folder: Path, *arguments: object) -> float:
    """Run a command line in a process of its own; it must end well and say nothing else."""
    ended = subprocess.run(
        [sys.executable, "-c", _RUN, *map(str, arguments)],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return int(ended.stderr) / 1024


def plan(database: Database, ask: Callable[[], object]) -> list[str]:
    """The steps by which SQLite answers everything that `ask` reads."""
    statements: list[str] = []
    connection = database.db.conn
    connection.set_trace_callback(statements.append)
    try:
        ask()
    finally:
        connection.set_trace_callback(None)
    return [
        row["detail"]
        for statement in statements
        if statement.lstrip().startswith(("SELECT", "WITH"))
        for row in database.query(f"EXPLAIN QUERY PLAN {statement}")
    ]
