"""Kodi puts options behind a URL, `url|User-Agent=…&Referer=…`; those that are headers are kept."""

from urllib.parse import unquote_plus

# https://kodi.wiki/view/HTTP: these steer Kodi's own client and are never sent.
_NO_HEADERS = frozenset(
    (
        "acceptencoding", "active-remote", "auth", "connection-timeout", "customrequest",
        "encoding", "failonerror", "noshout", "postdata", "redirect-limit", "seekable",
        "sslcipherlist", "verifypeer",
    )
)  # fmt: skip


def split(line: str) -> tuple[str, str, dict[str, str]]:
    """The URL, its options as they stand there, from the `|` on, and those of them that are
    headers, decoded but not checked; no URL holds a `|` (RFC 3986)."""
    url, pipe, options = line.partition("|")
    pairs = [option.partition("=") for option in options.split("&") if option]
    if not pipe or not all(name and equals for name, equals, _ in pairs):
        return line, "", {}
    # "!" keeps a value out of Kodi's log.
    headers = {name.strip().lstrip("!"): unquote_plus(value) for name, _, value in pairs}
    headers = {name: text for name, text in headers.items() if name.lower() not in _NO_HEADERS}
    return url.strip(), pipe + options, headers
