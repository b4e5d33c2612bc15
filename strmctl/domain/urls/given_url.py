"""A URL as people and programs give it becomes one that can be asked: spaces are written %20, user
and password become the field that they stand for (RFC 9110 section 11.7, RFC 7617), and so does
what stands behind it for Kodi (`|Referer=…`).

What a parser could read in two ways stays as it is, for `check_url` to refuse.
"""

import re
from base64 import b64encode
from collections.abc import Mapping
from urllib.parse import unquote

from strmctl.domain.urls.kodi_options import split_kodi_options

_LOGIN = (
    r"(?is)(?P<scheme>https?://)(?P<user>[^/?#@:\\\s]*):(?P<password>[^/?#@\\\s]*)@"
    r"(?P<rest>[^/?#@\\\s]+(?:[/?#].*)?)"
)
_WEB = "(?i)https?://"


def given(url: str, headers: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """The URL without spaces, login and options for Kodi, and the headers with what they say; one
    that is given already counts."""
    url, _, behind = split_kodi_options(url)
    known = {name.lower() for name in headers}
    fields = {**{name: it for name, it in behind.items() if name.lower() not in known}, **headers}
    login = re.fullmatch(_LOGIN, without_spaces(url))
    if login is None:
        return without_spaces(url), fields
    if not any(name.lower() == "authorization" for name in fields):
        pair = f"{unquote(login['user'])}:{unquote(login['password'])}"
        fields["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
    return login["scheme"] + login["rest"], fields


def merged(*sources: Mapping[str, str]) -> dict[str, str]:
    """The first one that names a field says its value, however it spells the name."""
    fields: dict[str, str] = {}
    for source in sources:
        known = {name.lower() for name in fields}
        fields |= {name: text for name, text in source.items() if name.lower() not in known}
    return fields


def without_spaces(url: str) -> str:
    """Every player sends a space in a path as %20; two URLs on one line stay two."""
    if " " not in url or not re.match(_WEB, url) or len(re.findall(_WEB, url)) > 1:
        return url
    return url.replace(" ", "%20") if " " not in url.partition("//")[2].partition("/")[0] else url
