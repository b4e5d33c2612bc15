"""The command line: one Typer app; `command` puts a function on it, with every common option.

To add a command: write `cli/<name>.py` with

    @command(Panel.LIBRARY, example="strmctl name --site media.example")
    def name(run: Run, site: Annotated[str, typer.Option()]) -> int | None:
        '''The help text.'''

and add its name to NAMES in `cli/frame/command_names.py`. What the function returns is the exit
code, None is 0; errors are raised (strmctl.errors), never printed.
"""

import inspect
from collections.abc import Callable, Mapping
from copy import copy
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Concatenate, ParamSpec, get_args

import typer
from typer.models import OptionInfo

from strmctl import __version__
from strmctl.cli.frame.plain_values import PlainCommand, PlainGroup
from strmctl.cli.frame.recording import recorded
from strmctl.cli.frame.run import EveryCommand, Run
from strmctl.errors import DatabaseError, SettingError, SettingsError

P = ParamSpec("P")
Command = Callable[Concatenate[Run, P], int | None]

_EXIT_CODES = """Exit codes: 0 well, or nothing to do · 1 unexpected · 2 usage · 3 settings ·
4 database · 5 another run holds the lock · 10 dead links or drift found · 12 some items failed ·
13 egress down, nothing concluded · 25 a safety limit stopped the change · 130/143 interrupted ·
141 done, but the output was closed (a pipe to `head`)"""

ARGUMENTS = "arguments"
"""Under this key the context's `meta` holds the whole command line."""

app = typer.Typer(
    name="strmctl",
    cls=PlainGroup,
    help="Keeps a library of .strm files alive.",
    epilog=" ".join(_EXIT_CODES.split()),
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


class Panel(StrEnum):
    """The groups of `strmctl --help`."""

    START = "Start"
    LIBRARY = "Library"
    LINKS = "Links"
    SERVER = "Server"
    CARE = "Settings and database"


_METAVARS: dict[object, str] = {bool: "", int: "N", int | None: "N"}
_OPTIONS = "Every command"
Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        rich_help_panel=_OPTIONS,
        help="Settings file (STRMCTL_CONFIG, ./strmctl.toml).",
    ),
]
DatabaseFile = Annotated[
    Path | None,
    typer.Option("--database", metavar="FILE", rich_help_panel=_OPTIONS, help="Database file."),
]
Json = Annotated[
    bool,
    typer.Option(
        "--json", metavar="", rich_help_panel=_OPTIONS, help="One JSON document, NDJSON for many."
    ),
]
Quiet = Annotated[
    bool,
    typer.Option(
        "-q", "--quiet", metavar="", rich_help_panel=_OPTIONS, help="Results and errors only."
    ),
]
Verbose = Annotated[
    int,
    typer.Option(
        "-v",
        "--verbose",
        count=True,
        show_default=False,
        metavar="",
        rich_help_panel=_OPTIONS,
        help="Say what is done; twice says more.",
    ),
]
NoColor = Annotated[
    bool,
    typer.Option("--no-color", metavar="", rich_help_panel=_OPTIONS, help="No colours (NO_COLOR)."),
]


def every_command(
    config: Config = None,
    database: DatabaseFile = None,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = 0,
    no_color: NoColor = False,
) -> EveryCommand:
    return EveryCommand(config, database, json, quiet, verbose, no_color)


_EVERY_COMMAND = inspect.signature(every_command).parameters


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"strmctl {__version__}")
        raise typer.Exit


@app.callback()
def before_the_command(
    context: typer.Context,
    config: Config = None,
    database: DatabaseFile = None,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = 0,
    no_color: NoColor = False,
    version: Annotated[
        bool,
        typer.Option(
            "--version", metavar="", callback=_version, is_eager=True, help="Show the version."
        ),
    ] = False,
) -> None:
    context.obj = every_command(config, database, json, quiet, verbose, no_color)


def command(
    panel: str, name: str | None = None, *, example: str = ""
) -> Callable[[Command[P]], Command[P]]:
    """Register a function whose first parameter is `run: Run`; the function itself stays as it is.

    Typer sees its other parameters followed by the options of every command. `example` is a line
    that `--help` ends with.
    """

    def register(function: Command[P]) -> Command[P]:
        invoke: Callable[..., int | None] = function

        def call(context: typer.Context, **arguments: Any) -> int | None:
            given = EveryCommand(**{key: arguments.pop(key) for key in _EVERY_COMMAND})
            before: EveryCommand = context.obj
            run = Run(before.followed_by(given), context.meta.get(ARGUMENTS, ()))
            with recorded(run) as ending:
                ending.code = _invoke(invoke, run, arguments)
                return ending.code

        _give_signature(call, function)
        label = name or function.__name__.rstrip("_").replace("_", "-")
        epilog = f"Example: {example}" if example else None
        app.command(
            label,
            help=_paragraphs(function),
            epilog=epilog,
            rich_help_panel=panel,
            cls=PlainCommand,
        )(call)
        return function

    return register


def _invoke(invoke: Callable[..., int | None], run: Run, arguments: Mapping[str, object]) -> int:
    """The exit code; an error of a setting says where it was set."""
    try:
        return invoke(run, **arguments) or 0
    except SettingError as error:
        raise SettingsError(f"{run.loaded.origin(error.key)}: {error}") from None
    except (SettingsError, DatabaseError) as error:
        # Who has run `init` in another folder would have a second library after what it says.
        if run.has_found_nothing:
            error.args = (
                f"{error}, or name the settings that you have (--config, STRMCTL_CONFIG)",
            )
        raise


def _paragraphs(function: Callable[..., object]) -> str:
    """Its docstring, where only empty lines break lines: the terminal's width does the rest."""
    parts = (inspect.getdoc(function) or "").split("\n\n")
    return "\n\n".join(" ".join(part.split()) for part in parts)


def _give_signature(call: Callable[..., Any], function: Callable[..., Any]) -> None:
    _run, *own = inspect.signature(function, eval_str=True).parameters.values()
    context = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    parameters = [
        _readable(parameter).replace(kind=inspect.Parameter.KEYWORD_ONLY)
        for parameter in (context, *own, *_EVERY_COMMAND.values())
    ]
    call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    call.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}


def _readable(parameter: inspect.Parameter) -> inspect.Parameter:
    """Help shows what an option takes: nothing for a flag, else `N` or `TEXT`, not its type."""
    kind, *marks = get_args(parameter.annotation) or (parameter.annotation,)
    for mark in marks:
        if isinstance(mark, OptionInfo) and mark.metavar is None:
            shown = copy(mark)
            shown.metavar = _METAVARS.get(kind, "TEXT")
            return parameter.replace(annotation=Annotated[kind, shown])
    return parameter
