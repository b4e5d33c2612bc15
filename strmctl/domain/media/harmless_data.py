"""Data beside a playlist (session data, or what an unknown tag leads to) holds no address either.

JSON keeps its form, and what looks like an address or a token in it is empty. Other text passes
as it is or not at all. What is no text passes.
"""

import json
from codecs import getincrementaldecoder
from collections.abc import Sequence
from typing import Any

from strmctl.domain.hls.harmless import is_plain
from strmctl.domain.media.text import decoded, has_no_controls

LARGEST = 1024 * 1024
"""Bytes of a text."""


def harmless(data: bytes) -> bytes | None:
    """What a player may have of it; None for a text that holds an address or a token."""
    if not may_be_text(data):
        return data
    text = decoded(data).decode("utf-8", "replace")
    reading = _Reading()
    try:
        document = json.loads(text, object_pairs_hook=reading.members)
        shown = reading.shown(document)
    except (ValueError, RecursionError):
        # UTF-32, and whatever else hides an address from the eye.
        return data if is_plain(text.replace("\0", "")) else None
    if not reading.has_hidden:
        return data
    return json.dumps(shown, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def may_be_text(beginning: bytes) -> bool:
    """In any encoding; a control character here and there makes no binary data of a text."""
    try:
        getincrementaldecoder("utf-8")().decode(decoded(beginning))
    except UnicodeDecodeError:
        return has_no_controls(beginning)
    return True


class _Reading:
    """Cleans one document; `has_hidden` says whether something in it was left out."""

    def __init__(self) -> None:
        self.has_hidden = False

    def members(self, pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
        """An object without the names that lead elsewhere; of equal names the last one counts."""
        members = {name: value for name, value in pairs if is_plain(name)}
        self.has_hidden = self.has_hidden or len(members) < len(pairs)
        return members

    def shown(self, value: Any, name: str = "") -> Any:
        """What a document holds, or what stands below `name` in it."""
        if isinstance(value, list):
            return [self.shown(each, name) for each in value]
        if isinstance(value, dict):
            # What is below "token" is one, whatever it is called itself.
            outer = name if _names_secret(name) else ""
            return {each: self.shown(item, outer or each) for each, item in value.items()}
        if value is None or isinstance(value, bool):
            return value
        # `"token": "a1b2"` is a token because of its name, and `"token": 12345` too.
        if not _names_secret(name) and (not isinstance(value, str) or is_plain(value)):
            return value
        self.has_hidden = True
        return ""


def _names_secret(name: str) -> bool:
    return name != "" and not is_plain(f"{name}=")
