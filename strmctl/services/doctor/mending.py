"""What is strmctl's own is put right: files that moved are followed, old contents rewritten.

Foreign, edited and duplicate files are never touched; the brake holds as it does for commands.
"""

from collections.abc import Iterable, Iterator

from strmctl.domain import brake
from strmctl.domain.change import Action, Change, Step
from strmctl.domain.selection import Selection
from strmctl.errors import SafetyError
from strmctl.services.change_run import ChangeRun
from strmctl.services.doctor.finding import Finding, Severity, of_error
from strmctl.services.doctor.installation import Installation
from strmctl.services.rewriting import Rewriting
from strmctl.storage.database import Database
from strmctl.storage.mappings import Mappings


def mend_library(installation: Installation) -> Iterator[Finding]:
    """Raises SettingsError where no key is usable, ItemError where there is no library."""
    database = installation.usable_database()
    if database is None or not installation.settings.library.is_dir():
        return
    rewriting = Rewriting(installation.settings)
    steps = rewriting.plan(database, installation.files, Selection())
    yield from _carry_out(installation, database, "rewrite", steps, Action.REWRITTEN)


def _carry_out(
    installation: Installation,
    database: Database,
    command: str,
    steps: Iterable[Step],
    wanted: Action,
) -> Iterator[Finding]:
    """Only the changes that are `wanted`; what a plan leaves, the examination tells."""
    run = ChangeRun(database, installation.files, f"doctor --fix ({command})")
    changes = (step for step in steps if isinstance(step, Change) and step.action is wanted)
    for _ in run.plan(changes):
        pass
    try:
        _check_brake(installation, database, run)
    except SafetyError as error:
        run.discard()
        yield of_error(
            error, "safety", command, "look into it, then `strmctl doctor --fix --force`"
        )
        return
    for done in run.carry_out():
        if done.error is None:
            yield Finding(
                Severity.WARNING,
                "moved" if wanted is Action.MOVED else "outdated",
                done.change.strm_path,
                f"{wanted.value} by `strmctl {command}`",
                fixed=True,
            )
        else:
            yield of_error(done.error, command, done.change.strm_path)


def _check_brake(installation: Installation, database: Database, run: ChangeRun) -> None:
    if installation.force:
        return
    total = max(Mappings(database).count(Selection()), run.altering)
    brake.check(run.altering, total, installation.settings.safety.max_change, "would change")
