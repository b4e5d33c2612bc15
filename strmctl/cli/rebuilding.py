"""`strmctl doctor --rebuild`: a lost database, made again from the files that name what it held."""

from collections import Counter

from strmctl.cli.changing import step_record
from strmctl.cli.run import Run
from strmctl.domain.change import Finding
from strmctl.errors import ItemError
from strmctl.settings.model import Mode

_KIND = "rebuild"
_FAILING = {"failed", "bad"}


def rebuild(run: Run, wait: str | None) -> int:
    from strmctl.services.changing.rebuild import rebuild as restore
    from strmctl.services.doctor.restoring import make_way

    counts: Counter[str] = Counter()
    with run.lock("doctor", wait), run.output.progress("Rebuilding") as progress:
        aside = make_way(run.settings)
        if aside is not None:
            run.output.note(f"the damaged database is {aside} now: restart `strmctl serve`")
        for step in restore(run.settings):
            error = None if isinstance(step, Finding) else step.error
            found = step if isinstance(step, Finding) else step.change
            kind = "failed" if error else found.kind if isinstance(found, Finding) else "restored"
            counts[kind] += 1
            reason = str(error) if error else getattr(found, "reason", "")
            record = {**step_record(_KIND, found, reason or None), "outcome": kind}
            text = f"{kind} {found.strm_path}" + (f": {reason}" if reason else "")
            is_told = kind != "restored" or run.output.verbose
            run.output.record(record, text if is_told else None)
            progress.advance()
    numbers = ", ".join(f"{number} {kind}" for kind, number in counts.items())
    run.output.summary(
        {**counts, "set_aside": aside}, numbers or "the library holds no files of strmctl's"
    )
    failing = _FAILING
    if run.settings.proxy.mode is Mode.DIRECT and counts["foreign"]:
        failing = _FAILING | {"foreign"}
        run.output.warn("in mode direct files do not name their episodes: adopt them by `import`")
    return ItemError.exit_code if failing & counts.keys() else 0
