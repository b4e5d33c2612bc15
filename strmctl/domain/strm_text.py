"""A `.strm` is read tolerantly and written clean: UTF-8, LF, one URL, the user's comments kept."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from strmctl.domain import kodi_options
from strmctl.errors import UsageError

# Only these end a line; U+0085 and U+2028 may stand in a comment.
_LINE_END = re.compile(r"\r\n|\r|\n")
# What editors and copy-and-paste leave around a URL.
_INVISIBLE = "\ufeff\u200b\u2060\0"


@dataclass(frozen=True, slots=True)
class StrmText:
    """The URL, None where there is none, and the lines that begin with `#` (`#KODIPROP:` …).

    `options` are what stands behind the URL for Kodi, from the `|` on; `headers` are those of
    them that are headers, not checked; `has_more` says that another line follows that is no
    comment.
    """

    url: str | None = field(default=None, repr=False)
    comments: tuple[str, ...] = field(default=(), repr=False)
    options: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    has_more: bool = False


def parse(content: bytes) -> StrmText:
    """Read any bytes: the first line that is neither blank nor a comment is the URL."""
    lines = [_bare(line) for line in _LINE_END.split(_decode(content))]
    comments = tuple(line for line in lines if line.startswith("#"))
    contents = [line for line in lines if line and not line.startswith("#")]
    if not contents:
        return StrmText(None, comments)
    url, options, headers = kodi_options.split(contents[0])
    return StrmText(url or None, comments, options, headers, has_more=len(contents) > 1)


def replace_url(content: bytes, url: str, *, keep_options: bool) -> bytes:
    """The file with another URL: its comments stay, and its options where they are still meant."""
    text = parse(content)
    return render(url, text.comments, text.options if keep_options else "")


def render(url: str, comments: tuple[str, ...] = (), options: str = "") -> bytes:
    """The file's content; raises UsageError for a URL that is not one line of printable text."""
    if not url or url.startswith("#") or not url.isprintable() or " " in url:
        raise UsageError("the URL for the .strm is empty or holds a space or control character")
    return "".join(f"{line}\n" for line in (*comments, url + options)).encode()


def _decode(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _bare(line: str) -> str:
    """Without white space and invisible characters around it."""
    before = None
    while line != before:
        before, line = line, line.strip().strip(_INVISIBLE)
    return line
