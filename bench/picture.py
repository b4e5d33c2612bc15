"""`python -m bench.picture`: docs/benchmarks.svg, the proxies' CPU as `--record` has kept it.

Bars are logarithmic: one proxy needs five hundred times what another does.
"""

import json
import math
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path

from bench.recorded import FILE

PICTURE = Path(__file__).parents[1] / "docs" / "benchmarks.svg"
_REFERENCE = "nginx, tuned"
_COLORS = {
    "strmctl": "#1a7f5a",
    "nginx": "#8a94a6",
    "hls-proxy": "#c08a3e",
    "mediaflow-proxy": "#b5544d",
}
_BAR, _GAP, _LEFT, _DECADE, _WIDTH = 16, 34, 140, 150, 720
_TOP = 60


def picture(recorded: Mapping[str, Mapping[str, float]]) -> str:
    """The comparisons with nginx alone: how many times its CPU each proxy takes."""
    shown = {title: ratios for title, ratios in recorded.items() if _REFERENCE in ratios}
    body, y = [], _TOP
    for title, ratios in shown.items():
        body.append(_text(8, y, title, "600"))
        for name in filter(ratios.__contains__, _COLORS):
            y += _BAR + 4
            body += _bar(y, name, ratios[name])
        y += _GAP
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {y}" '
        f'font-family="sans-serif" font-size="13"><rect width="{_WIDTH}" height="{y}" fill="#fff"/>'
    )
    heading = _text(8, 26, f"CPU of a proxy, {_REFERENCE} = 1 (logarithmic)", "600")
    return "\n".join((head, heading, *body, "</svg>", ""))


def _bar(y: int, name: str, ratio: float) -> Iterator[str]:
    # A tenth is the least that is drawn, so that what is cheaper than nginx has a bar too.
    width = max(2, round(_DECADE * (1 + math.log10(max(ratio, 0.1)))))
    yield _text(16, y, name)
    yield (
        f'<rect x="{_LEFT}" y="{y - _BAR + 4}" width="{width}" height="{_BAR}" '
        f'fill="{_COLORS[name]}"/>'
    )
    yield _text(_LEFT + width + 6, y, f"{ratio:.3g}")


def _text(x: int, y: int, text: str, weight: str = "400") -> str:
    return f'<text x="{x}" y="{y}" font-weight="{weight}" fill="#1f2733">{escape(text)}</text>'


if __name__ == "__main__":
    PICTURE.write_text(picture(json.loads(FILE.read_text())))
