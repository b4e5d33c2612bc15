"""Options that need no conversion are taken as they are, without pydantic.

Typer 0.29 makes a pydantic adapter for each option that is no flag, given or not, and importing
pydantic is half of a light command's start. A value that is odd or wrong, or of a kind that is not
here, goes Typer's way and has Typer's message.
"""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, get_args, get_origin

from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption
from typer.models import ParameterInfo

from strmctl.cli.frame.output import writing

_WHOLE = re.compile(r"-?[0-9]{1,18}")


def plain(value: object, annotation: object, info: ParameterInfo) -> object | None:
    """What `value` means; None where only Typer knows."""
    if get_origin(annotation) is list and isinstance(value, list | tuple):
        (kind,) = get_args(annotation)
        items = [plain(item, kind, info) for item in value]
        return None if None in items else items
    if annotation is str and type(value) is str:
        return value
    if annotation is int:
        return _number(value, info)
    if annotation is Path and isinstance(value, str | Path) and _takes_any_path(info):
        # Typer refuses what is there and cannot be read.
        return Path(value) if os.access(value, os.R_OK) or not os.path.exists(value) else None  # noqa: PTH110
    return None


def _number(value: object, info: ParameterInfo) -> int | None:
    if type(value) is not int and not (type(value) is str and _WHOLE.fullmatch(value)):
        return None
    number = int(value)
    fits = (info.min is None or number >= info.min) and (info.max is None or number <= info.max)
    return number if fits else None


def _takes_any_path(info: ParameterInfo) -> bool:
    is_checked = info.exists or info.writable or info.resolve_path or info.allow_dash
    return not (is_checked or info.path_type) and info.readable and info.file_okay and info.dir_okay


class PlainCommand(TyperCommand):
    def get_params(self, ctx: Any) -> list[Any]:
        return _plainly(super().get_params(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        with _answering():
            return super().parse_args(ctx, args)


class PlainGroup(TyperGroup):
    def get_params(self, ctx: Any) -> list[Any]:
        return _plainly(super().get_params(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        with _answering():
            return super().parse_args(ctx, args)


@contextmanager
def _answering() -> Iterator[None]:
    """`--help` and `--version` are answered while options are read; stdout may refuse that."""
    try:
        with writing():
            yield
    except SystemExit:  # Rich ends the process where the reader of help has left.
        raise BrokenPipeError from None


class _PlainOption(TyperOption):
    def _get_number_range_help_str(self) -> str | None:
        """A bound that only SQLite sets, of 19 digits, tells nobody anything."""
        is_sqlite_s = self.max is not None and not _WHOLE.fullmatch(str(self.max))
        return None if is_sqlite_s else super()._get_number_range_help_str()

    def process_value(self, ctx: Any, value: Any) -> Any:
        return _value(self, ctx, value, super().process_value)


class _PlainArgument(TyperArgument):
    def display_type_rich(self, ctx: Any) -> None:
        """Help says what it is in words, and in its name."""

    def process_value(self, ctx: Any, value: Any) -> Any:
        return _value(self, ctx, value, super().process_value)


def _plainly(parameters: list[Any]) -> list[Any]:
    # Typer has no seam for the class of a parameter, as it has for that of a command.
    for parameter in parameters:
        if type(parameter) is TyperOption:
            parameter.__class__ = _PlainOption
        elif type(parameter) is TyperArgument:
            parameter.__class__ = _PlainArgument
        # Typer writes `<bool>` behind its own flags, such as --help.
        if getattr(parameter, "is_flag", False) and parameter.metavar is None:
            parameter.metavar = ""
    return parameters


def _value(
    parameter: TyperOption | TyperArgument, ctx: Any, value: Any, as_typer: Callable[..., Any]
) -> Any:
    taken: object | None
    if value is None and not parameter.required:
        taken = () if parameter.multiple or parameter.nargs == -1 else None
    else:
        described = parameter.type_descriptor
        taken = plain(value, described.annotation, described.parameter_info)
        if taken is None:
            return as_typer(ctx, value)
    return taken if parameter.callback is None else parameter.callback(ctx, parameter, taken)
