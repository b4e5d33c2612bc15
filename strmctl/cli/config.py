"""`strmctl config`: what is in force and who said so; secrets stay hidden."""

import json

from strmctl.cli.app import Panel, command
from strmctl.cli.run import Run


@command(Panel.CARE)
def config(run: Run) -> None:
    """Show every setting in force and where it comes from; secrets are masked."""
    values = run.loaded.values
    for value in values:
        run.output.record(
            {"type": "setting", "key": value.key, "value": value.shown, "source": value.source}
        )
    rows = ((value.key, _text(value.shown), value.source) for value in values)
    run.output.table(("setting", "value", "from"), rows)
    file = run.loaded.file
    run.output.summary(
        {"settings": len(values), "file": None if file is None else str(file)},
        f"settings file: {file or 'none, these are the defaults: make one with `strmctl init`'}",
    )


def _text(shown: object) -> str:
    return shown if isinstance(shown, str) else json.dumps(shown, ensure_ascii=False)
