"""Attribute lists of RFC 8216 section 4.2, with positions, so that one value can be replaced.

Read as tolerantly as any player does: what one of them would take for a URI must be found.
"""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

# A quoted value may hold commas, "=" and "#"; one without its closing quote runs to the end. Where
# no attribute begins, everything up to the next comma is passed over.
_ATTRIBUTE = re.compile(
    r'[,\s\ufeff]*(?:(?P<name>[A-Za-z0-9_-]+)[\s\ufeff]*=[\s\ufeff]*(?P<value>"[^"]*"?|[^,\s]*)'
    r"|[^,]*)"
)

_USUAL = r'([A-Za-z0-9_-]++)=("[^"]*"|[^",\s\ufeff]*+)(?:,|$)'
_USUAL_ATTRIBUTE = re.compile(_USUAL)
_USUAL_LIST = re.compile(rf"(?:{_USUAL})++")


class Attribute(NamedTuple):
    """One NAME=value.

    `begin` is where its separators begin, `start` and `end` delimit the value, quotes included.
    """

    name: str
    value: str
    begin: int
    start: int
    end: int


def values(line: str, start: int) -> dict[str, str]:
    """The attributes of `line` from `start` on; of a repeated name the first."""
    usual = usual_values(line, start)
    if usual is not None:
        return usual
    found: dict[str, str] = {}
    for attribute in scan(line, start):
        found.setdefault(attribute.name, attribute.value)
    return found


def usual_values(line: str, start: int) -> dict[str, str] | None:
    """The same, where nothing is odd in the list: no name is repeated, nothing is between."""
    text = line[start:].rstrip("\r\n")
    if _USUAL_LIST.fullmatch(text) is None:
        return None
    pairs = _USUAL_ATTRIBUTE.findall(text)
    found = {name: value.strip('"') for name, value in pairs}
    return found if len(found) == len(pairs) else None


def edit(line: str, start: int, changes: Mapping[str, str | None]) -> str:
    """`line` with the named attributes replaced (text given with its quotes) or, by None, gone.

    Every occurrence of a name is changed, so that a repeated one cannot slip through; all other
    bytes stay.
    """
    pieces, position = [line[:start]], start
    for attribute in scan(line, start):
        if attribute.name not in changes:
            continue
        value = changes[attribute.name]
        if value is not None:
            pieces += (line[position : attribute.start], value)
        else:
            pieces.append(line[position : attribute.begin])
        position = attribute.end
        # No list begins with the comma of what is gone (RFC 8216 section 4.2).
        if value is None and attribute.begin == start and line[position : position + 1] == ",":
            position += 1
    return "".join((*pieces, line[position:]))


def scan(line: str, start: int) -> Iterator[Attribute]:
    """The attributes of `line` from `start` on, in their order."""
    end = len(line.rstrip("\r\n"))
    for match in _ATTRIBUTE.finditer(line, start, end):
        name, value = match["name"], match["value"]
        if name is not None:
            # A quoted string holds no quote, and knows no escapes (RFC 8216 section 4.2).
            text = value.strip('"') if value[:1] == '"' else value
            yield Attribute(name, text, match.start(), *match.span("value"))
