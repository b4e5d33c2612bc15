"""Variables of EXT-X-DEFINE (rfc8216bis section 4.3): substituted here, the tag is dropped."""

import re
from collections.abc import Mapping
from functools import cached_property
from urllib.parse import parse_qsl, urlsplit

from strmctl.domain.hls import attribute_list
from strmctl.domain.hls.playlist_text import NotAPlaylistError

MAX_GROWTH = 16 * 1024 * 1024
"""Characters that references may add to one playlist."""

_REFERENCE = re.compile(r"\{\$([A-Za-z0-9_-]+)\}")
_ENDS_ITS_PLACE = re.compile(r'["\x00-\x1f\x7f]')
# "high" and "1080p" may name a rendition; what is longer and holds a digit is taken for a token.
_MAY_BE_A_TOKEN = re.compile(r"(?=\D{0,4096}\d).{8,}")
_TAG = "#EXT-X-DEFINE:"


class Variables:
    """The variables of one playlist, which came from `url`; `imported` are its parent's."""

    def __init__(self, url: str, imported: Mapping[str, str] | None = None) -> None:
        self.known: dict[str, str] = {}
        self.hidden: set[str] = set()
        """Values from the query of an address: tokens, which only URIs may hold."""
        self._url = url
        self._imported = imported or {}
        self._growth = 0

    def define(self, line: str) -> None:
        """Take over what an EXT-X-DEFINE line defines."""
        attributes = attribute_list.values(line, len(_TAG))
        if "NAME" in attributes:
            self._set(attributes["NAME"], attributes.get("VALUE", ""))
        elif "IMPORT" in attributes:
            value = self._imported.get(attributes["IMPORT"])
            self._set(attributes["IMPORT"], value, is_hidden=True)
        elif "QUERYPARAM" in attributes:
            value = self._query.get(attributes["QUERYPARAM"])
            self._set(attributes["QUERYPARAM"], value, is_hidden=True)

    def substitute(self, line: str) -> str:
        """`line` with every reference to a known variable replaced, once, not recursively.

        Comments stay. Raises NotAPlaylistError when the playlist grows beyond MAX_GROWTH.
        """
        # rfc8216bis section 4.3: only tags and URI lines hold references.
        if line[:1] == "#" and not line.startswith("#EXT"):
            return line
        return _REFERENCE.sub(self._value, line)

    # A short playlist of references to one long value would fill the memory.
    def _value(self, reference: re.Match[str]) -> str:
        value = self.known.get(reference[1], reference[0])
        self._growth += len(value)
        if self._growth > MAX_GROWTH:
            raise NotAPlaylistError("grows too long by its variables")
        return value

    def _set(self, name: str, value: str | None, *, is_hidden: bool = False) -> None:
        # A decoded query may hold a line break or a quote, and so another line or attribute.
        if value is not None and not _ENDS_ITS_PLACE.search(value):
            self.known[name] = value
            if is_hidden and _MAY_BE_A_TOKEN.fullmatch(value):
                self.hidden.add(value)

    @cached_property
    def _query(self) -> Mapping[str, str]:
        return dict(parse_qsl(urlsplit(self._url).query, keep_blank_values=True))
