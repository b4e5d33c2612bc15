"""What a served playlist may hold is a list of what is harmless; the rest of a line goes.

A known tag or attribute stays unless its value holds a URL or a path. An unknown one, a comment
and a title stay only where nothing in them looks like an address, a file name or a token.
"""

import base64
import hashlib
import re
from collections.abc import Collection, Mapping, Sequence

from strmctl.domain.hls import attribute_list
from strmctl.domain.hls.attribute_list import Attribute
from strmctl.domain.hls.known_tags import ATTRIBUTES, BARE, DATE, REFERENCES, SHAPES, VALUES

_END = "\r\n"
_ZEROS = str.maketrans("123456789", "0" * 9)
# A scheme, a query, percent-encoding, an HTML entity; base64 of "http" in its three positions.
_ADDRESS = re.compile(r":[/\\]|[?&][\w.-]{0,64}=|%[0-9A-Fa-f]{2}|&#|aHR[0-9]c|odHRw|h[0-9]dHA")
_IN_ADDRESSES = (":/", ":\\", "?", "&", "%", "aHR", "odHRw", "dHA")
_SLASH = re.compile(r"[/\\]")
_APART = re.compile(r"[\s\"',;|<>()\[\]{}=]+")
# "English/French", "AC3/EAC3" and "5.1/7.1" are words; "seg/1a2b3c" is a path.
_WORDS = re.compile(r"(?:[^\W\d_]+|[\w.+-]{1,5})[/\\](?:[^\W\d_]+|[\w.+-]{1,5})|[/\\]+")
# What begins with a letter of its own is found in long texts at once.
_FILE_OR_HOST = re.compile(r"\.(?:(?<=[\w-]\.)[A-Za-z][A-Za-z0-9]|(?<=\d\.)\d{1,3}\.\d{1,3}\.\d)")
_IPV6 = re.compile(r"\[[0-9a-f]*:")
_SECRETS = "token sig auth passw secret key hmac jwt session cookie".split()
_SECRET = re.compile(
    r"(?:token|sig|signature|auth|authorization|passw(?:or)?d|secret|key|hmac|jwt|session|cookie)"
    r"[\"']?\s*[=:]",
    re.IGNORECASE,
)
# Letters and digits mixed, as in tokens, hashes and encoded text.
_OPAQUE = re.compile(
    r"(?<![A-Za-z0-9_+=~-])(?=[A-Za-z_+=~-]*+[0-9])(?=[0-9_+=~-]*+[A-Za-z])[A-Za-z0-9_+=~-]{16,}+"
)
_RUN = b"x" * 16
_IN_RUNS = re.sub(rb"[^x]", b" ", re.sub(rb"[A-Za-z0-9_+=~-]", b"x", bytes(range(256))))
_MARK = "\x00"
_LONG = 500
LOOKED_AT = 64
"""Lines that show whether nearly all are different."""

_UNREMARKABLE = re.compile(
    r"#EXTINF:[ \t]*[0-9]{1,9}(?![0-9])(?:\.[0-9]{0,18})?[ \t]*,?[A-Za-z0-9 _-]{0,15}$"
)
_INF = re.compile(r"#EXTINF:[ \t]*(?P<duration>[+-]?\d{1,18}(?:\.\d*)?)?")
_NAME = re.compile(r"#EXT[\w-]*")
_DATERANGE = "#EXT-X-DATERANGE"
_USUAL_DATERANGE = re.compile(
    rf"""^{_DATERANGE}:(?:(?:{"|".join(ATTRIBUTES[_DATERANGE])})=(?:"[^"\n]*"|[^,\s"]*+)(?:,|$))++$""",
    re.MULTILINE,
)


def leads_nowhere(text: str) -> bool:
    """Whether the value of a known attribute holds no URL and no path."""
    # Of a long text the pattern takes ten times as long to say that it holds nothing.
    is_short = len(text) < _LONG
    if (is_short or any(mark in text for mark in _IN_ADDRESSES)) and _ADDRESS.search(text):
        return False
    if "/" not in text and "\\" not in text:
        return True
    runs = (run for run in _APART.split(text) if _SLASH.search(run))
    return all(_WORDS.fullmatch(run) for run in runs)


def is_plain(text: str) -> bool:
    """Whether free text holds nothing that looks like an address, a file name or a token."""
    return (
        leads_nowhere(text)
        and not _FILE_OR_HOST.search(text)
        and not _IPV6.search(text)
        and not _names_secret(text)
        and not (_has_long_run(text) and _OPAQUE.search(text))
    )


def are_harmless(dateranges: Sequence[str]) -> bool:
    """Whether a player may be given all as they are; none of them may have a URI."""
    text = "\n".join(dateranges)
    # An interstitial goes.
    is_usual = len(_USUAL_DATERANGE.findall(text)) == len(dateranges) and "X-ASSET-" not in text
    return is_usual and leads_nowhere(text)


def shapes(lines: Sequence[str]) -> list[str]:
    """Each line with zeros for its digits: what is harmless does not depend on which they are.

    A long playlist has thousands of lines and a handful of shapes.
    """
    return "\n".join(lines).translate(_ZEROS).split("\n")


def differ(lines: Sequence[str]) -> bool:
    """Whether most of them do."""
    return 2 * len(set(lines)) > len(lines)


def tag_lines(lines: Sequence[str]) -> Sequence[str | None]:
    """What `tag_line` says of comments and of unknown tags without URI; nothing where all stay."""
    # Comments of other words have a shape each.
    each = lines if differ(shapes(lines[:LOOKED_AT])) else shapes(lines)
    different = list(set(each))
    values = _values(different)
    if is_plain("\n".join(values)):
        return ()
    text = _OPAQUE.sub(_MARK, _FILE_OR_HOST.sub(_MARK, "\n".join(values)))
    left = {
        shape: value
        for shape, value, shown in zip(different, values, text.split("\n"), strict=True)
        if _MARK not in shown
    }
    if not is_plain("\n".join(left.values())):
        left = {shape: value for shape, value in left.items() if is_plain(value)}
    return [line if shape in left else None for line, shape in zip(lines, each, strict=True)]


def _values(lines: Sequence[str]) -> list[str]:
    """What has to be harmless of each line."""
    # A playlist has few kinds of tags.
    are_names: dict[str, bool] = {}
    values = []
    for line in lines:
        name, _, value = line.partition(":")
        is_name = are_names.get(name)
        if is_name is None:
            is_name = are_names[name] = _NAME.fullmatch(name) is not None
        values.append(value if is_name and len(name) < len(line) else _value(line))
    return values


def _value(text: str) -> str:
    """What has to be harmless of a comment or an unknown tag: the tag's name says nothing."""
    bare = _NAME.match(text)
    return text[bare.end() :].removeprefix(":") if bare and ":" in text else text


def _names_secret(text: str) -> bool:
    if "=" not in text and ":" not in text:
        return False
    # The pattern takes a dotless i for an i, casefold does not.
    if len(text) >= _LONG and text.isascii():
        folded = text.lower()
        if not any(name in folded for name in _SECRETS):
            return False
    return _SECRET.search(text) is not None


def duration_line(line: str) -> str:
    """An EXTINF line; a duration that cannot be read is 0, as ffmpeg takes it."""
    text = line.rstrip(_END)
    # Nearly every line: a playlist may have 400,000 of them (docs/peers.md, row 27).
    if _UNREMARKABLE.match(text):
        return line
    match = _INF.match(text)
    assert match is not None
    rest = text[match.end() :]
    if match["duration"] is not None and is_plain(rest):
        return line
    # hls.js takes what stands in place of the duration for a URI.
    title = rest.partition(",")[2]
    return f"#EXTINF:{match['duration'] or 0},{title if is_plain(title) else ''}{_end(line)}"


def tag_line(line: str, hidden: Collection[str] = ()) -> str | None:
    """A line that begins with "#" without what does not belong to a player; None for nothing left.

    URI attributes are the reader's matter: they stay. `hidden` are texts that came from the query
    of the upstream's address. A known tag whose value is malformed is as if it were absent.
    """
    text = line.rstrip(_END)
    if text in BARE:
        return line
    name, colon, value = text.partition(":")
    if _leads_elsewhere(name, value):
        return None
    if name in VALUES and colon:
        if VALUES[name].fullmatch(value.strip()):
            return line
        # Cuts are told apart by their dates, so an odd one is read too.
        is_odd_date = name == DATE and is_plain(value) and not _any_in(hidden, value)
        return line if is_odd_date else None
    if name in ATTRIBUTES:
        return _list_line(line, len(name) + 1, ATTRIBUTES[name], hidden)
    bare = _NAME.match(text)
    # Players look at the beginning of a bare tag only: it works without what follows.
    if bare and bare[0] in BARE and not is_plain(text[bare.end() :]):
        return bare[0] + _end(line)
    # What its URI becomes is the reader's matter.
    shown = _value(_without_uris(line, len(name) + 1) if bare and colon else text)
    return line if is_plain(shown) and not _any_in(hidden, shown) else None


def _leads_elsewhere(name: str, value: str) -> bool:
    """Steering rewrites the hosts of our addresses, interstitials come from other servers.

    Both are optional.
    """
    # X-ASSET-URI is a playlist, X-ASSET-LIST a JSON that holds addresses of its own.
    is_interstitial = name == _DATERANGE and "X-ASSET-" in value
    return is_interstitial or name == "#EXT-X-CONTENT-STEERING"


def _list_line(line: str, start: int, known: frozenset[str], hidden: Collection[str]) -> str | None:
    """A known tag with an attribute list: what is not harmless of it goes."""
    usual = None if hidden else attribute_list.usual_values(line, start)
    if usual is not None and known.issuperset(usual):
        usual.pop("URI", None)
        if leads_nowhere(" ".join(usual.values())):
            return line
    attributes = list(attribute_list.scan(line, start))
    changes: dict[str, str | None] = {}
    for attribute in attributes:
        if attribute.name != "URI" and not _is_harmless(attribute, known, hidden):
            changes[attribute.name] = _replacement(attribute)
    if line.startswith("#EXT-X-SESSION-DATA:") and "VALUE" in changes:
        return None  # It needs VALUE or URI (RFC 8216 section 4.3.4.4).
    edited = attribute_list.edit(line, start, changes) if changes else line
    if is_plain(_between(line, start, attributes)):
        return edited
    # Text that is no attribute: some player may read it as one.
    kept = [
        f"{each.name}={edited[each.start : each.end]}"
        for each in attribute_list.scan(edited, start)
    ]
    return line[:start] + ",".join(kept) + _end(line)


def _is_harmless(attribute: Attribute, known: Collection[str], hidden: Collection[str]) -> bool:
    if _any_in(hidden, attribute.value):
        return False
    shape = SHAPES.get(attribute.name)
    if attribute.name in known and shape is not None and shape.fullmatch(attribute.value):
        return True
    return (leads_nowhere if attribute.name in known else is_plain)(attribute.value)


def _replacement(attribute: Attribute) -> str | None:
    """Groups are found by their names, so those are replaced by others, the same everywhere."""
    if attribute.name not in REFERENCES:
        return None
    digest = hashlib.sha256(attribute.value.encode("utf-8", "surrogateescape")).digest()
    return f'"{base64.b32encode(digest[:5]).decode().lower()}"'


def _between(line: str, start: int, attributes: list[Attribute]) -> str:
    """What stands between the attributes."""
    pieces, position = [], start
    for attribute in attributes:
        pieces.append(line[position : attribute.begin])
        position = attribute.end
    return "".join((*pieces, line[position:].rstrip(_END)))


def _without_uris(line: str, start: int) -> str:
    """The line without the values of its URI attributes, which get names of their own."""
    if "URI" not in line:
        return line.rstrip(_END)
    changes: Mapping[str, str | None] = {"URI": '""'}
    return attribute_list.edit(line, start, changes).rstrip(_END)


def _has_long_run(text: str) -> bool:
    """Of a long text the pattern takes ten times as long to say that it holds none."""
    if len(text) < _LONG:
        return True
    return _RUN in text.encode("utf-8", "replace").translate(_IN_RUNS)


def _any_in(hidden: Collection[str], text: str) -> bool:
    return any(each in text for each in hidden)


def _end(line: str) -> str:
    return line[len(line.rstrip(_END)) :]
