"""Data beside a playlist (session data, what an unknown tag leads to) leads nowhere either.

JSON keeps its form, and what looks like an address or a token in it is empty. Other text passes
as it is or not at all. What is no text passes.
"""

import json
from collections.abc import Sequence
from typing import Any

from strmctl.domain.hls.harmless import is_plain
from strmctl.domain.media.text import decoded, has_no_controls

LARGEST = 1024 * 1024
"""Bytes of a text."""


def harmless(data: bytes) -> bytes | None:
    """What a player may have of it; None for a text that holds an address or a token."""
    if not has_no_controls(data):
        return data
    text = decoded(data).decode("utf-8", "replace")
    reading = _Reading()
    try:
        document = json.loads(text, object_pairs_hook=reading.members)
        shown = reading.shown(document)
    except (ValueError, RecursionError):
        return data if is_plain(text) else None
    if not reading.has_hidden:
        return data
    return json.dumps(shown, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


class _Reading:
    """Of one document: whether something of it `has_hidden`."""

    def __init__(self) -> None:
        self.has_hidden = False

    def members(self, pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
        """An object without the names that lead elsewhere; of equal names the last one counts."""
        members = {name: self._member(name, value) for name, value in pairs if is_plain(name)}
        self.has_hidden = self.has_hidden or len(members) < len(pairs)
        return members

    def _member(self, name: str, value: Any) -> Any:
        # `"token": "a1b2"` is a token because of its name.
        return self._text(value, f"{name}={value}") if isinstance(value, str) else value

    def shown(self, value: Any) -> Any:
        """A document whose objects have been read by `members`."""
        if isinstance(value, str):
            return self._text(value, value)
        if isinstance(value, list):
            return [self.shown(each) for each in value]
        if isinstance(value, dict):
            return {name: self.shown(each) for name, each in value.items()}
        return value

    def _text(self, value: str, judged: str) -> str:
        if is_plain(judged):
            return value
        self.has_hidden = True
        return ""
