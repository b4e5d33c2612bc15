"""Every way a run can end is one exit code and at most one line on stderr."""

import gc
import os
import re
import signal
import sys
import traceback
from collections.abc import Sequence
from functools import lru_cache
from types import TracebackType

import typer
from typer.main import get_command

from strmctl.cli.frame.app import ARGUMENTS, app
from strmctl.cli.frame.command_names import import_for
from strmctl.cli.frame.interruption import ENDED_BY, Interruption
from strmctl.cli.frame.output import (
    WORK,
    UnwritableError,
    encode,
    forget_stdout,
    printable,
    say,
    speak_as_the_locale_can,
    writing,
)
from strmctl.collector import collect_seldom
from strmctl.errors import StrmctlError, UsageError

_COMPLETION = "_STRMCTL_COMPLETE"
_USAGE = 2
CLOSED_PIPE = 128 + signal.SIGPIPE
# To make it takes longer than many a run; it is made again when an import has added commands.
_group = lru_cache(1)(lambda registered: get_command(app))
_QUIET = r"-[a-z]*q[a-z]*|--quiet"
_VERBOSE = r"-[a-z]*v[a-z]*|--verbose"


def run_to_the_end(arguments: Sequence[str]) -> int:
    """Run one command line; an exception that nobody foresaw ends in `sys.excepthook`."""
    sys.excepthook = _Unexpected(arguments)
    WORK.reset()  # a process may run several command lines, as tests do
    speak_as_the_locale_can()
    with Interruption(lambda code: _interrupted(code, arguments)) as interruption:
        try:
            return _run_or_fail(arguments)
        except (KeyboardInterrupt, typer.Abort):
            return interruption.ended()


def _run_or_fail(arguments: Sequence[str]) -> int:
    try:
        return _run_and_flush(arguments)
    except UnwritableError as error:
        forget_stdout()
        return _fail(str(error), error.exit_code, arguments)
    except StrmctlError as error:
        return _fail(str(error), error.exit_code, arguments)
    except typer.TyperException as error:
        # Typer's message may hold several lines, and one line is promised.
        message = error.format_message().replace("Value error, ", "")  # pydantic's word
        return _fail(message + _where_to_look(error, message), error.exit_code, arguments)
    # `| head` has left: what would still be flushed at exit would raise again.
    except BrokenPipeError:
        forget_stdout()
        return CLOSED_PIPE


def _run_and_flush(arguments: Sequence[str]) -> int:
    _check_is_text(arguments)
    code = _run(arguments)
    with writing():
        sys.stdout.flush()
    # What the run has found matters more than that nobody read it to the end.
    return code or (CLOSED_PIPE if WORK.pipe_is_closed else 0)


def _check_is_text(arguments: Sequence[str]) -> None:
    """Bytes that are no text of the locale arrive as lone surrogates (PEP 383), which neither the
    database nor JSON can hold. A folder that is there may be called so: cron names settings in it.
    """
    for argument in arguments:
        is_text = not any("\ud800" <= letter <= "\udfff" for letter in argument)
        if not is_text and not os.path.lexists(argument.rpartition("=")[2]):
            raise UsageError(f"{argument!r}: not UTF-8 text: type it in UTF-8, with LANG=C.UTF-8")


def _run(arguments: Sequence[str]) -> int:
    import_for(arguments)
    group = _group(len(app.registered_commands))
    # The shell asks for completions by this variable; Click answers and exits.
    if _COMPLETION in os.environ:
        group(prog_name="strmctl")
    try:
        with group.make_context("strmctl", list(arguments) or ["--help"]) as context:
            context.meta[ARGUMENTS] = tuple(arguments)
            # `strmctl.__main__` has turned it off; a test that runs a command line has not.
            if not gc.isenabled():
                collect_seldom()
            return group.invoke(context) or 0
    except typer.Exit as end:
        return end.exit_code if arguments else _USAGE


def _where_to_look(error: typer.TyperException, message: str) -> str:
    """The help of the command, where the message does not say what to do."""
    context = getattr(error, "ctx", None)
    if context is None or "Did you mean" in message or "Possible options" in message:
        return ""
    return f" (see `{context.command_path} --help`)"


def _fail(message: str, code: int, arguments: Sequence[str], **more: int) -> int:
    """`more` stands in the JSON alone."""
    # A file's name may hold an escape sequence that steers the terminal.
    line = printable(" ".join(message.split()))
    # The options may be what is wrong, so they cannot be asked.
    if "--json" in arguments:
        line = encode({"type": "error", "code": code, "message": line, **more})
    else:
        line = f"strmctl: {line}"
    say(line)
    return code


def _interrupted(code: int, arguments: Sequence[str]) -> None:
    is_quiet = any(re.fullmatch(_QUIET, argument) for argument in arguments)
    done = "" if is_quiet or "--json" in arguments else str(WORK)
    _fail(ENDED_BY[code] + (f" ({done})" if done else ""), code, arguments, **WORK.numbers())


class _Unexpected:
    """What Python calls for an exception that nobody caught; the exit code is then 1."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self._arguments = arguments

    def __call__(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        verbose = any(re.fullmatch(_VERBOSE, argument) for argument in self._arguments)
        if verbose:
            # A traceback with -v may be pasted into an issue.
            say(without_tokens("".join(traceback.format_exception(error))).rstrip())
        hint = "" if verbose else ": run again with -v for details"
        _fail(f"unexpected {kind.__name__}{hint}", StrmctlError.exit_code, self._arguments)


def without_tokens(text: str) -> str:
    """Text whose URLs have lost their credentials and queries."""
    return re.sub(r"(https?://)([^\s/?#'\"]*@)?([^\s?#'\"]*)(\?[^\s'\"]*)?", _shorten, text)


def _shorten(match: re.Match[str]) -> str:
    return match[1] + ("***@" if match[2] else "") + match[3] + ("?***" if match[4] else "")
