"""docs/benchmarks.svg: the CPU of each proxy beside tuned nginx, as it was recorded.

The scale is logarithmic: one proxy needs five hundred times what another does.
"""

import math
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path

from bench.measuring import Measured
from bench.numbers import short
from bench.recorded import Run

PICTURE = Path(__file__).parents[1] / "docs" / "benchmarks.svg"
SUBJECTS = {"films", "requests"}
_REFERENCE = "nginx, tuned"
_LOOKS = {
    "mediaflow-proxy": ("#b5544d", 6),
    "hls-proxy": ("#c08a3e", 6),
    "nginx": ("#8a94a6", 6),
    "strmctl": ("#1a7f5a", 8),
}
"""Color and radius; strmctl is drawn last, above the others."""
_WIDTH, _LEFT, _TOP, _ROW = 860, 330, 92, 30
_LEAST, _MOST = 0.5, 1000.0
_TICKS = (0.5, 1, 2, 5, 10, 100, 1000)


def picture(runs: Mapping[str, Run]) -> str:
    """How many times the CPU of tuned nginx each proxy takes."""
    shown = [it for name in sorted(SUBJECTS & runs.keys()) for it in runs[name].measured]
    rows = [it for it in shown if _REFERENCE in it.samples]
    height = _TOP + _ROW * len(rows) + 12
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        'font-family="sans-serif" font-size="13">'
        f'<rect width="{_WIDTH}" height="{height}" fill="#fff"/>'
    )
    heading = f"CPU of a proxy for the same bytes; {_REFERENCE} = 1, less is better (logarithmic)"
    lines = [head, _text(12, 24, heading, weight="600"), *_legend(), *_axis(height)]
    for number, measured in enumerate(rows):
        lines += _dots(_TOP + _ROW * number + _ROW // 2, measured)
    return "\n".join((*lines, "</svg>", ""))


def _legend() -> Iterator[str]:
    x = 12
    for name in reversed(_LOOKS):
        yield _dot(x + 8, 44, name, name)
        yield _text(x + 22, 48, name)
        x += 46 + 8 * len(name)
    yield _line(x + 8, 36, 52, "#1f2733", 2)
    yield _text(x + 18, 48, "goal")


def _axis(height: int) -> Iterator[str]:
    for tick in _TICKS:
        x, color = _x(tick), "#9aa3b2" if tick == 1 else "#e3e6eb"
        yield _line(x, _TOP - 8, height - 8, color)
        yield _text(x, _TOP - 14, f"{tick:g}", anchor="middle")


def _dots(y: int, measured: Measured) -> Iterator[str]:
    goal = measured.work.goals[0]
    ratios = measured.ratios(goal)
    yield _text(12, y + 4, measured.work.title)
    if goal.at_most:
        x = _x(goal.at_most)
        yield _line(x, y - 10, y + 10, "#1f2733", 2)
    for name in filter(ratios.__contains__, _LOOKS):
        yield _dot(_x(ratios[name]), y, name, f"{name}: {short(ratios[name])}")
    if goal.name in ratios:
        yield _text(_LEFT - 12, y + 4, short(ratios[goal.name]), weight="600", anchor="end")


def _dot(x: int, y: int, name: str, title: str) -> str:
    color, radius = _LOOKS[name]
    return (
        f'<circle cx="{x}" cy="{y}" r="{radius}" fill="{color}" fill-opacity="0.9">'
        f"<title>{escape(title)}</title></circle>"
    )


def _line(x: int, above: int, below: int, color: str, width: int = 1) -> str:
    ends = f'x1="{x}" y1="{above}" x2="{x}" y2="{below}"'
    return f'<line {ends} stroke="{color}" stroke-width="{width}"/>'


def _x(ratio: float) -> int:
    inside = min(max(ratio, _LEAST), _MOST)
    share = math.log(inside / _LEAST) / math.log(_MOST / _LEAST)
    return round(_LEFT + 10 + share * (_WIDTH - _LEFT - 40))


def _text(x: int, y: int, text: str, *, weight: str = "400", anchor: str = "start") -> str:
    return (
        f'<text x="{x}" y="{y}" font-weight="{weight}" text-anchor="{anchor}" '
        f'fill="#1f2733">{escape(text)}</text>'
    )
