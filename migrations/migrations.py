"""Every migration is a file NNNN_name.py beside this one; none imports application code.

Run by `strmctl migrate` and by `sqlite-utils migrate strmctl.db migrations/` alike. A file's
`migrate(db)` is recorded under the file's name and never changes once it has been released.
"""

import runpy
from pathlib import Path

from sqlite_migrate import Migrations

migrations = Migrations("strmctl")

for file in sorted(Path(__file__).parent.glob("[0-9][0-9][0-9][0-9]_*.py")):
    migrations(name=file.stem)(runpy.run_path(str(file))["migrate"])
