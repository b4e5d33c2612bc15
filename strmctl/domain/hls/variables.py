"""Variables of EXT-X-DEFINE (rfc8216bis section 4.3): substituted here, the tag is dropped."""

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

from strmctl.domain.hls import attribute_list

_REFERENCE = re.compile(r"\{\$([A-Za-z0-9_-]+)\}")
_TAG = "#EXT-X-DEFINE:"


def define(line: str, known: dict[str, str], imported: Mapping[str, str], url: str) -> None:
    """Add to `known` what an EXT-X-DEFINE line defines.

    `imported` are the Multivariant Playlist's variables; QUERYPARAM reads the query of `url`,
    the upstream address of the playlist that holds the line.
    """
    attributes = attribute_list.values(line, len(_TAG))
    if "NAME" in attributes:
        known[attributes["NAME"]] = attributes.get("VALUE", "")
    elif "IMPORT" in attributes:
        name = attributes["IMPORT"]
        if name in imported:
            known[name] = imported[name]
    elif "QUERYPARAM" in attributes:
        name = attributes["QUERYPARAM"]
        query = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
        if name in query:
            known[name] = query[name]


def substitute(line: str, known: Mapping[str, str]) -> str:
    """`line` with every reference to a known variable replaced, once, not recursively."""
    return _REFERENCE.sub(lambda match: known.get(match[1], match[0]), line)
