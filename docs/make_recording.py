"""Records `strmctl demo --once` as docs/demo.svg, which the README shows.

Run it by hand when the demo's words change: what it shows differs in times and ports each time, so
no test compares it. The picture loads no font from elsewhere.
"""

import io
import os
import re
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

PICTURE = Path(__file__).parent / "demo.svg"
COLUMNS = 104
INDENT = 5
_FORMAT = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" \
xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
 font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def recording() -> str:
    """The demo's words, in its colours, as an SVG."""
    shown = subprocess.run(
        [sys.executable, "-m", "strmctl", "demo", "--once"],
        env=os.environ | {"FORCE_COLOR": "1", "COLUMNS": str(COLUMNS)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
    ).stdout
    console = Console(
        record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, legacy_windows=False
    )
    console.print(Text("$ strmctl demo --once", style="bold"))
    for line in re.sub(r"/tmp/\S+", "/tmp/strmctl-demo", shown).splitlines():
        first, *others = Text.from_ansi(line).wrap(console, COLUMNS - INDENT)
        console.print(first)
        for rest in others:
            console.print(Text(" " * INDENT) + rest)
    return console.export_svg(title="strmctl demo --once", code_format=_FORMAT, unique_id="demo")


if __name__ == "__main__":
    PICTURE.write_text(recording(), encoding="utf-8")
