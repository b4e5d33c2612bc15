"""`strmctl demo`: tell the story step by step, then leave its proxy running."""

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from strmctl.cli.frame.app import Panel, command
from strmctl.cli.frame.interruption import INTERRUPTED, take_no_signals
from strmctl.cli.frame.output import Output, printable
from strmctl.cli.frame.run import Run
from strmctl.errors import StrmctlError

if TYPE_CHECKING:
    from strmctl.demo.stage import Stage
    from strmctl.demo.story import Step, Story


@command(Panel.START, example="strmctl demo --once")
def demo(
    run: Run,
    once: Annotated[bool, typer.Option("--once", help="End when the story is told.")] = False,
    keep: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Make the library in DIR and leave it there."),
    ] = None,
) -> None:
    """Show on this machine how a library stays alive: write, play, lose the links, heal, look.

    Needs no network: the provider whose links expire is part of the demo. Every step is checked;
    settings of your own are neither read nor changed. Afterwards the proxy stays up until Ctrl-C.
    """
    from strmctl.demo.stage import set_up
    from strmctl.demo.story import Story

    with set_up(keep) as stage:
        story = Story(stage)
        for step in story.before_serving():
            _print_step(run.output, step)
        with stage.commands.serving(stage.base_url) as proxy:
            for step in story.while_serving():
                _print_step(run.output, step)
            _sum_up(run.output, stage, story)
            if not once:
                _stay(run.output, stage, story, proxy)


def _print_step(output: Output, step: "Step") -> None:
    record = {
        "type": "step",
        "step": step.number,
        "name": step.name,
        "text": step.text,
        **step.figures,
    }
    head = f"{step.number:2} ✓ {step.text}"
    details = [f"     {detail}" for detail in step.details]
    # A pipe and cron get plain text, without colours.
    if output.json or not sys.stdout.isatty():
        output.record(record, "\n".join([head, *details]))
    else:
        _draw(output, head, details)
    sys.stdout.flush()


def _draw(output: Output, head: str, details: list[str]) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(no_color=not output.color, highlight=False, soft_wrap=True)
    line = Text(printable(head))
    line.highlight_words(["✓"], "bold green")
    console.print(line)
    for detail in details:
        console.print(Text(printable(detail), "dim"))


def _sum_up(output: Output, stage: "Stage", story: "Story") -> None:
    record = {
        "steps": story.told,
        "base_url": stage.base_url,
        "folder": stage.folder,
        "playback_urls": {entry.label: url for entry, url in story.urls.items()},
    }
    output.summary(record, f"All {story.told} steps came true.")
    sys.stdout.flush()


def _what_to_play(stage: "Stage", story: "Story") -> str:
    lines = (f"  {entry.label:20} {url}" for entry, url in story.urls.items())
    first = (
        f"The proxy stays up, and its links go on ending and healing. Look at {stage.base_url}/"
        " or play one of these:"
    )
    last = f"The library is in {stage.folder}. Ctrl-C ends the demo."
    return "\n".join([first, *lines, last])


def _stay(output: Output, stage: "Stage", story: "Story", proxy: "subprocess.Popen[bytes]") -> None:
    """Until Ctrl-C, which is the way to end it, or the end of the proxy, which is not."""
    if not output.json:
        output.note(_what_to_play(stage, story))
    take_no_signals()
    try:
        status = proxy.wait()
    except KeyboardInterrupt:
        return
    # A terminal's Ctrl-C reaches the proxy as well, which may be the first to end.
    if status != INTERRUPTED:
        raise StrmctlError(f"`strmctl serve` ended with {status}")
