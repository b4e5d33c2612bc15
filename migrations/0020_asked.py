"""What the API or the page asked of a job, by the options' names; NULL where a line was typed.

The command line is made of it when the job's process begins. Jobs from before are read once, here.
"""

import json
from collections.abc import Mapping, Sequence

from sqlite_utils import Database

_OPERANDS = {"import": "folder", "undo": "run"}
_LISTS = {"id": int, "state": str, "fail_on": str}


def migrate(db: Database) -> None:
    # json_valid(NULL) is 0 or NULL, as the version of SQLite has it.
    check = "CHECK (asked IS NULL OR json_valid(asked))"
    db.execute(f"ALTER TABLE job ADD COLUMN asked TEXT {check}")
    found = db.execute(
        "SELECT id, command, arguments FROM job WHERE cause NOT IN ('cli', 'cron')"
    ).fetchall()
    for number, command, arguments in found:
        asked = _asked(command, json.loads(arguments))
        if asked is not None:
            db.execute("UPDATE job SET asked = ? WHERE id = ?", (json.dumps(asked), number))


def _asked(command: str, arguments: Sequence[str]) -> Mapping[str, object] | None:
    """None for what is no row of options, each with `=` or without a value."""
    asked: dict[str, object] = {}
    for argument in arguments:
        name, has_value, value = argument.removeprefix("--").partition("=")
        name = name.replace("-", "_")
        if not argument.startswith("--"):
            if command not in _OPERANDS or argument is not arguments[-1]:
                return None
            asked[_OPERANDS[command]] = argument
        elif name in _LISTS:
            items = [_LISTS[name](item) for item in value.split(",") if item]
            asked[name] = [*asked.get(name, []), *items]  # type: ignore[misc]
        else:
            asked[name] = value if has_value else True
    return asked
