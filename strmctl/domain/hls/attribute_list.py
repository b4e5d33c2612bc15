"""Attribute lists of RFC 8216 section 4.2, with positions, so that one value can be replaced."""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

# A quoted value may hold commas, "=" and "#"; a value without its closing quote runs to the end.
_ATTRIBUTE = re.compile(r'[ \t]*([A-Za-z0-9_-]+)=("[^"]*"?|[^,]*),?')


class Attribute(NamedTuple):
    """One NAME=value; `start` and `end` delimit the value in the line, quotes included."""

    name: str
    value: str
    start: int
    end: int


def parse(line: str, start: int) -> dict[str, Attribute]:
    """The attributes of `line` from `start` on; of a repeated name the first."""
    found: dict[str, Attribute] = {}
    for attribute in _scan(line, start):
        found.setdefault(attribute.name, attribute)
    return found


def values(line: str, start: int) -> dict[str, str]:
    return {name: attribute.value for name, attribute in parse(line, start).items()}


def edit(line: str, start: int, changes: Mapping[str, str | None]) -> str:
    """`line` with the named attributes replaced (text given with its quotes) or, by None, gone.

    Every occurrence of a name is changed, so that a repeated one cannot slip through; all other
    bytes stay.
    """
    for attribute in reversed(list(_scan(line, start))):
        if attribute.name not in changes:
            continue
        value = changes[attribute.name]
        if value is None:
            line = _without(line, start, attribute)
        else:
            line = line[: attribute.start] + value + line[attribute.end :]
    return line


def _without(line: str, start: int, attribute: Attribute) -> str:
    first = attribute.start - len(attribute.name) - 1
    if line[attribute.end : attribute.end + 1] == ",":
        return line[:first] + line[attribute.end + 1 :]
    return line[: max(start, line.rfind(",", start, first))] + line[attribute.end :]


def _scan(line: str, start: int) -> Iterator[Attribute]:
    position, end = start, len(line.rstrip("\r\n"))
    while position < end:
        match = _ATTRIBUTE.match(line, position, end)
        if match is None:
            following = line.find(",", position, end)
            position = end if following < 0 else following + 1
            continue
        value = match[2]
        yield Attribute(match[1], value.strip('"') if value[:1] == '"' else value, *match.span(2))
        position = match.end()
