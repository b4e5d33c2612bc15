"""`strmctl config`: what is in force and who said so; secrets stay hidden."""

import json

from strmctl.cli.frame.app import Panel, command
from strmctl.cli.frame.run import Run


@command(Panel.CARE, example="strmctl config --json | jq .")
def config(run: Run) -> None:
    """Show every setting in force and where it comes from; secrets are masked."""
    _check_resolvers(run)
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


def _check_resolvers(run: Run) -> None:
    """Each kind knows its own keys, so that loading the settings cannot check them."""
    from strmctl.resolvers.registry import Registry

    Registry.from_settings(run.settings)


def _text(shown: object) -> str:
    return shown if isinstance(shown, str) else json.dumps(shown, ensure_ascii=False)
