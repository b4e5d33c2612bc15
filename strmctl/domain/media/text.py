"""Text in place of media: pages, JSON, XML and sentences, in whatever encoding people write."""

import re

_BOM = b"\xef\xbb\xbf"
# With its mark, the encoding and where the NULs of ASCII letters are.
_UTF_16 = {b"\xff\xfe": ("utf-16-le", 3), b"\xfe\xff": ("utf-16-be", 2)}
_UNMARKED = {
    "utf-16-be": re.compile(rb"(?:\0[\t\n\r\x20-\x7e]){8}"),
    "utf-16-le": re.compile(rb"(?:[\t\n\r\x20-\x7e]\0){8}"),
}
"""Without its mark: no media begins with so many ASCII letters and NULs in turn."""
_SHOWN_BY = 16
_BEGINS_UNMARKED = re.compile(rb"[\t\n\r\x20-\x7e]?(?:\0[\t\n\r\x20-\x7e])*\0?")
# ESC and the white space of C are in texts; NUL and the other controls are not.
_CONTROL_BYTES = bytes(set(range(0x20)) - set(b"\t\n\v\f\r\x1b")) + b"\x7f"
_LETTERS = re.compile(rb"[A-Za-z\x80-\xff]")
_COMMENT = re.compile(rb"<!--.*?(?:-->|$)|<\?xml[^>]*(?:\?>|$)", re.DOTALL)
_PAGE = re.compile(rb"<(?:!doctype html|html|head|body|script|title|meta|style|center|iframe)\b")
_MARKUP = re.compile(rb"<[A-Za-z!?/]")
_JSON = re.compile(rb'[{\[]\s*(?:["{\[}\]\d]|true|false|null)|[{\[]$')
_TEXT_TYPES = ("text/", "application/json", "application/xml", "application/problem")
_TEXT_SUFFIXES = ("+json", "+xml", "/javascript")


def essence(content_type: str) -> str:
    """The type without its parameters, in lower case."""
    return content_type.partition(";")[0].strip().lower()


def claims_text(content_type: str) -> bool:
    kind = essence(content_type)
    return kind.startswith(_TEXT_TYPES) or kind.endswith(_TEXT_SUFFIXES)


def reads_as_text(head: bytes) -> bool:
    """As UTF-8, of which the last letter may be cut off, or as UTF-16 with its mark.

    Single-byte encodings cannot be told from data, except in what is marked up.
    """
    text = decoded(head)
    if text.translate(None, _CONTROL_BYTES) != text:
        return False
    return "\ufffd" not in text.decode("utf-8", "replace").rstrip("\ufffd")


def may_be_text(head: bytes) -> bool:
    """Whether more bytes could still make a text; what is marked up may be in any encoding."""
    if len(head) < _SHOWN_BY and _BEGINS_UNMARKED.fullmatch(head):
        return True
    marks = decoded(head).lstrip()[:1] in (b"<", b"{", b"[")
    return reads_as_text(head) or (marks and has_no_controls(head))


def letters_in(head: bytes) -> int:
    return len(_LETTERS.findall(decoded(head)))


def is_web_page(head: bytes, content_type: str) -> bool:
    """By its bytes, comments passed over; the media type alone convicts what reads as text."""
    text = _without_comments(head).lower()
    if _PAGE.match(text):
        return True
    claims_page = essence(content_type) in ("text/html", "application/xhtml+xml")
    return claims_page and text.startswith((b"<", b"{")) and has_no_controls(head)


def is_markup(head: bytes) -> bool:
    """XML, or a page in pieces, in any encoding without NUL."""
    text = decoded(head).lstrip()
    return _MARKUP.match(text) is not None and has_no_controls(head)


def is_dash(head: bytes, content_type: str) -> bool:
    """MPEG-DASH (ISO/IEC 23009-1); a prefix may name its namespace."""
    claims = essence(content_type) == "application/dash+xml"
    text = _without_comments(head)
    return text.startswith((b"<MPD", b"<mpd:MPD")) or (claims and is_markup(head))


def is_json(head: bytes, content_type: str) -> bool:
    """A JSON message, as APIs answer in place of media."""
    if not reads_as_text(head):
        return False
    text = decoded(head).lstrip()
    claims = essence(content_type).endswith(("/json", "+json"))
    return (claims and text[:1] in (b"{", b"[")) or _JSON.match(text) is not None


def _without_comments(head: bytes) -> bytes:
    """What follows comments and an XML declaration."""
    text = decoded(head).lstrip()
    while (comment := _COMMENT.match(text)) is not None:
        text = text[comment.end() :].lstrip()
    return text


def decoded(head: bytes) -> bytes:
    """Without a byte order mark; UTF-16 as UTF-8."""
    encoding, first_nul = _UTF_16.get(head[:2], ("", 0))
    if encoding and not any(head[first_nul:18:2]):
        return _from_utf_16(head[2:], encoding)
    for encoding, pattern in _UNMARKED.items() if b"\0" in head[:2] else ():
        if pattern.match(head):
            return _from_utf_16(head, encoding)
    return head.removeprefix(_BOM)


def _from_utf_16(text: bytes, encoding: str) -> bytes:
    return text.decode(encoding, "replace").rstrip("\ufffd").encode("utf-8", "replace")


def has_no_controls(head: bytes) -> bool:
    text = decoded(head)
    return text.translate(None, _CONTROL_BYTES) == text
