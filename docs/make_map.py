"""Draws docs/architecture.svg, the packages and the imports between them, out of the code itself.

`make docs` runs it; a test compares what it would draw with what is there.
"""

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "strmctl"
PICTURE = Path(__file__).parent / "architecture.svg"

OUTER = ("cli", "server")
LOWER = ("storage", "upstream", "resolvers")
PURE = ("domain",)

_WIDTH, _HEIGHT, _GAP, _FLOOR, _MARGIN = 104, 34, 22, 84, 130
_STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#1f2933}.floor{fill:#52606d}"
    "rect{fill:#f5f7fa;stroke:#7b8794;rx:5}.services{fill:#e3f8ff;stroke:#1992d4}"
    ".domain{fill:#f0fcf9;stroke:#27ab83}path{stroke:#9aa5b1;fill:none}"
)

Edges = dict[str, set[str]]


@dataclass(frozen=True, slots=True)
class Box:
    """One package, with the left upper corner of its box in pixels."""

    name: str
    x: int
    y: int


def imports() -> Edges:
    """Package -> the packages that it imports; a package of services is `services.NAME`."""
    found: Edges = defaultdict(set)
    for file in sorted(PACKAGE.rglob("*.py")):
        here = _room(("strmctl", *file.relative_to(PACKAGE).with_suffix("").parts))
        if here is None:
            continue
        found[here] |= {room for room in _imported(file) if room != here}
    return found


def _imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                room = _room((*node.module.split("."), alias.name))
                if room is not None:
                    yield room


def _room(module: tuple[str, ...]) -> str | None:
    """The box that a module is in, None where it is in none."""
    if module[0] != "strmctl" or len(module) < 2:
        return None
    if module[1] != "services":
        return module[1] if module[1] in (*OUTER, *LOWER, *PURE) else None
    is_package = len(module) > 2 and (PACKAGE / "services" / module[2]).is_dir()
    return f"services.{module[2]}" if is_package else None


def floors(edges: Edges) -> dict[str, int]:
    """How many packages of services are below one, at the longest way down; 0 has none below."""
    known: dict[str, int] = {}

    def floor(name: str, above: tuple[str, ...] = ()) -> int:
        if name in above:
            raise ValueError(f"a circle: {' -> '.join((*above, name))}")
        if name not in known:
            below = sorted(other for other in edges[name] if other.startswith("services."))
            known[name] = max((floor(other, (*above, name)) + 1 for other in below), default=0)
        return known[name]

    for name in sorted(edges):
        if name.startswith("services."):
            floor(name)
    return known


def direct(edges: Edges) -> Edges:
    """Without the ways that another way implies, so that the picture can be read."""

    def reached(name: str) -> set[str]:
        return edges[name].union(*(reached(other) for other in edges[name]))

    return {
        name: others - set().union(*(reached(other) for other in others))
        for name, others in edges.items()
    }


def draw(edges: Edges) -> str:
    """The whole picture as SVG."""
    by_floor = floors(edges)
    services = [
        [name for name, at in sorted(by_floor.items()) if at == floor]
        for floor in range(max(by_floor.values()), -1, -1)
    ]
    rows = [list(OUTER), *services, list(LOWER), list(PURE)]
    width = max(_row_width(row) for row in rows) + _MARGIN + _GAP
    boxes = {box.name: box for box in _placed(rows, width)}
    height = len(rows) * _FLOOR + _GAP
    shown = direct({name: edges[name] & boxes.keys() for name in boxes})
    lines = [_arrow(boxes[name], boxes[other]) for name in boxes for other in sorted(shown[name])]
    labels = ["commands and server", *[""] * len(services), "the outside", "pure rules"]
    labels[1] = "services"
    texts = [
        f'<text class="floor" x="{_GAP}" y="{_GAP + row * _FLOOR + 22}">{label}</text>'
        for row, label in enumerate(labels)
        if label
    ]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
        "<title>The packages of strmctl; lines lead down to what a package imports</title>",
        f"<style>{_STYLE}</style>",
        *lines,
        *texts,
        *(_drawn(box) for box in boxes.values()),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _row_width(row: list[str]) -> int:
    return len(row) * (_WIDTH + _GAP)


def _placed(rows: Iterable[list[str]], width: int) -> Iterator[Box]:
    for number, row in enumerate(rows):
        left = _MARGIN + (width - _MARGIN - _row_width(row)) // 2
        for place, name in enumerate(row):
            yield Box(name, left + place * (_WIDTH + _GAP), _GAP + number * _FLOOR)


def _arrow(upper: Box, lower: Box) -> str:
    x, y = upper.x + _WIDTH // 2, upper.y + _HEIGHT
    to_x, to_y = lower.x + _WIDTH // 2, lower.y
    middle = (y + to_y) // 2
    return f'<path d="M{x} {y}C{x} {middle} {to_x} {middle} {to_x} {to_y}"/>'


def _drawn(box: Box) -> str:
    layer, _, name = box.name.rpartition(".")
    kind = layer or box.name
    middle = box.x + _WIDTH // 2
    return (
        f'<rect class="{kind}" x="{box.x}" y="{box.y}" width="{_WIDTH}" height="{_HEIGHT}"/>'
        f'<text x="{middle}" y="{box.y + 22}" text-anchor="middle">{escape(name)}</text>'
    )


if __name__ == "__main__":
    PICTURE.write_text(draw(imports()))
