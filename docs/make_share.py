"""Writes docs/share, what the wheel brings for `man` and for shells, out of the commands.

`make docs` runs it; a test compares what it would write with what is there.
"""

import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption
from typer.main import get_group

from strmctl import __version__
from strmctl.cli.frame.app import Panel, app
from strmctl.cli.frame.command_names import import_for

SHARE = Path(__file__).parent / "share"
CHANGELOG = Path(__file__).parents[1] / "CHANGELOG.md"
SHELLS = {
    "bash": "bash-completion/completions/strmctl",
    "zsh": "zsh/site-functions/_strmctl",
    "fish": "fish/vendor_completions.d/strmctl.fish",
}
# zsh calls the file itself when it completes for the first time.
_FIRST_CALL = {"zsh": '\n\n_strmctl_completion "$@"'}
_SHARED = {"Selection": "SELECTION", "Every command": "OPTIONS OF EVERY COMMAND"}
_DESCRIPTION = (
    "A .strm file is one line, a URL, that Jellyfin, Emby and Kodi play as if it were the video. "
    "strmctl writes .strm files that name an episode on its own proxy. The proxy finds the "
    "current URL, streams it, and resolves again by itself when it expires."
)
_ENVIRONMENT = {
    "STRMCTL_CONFIG": "The settings file.",
    "STRMCTL_SECTION_KEY": "Any setting section.key, such as STRMCTL_SERVE_PORT.",
    "NO_COLOR": "No colours.",
}
_FILES = {
    "./strmctl.toml": "The settings, unless --config or STRMCTL_CONFIG names another file.",
    "strmctl/strmctl.toml": "The same in the platform's config folder.",
}


def pages() -> dict[str, str]:
    """Text by path below docs/share."""
    completions = {path: completion(shell) for shell, path in SHELLS.items()}
    return {"man/man1/strmctl.1": manual(), **completions}


def completion(shell: str) -> str:
    """Typer's own script, which asks `strmctl` itself at every completion."""
    made = subprocess.run(
        [sys.executable, "-m", "strmctl"],
        env=os.environ | {"_STRMCTL_COMPLETE": f"source_{shell}"},
        capture_output=True,
        text=True,
        check=True,
    )
    return made.stdout.strip() + _FIRST_CALL.get(shell, "") + "\n"


def manual() -> str:
    """strmctl(1), by the macros of man(7)."""
    import_for([])
    group = get_group(app)
    commands = [each for each in group.commands.values() if isinstance(each, TyperCommand)]
    return "\n".join(_lines(group, commands)) + "\n"


def _lines(group: TyperGroup, commands: Sequence[TyperCommand]) -> Iterator[str]:
    purpose = str(group.help)
    yield f'.TH STRMCTL 1 "{_released()}" "strmctl {__version__}" "User Commands"'
    yield from (".SH NAME", rf"strmctl \- {purpose[0].lower()}{_text(purpose[1:].rstrip('.'))}")
    yield from (".SH SYNOPSIS", ".B strmctl", r"\fICOMMAND\fR [\fIOPTION\fR ...]")
    yield from (".SH DESCRIPTION", *_paragraph(_DESCRIPTION))
    yield ".SH COMMANDS"
    for panel in Panel:
        yield f".SS {_text(panel)}"
        for command in commands:
            if command.rich_help_panel == panel:
                yield from _command(command)
    for shared, heading in _SHARED.items():
        yield f".SH {heading}"
        yield from _options(_of_panel(commands, shared))
    yield ".SH EXIT STATUS"
    yield from _terms(_exit_codes(str(group.epilog)))
    for heading, terms in (("ENVIRONMENT", _ENVIRONMENT), ("FILES", _FILES)):
        yield f".SH {heading}"
        yield from _terms(terms)


def _command(command: TyperCommand) -> Iterator[str]:
    arguments = [each for each in command.params if isinstance(each, TyperArgument)]
    options = [each for each in command.params if isinstance(each, TyperOption)]
    panels = {_panel(option) for option in options}
    usage = [rf"\fB{_text(str(command.name))}\fR"]
    usage += [rf"\fI{_text(_argument(argument))}\fR" for argument in arguments]
    usage += ["[selection]"] if "Selection" in panels else []
    first, *more = str(command.help).split("\n\n")
    yield from (".TP", " ".join(usage), *_paragraph(first))
    for paragraph in more:
        yield from (".IP", *_paragraph(paragraph))
    own = [option for option in options if _panel(option) not in _SHARED]
    if own:
        yield from (".RS", *_options(own), ".RE")


def _options(options: Iterable[TyperOption]) -> Iterator[str]:
    for option in options:
        names = ", ".join(rf"\fB{_text(name)}\fR" for name in option.opts)
        metavar = rf" \fI{_text(option.metavar)}\fR" if option.metavar else ""
        yield from (".TP", names + metavar, *_paragraph(_plain(option.help or "")))


def _argument(argument: TyperArgument) -> str:
    """Its name, in brackets where it may be left out."""
    name = _plain(argument.metavar or str(argument.name))
    return name if argument.required or name.startswith("[") else f"[{name}]"


def _plain(text: str) -> str:
    """Without what keeps Rich from taking `[naming]` for a style."""
    return text.replace(r"\[", "[")


def _terms(terms: Mapping[str, str]) -> Iterator[str]:
    for term, meaning in terms.items():
        yield from (".TP", rf"\fB{_text(term)}\fR", *_paragraph(meaning))


def _of_panel(commands: Sequence[TyperCommand], panel: str) -> Iterable[TyperOption]:
    """Its options, those of all commands together, each once."""
    options = [option for command in commands for option in command.params]
    return {
        option.opts[0]: option
        for option in options
        if isinstance(option, TyperOption) and _panel(option) == panel
    }.values()


def _panel(option: TyperOption) -> str:
    return option.rich_help_panel or ""


def _exit_codes(epilog: str) -> dict[str, str]:
    codes = epilog.removeprefix("Exit codes: ").split(" · ")
    return {code: f"{meaning}." for code, _, meaning in (code.partition(" ") for code in codes)}


def _released() -> str:
    """The day of the newest release."""
    found = re.search(r"^## \[[\d.]+\] - (\S+)$", CHANGELOG.read_text("utf-8"), re.MULTILINE)
    assert found is not None
    return found[1]


def _paragraph(text: str) -> Iterator[str]:
    for line in textwrap.wrap(text, 70, break_long_words=False, break_on_hyphens=False):
        # At the beginning of a line these two would be a command.
        yield (r"\&" if line.startswith((".", "'")) else "") + _text(line)


def _text(text: str) -> str:
    """In roff, where `-` is what one types only when it is escaped."""
    return text.replace("\\", r"\e").replace("-", r"\-").replace("…", "...")


def main() -> None:
    for path, text in pages().items():
        (SHARE / path).parent.mkdir(parents=True, exist_ok=True)
        (SHARE / path).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
