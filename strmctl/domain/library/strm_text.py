"""A `.strm` is read tolerantly and written clean: UTF-8, LF, one URL, the user's comments kept."""

import json
import re
from collections.abc import Mapping
from urllib.parse import quote

from msgspec import field

from strmctl.discreet import Discreet
from strmctl.domain.urls import given_url, kodi_options as kodi, playback_url
from strmctl.errors import UsageError

# Only these end a line; U+0085 and U+2028 may stand in a comment.
_LINE_END = re.compile(r"\r\n|\r|\n")
# What editors and copy-and-paste leave around a URL.
_INVISIBLE = "\ufeff\u200b\u2060\0"


class StrmText(Discreet, frozen=True):
    """The URL, None where there is none, and the lines that begin with `#` (`#KODIPROP:` …).

    `options` are what stands behind the URL for Kodi, from the `|` on; `headers` are those of
    them that are headers, with those that lines for Kodi and VLC say and the login of the URL,
    not checked; `has_more` says that another line follows that is no
    comment.
    """

    hidden = ("url", "comments", "options", "headers")

    url: str | None = None
    comments: tuple[str, ...] = ()
    options: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    has_more: bool = False


def parse(content: bytes) -> StrmText:
    """Read any bytes: the first line that is neither blank nor a comment is the URL."""
    lines = [_bare(line) for line in _LINE_END.split(_decode(content))]
    comments = tuple(line for line in lines if line.startswith("#"))
    contents = [line for line in lines if line and not line.startswith("#")]
    if not contents:
        return StrmText(None, comments)
    line, options, behind = kodi.split_kodi_options(contents[0])
    # What stands behind the URL is meant for it alone, so it counts first.
    url, headers = given_url.given(line, given_url.merged(behind, *map(_said_by, comments)))
    return StrmText(url or None, comments, options, headers, has_more=len(contents) > 1)


def with_playback_url(content: bytes, url: str) -> bytes:
    """The file with another URL and its comments. strmctl sends the headers now; a file that held
    options for Kodi is marked, so that they come back in mode direct.

    A URL that lacks nothing but the shard stays: a whole library would be new to Jellyfin."""
    text = parse(content)
    if text.url == playback_url.without_shard(url):
        url = text.url
    own = [
        option
        for option in kodi.pairs_of(text.options)
        if kodi.name_of(option).lower() in kodi.NO_HEADERS
    ]
    if not text.options or (_is_for_kodi(text.comments) and not own):
        return render(url, text.comments)
    return render(url, (*text.comments, " ".join((_KODI_MARK, *("&".join(own),) * bool(own)))))


def with_upstream_url(content: bytes, url: str, headers: Mapping[str, str]) -> bytes:
    """The file with another URL, its comments and options. What Kodi plays gets the headers as
    options; other players would ask for the `|` literally."""
    text = parse(content)
    marks = [line for line in text.comments if line.partition(" ")[0] == _KODI_MARK]
    if not text.options and not _is_for_kodi(text.comments):
        return render(url, text.comments)
    options = kodi.pairs_of(text.options) or [
        pair for mark in marks for pair in kodi.listed(mark.partition(" ")[2])
    ]
    behind = _renewed(options, text.comments, headers)
    comments = tuple(line for line in text.comments if not behind or line not in marks)
    return render(url, comments, behind)


def lacks_headers(content: bytes, headers: Mapping[str, str]) -> bool:
    """Whether the file does not give Kodi, the only player that reads them, all of the headers."""
    text = parse(content)
    said = _said_to_kodi(kodi.pairs_of(text.options), text.comments)
    return any(said.get(name.lower()) != value for name, value in headers.items())


def render(url: str, comments: tuple[str, ...] = (), options: str = "") -> bytes:
    """The file's content; raises UsageError for a URL that is not one line of printable text."""
    # Jellyfin and Kodi take a line with "#" for a comment.
    if not url or url.startswith("#") or not url.isprintable() or " " in url:
        raise UsageError("the URL for the .strm is empty or holds a space or control character")
    return "".join(f"{line}\n" for line in (*comments, url + options)).encode()


def _decode(content: bytes) -> str:
    if (encoding := _utf_16(content)) is not None:
        return content.decode(encoding, "replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        # Any byte is a letter there, so the URL is found whatever the comments hold.
        return content.decode("latin-1")


def _utf_16(content: bytes) -> str | None:
    """As Windows' Notepad writes "Unicode"; some tools leave out the byte order mark."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    # Every second byte of ASCII in UTF-16 is zero; URLs are ASCII nearly throughout.
    if len(content) >= 8 and content[1::2].count(0) * 2 > len(content) * 0.9:
        return "utf-16-le"
    if len(content) >= 8 and content[::2].count(0) * 2 > len(content) * 0.9:
        return "utf-16-be"
    return None


# https://github.com/xbmc/inputstream.adaptive/wiki/Integration and VLC's options of "http".
_KODI_PROPERTY = (
    r"(?i)#KODIPROP:inputstream\.adaptive\.(?:common|stream|manifest)_headers=(?P<headers>.*)"
)
_VLC_OPTION = r"(?i)#EXTVLCOPT:http-(?P<name>referr?er|user-agent|origin|cookie)=(?P<value>.*)"
_VLC_NAMES = {"referrer": "Referer", "user-agent": "User-Agent", "origin": "Origin"}
_HTTP_OPTION = r"(?i)#EXTHTTP:(?P<json>\{.*\})\s*"


def _said_by(comment: str) -> Mapping[str, str]:
    """The headers of a line above the URL that players read."""
    if (said := re.fullmatch(_KODI_PROPERTY, comment)) is not None:
        _, _, headers = kodi.split_kodi_options(f"|{said['headers']}")
        return headers
    if (vlc := re.fullmatch(_VLC_OPTION, comment)) is not None:
        name, value = vlc["name"].lower(), vlc["value"].strip()
        return {_VLC_NAMES.get(name, name.capitalize()): value} if value else {}
    if (http := re.fullmatch(_HTTP_OPTION, comment)) is not None:
        try:
            # IPTV lists hold it as JSON.
            found = json.loads(http["json"])
        except (ValueError, RecursionError):
            return {}
        return {name: text for name, text in found.items() if isinstance(text, str)}
    return {}


def _bare(line: str) -> str:
    """Without white space and invisible characters around it."""
    before = None
    while line != before:  # A BOM may stand behind blanks, and blanks behind a BOM.
        before, line = line, line.strip().strip(_INVISIBLE)
    return line


_KODI_MARK = "#strmctl:kodi"
"""The file held options for Kodi; behind a space those that are no headers."""

_OPTION_NAME = r"(?a)[\w.-]+"


def _is_for_kodi(comments: tuple[str, ...]) -> bool:
    return any(
        line.upper().startswith("#KODIPROP:") or line.partition(" ")[0] == _KODI_MARK
        for line in comments
    )


def _said_to_kodi(options: list[str], comments: tuple[str, ...]) -> dict[str, str]:
    """The headers by their names in lower case."""
    _, _, behind = kodi.split_kodi_options(f"|{'&'.join(options)}")
    lines = [_said_by(line) for line in comments if re.fullmatch(_KODI_PROPERTY, line)]
    return {name.lower(): text for name, text in given_url.merged(behind, *lines).items()}


def _renewed(options: list[str], comments: tuple[str, ...], headers: Mapping[str, str]) -> str:
    """Options that say the headers; those that say them already, or something else, stay."""
    said = _said_to_kodi(options, comments)
    new = {
        name: value
        for name, value in headers.items()
        # Kodi takes some names for its own settings.
        if said.get(name.lower()) != value
        and re.fullmatch(_OPTION_NAME, name)
        and name.lower() not in kodi.NO_HEADERS
    }
    replaced = {name.lower() for name in new}
    kept = [option for option in options if kodi.name_of(option).lower() not in replaced]
    added = [f"{name}={quote(value, safe='')}" for name, value in new.items()]
    return f"|{'&'.join((*kept, *added))}" if kept or added else ""
