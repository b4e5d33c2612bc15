"""What stands behind a URL for Kodi, `|Referer=…&User-Agent=…`: headers, and its own settings."""

from urllib.parse import unquote_plus

# https://kodi.wiki/view/HTTP: these steer Kodi's own client and are never sent.
NO_HEADERS = frozenset(
    (
        "acceptencoding", "active-remote", "auth", "connection-timeout", "customrequest",
        "encoding", "failonerror", "noshout", "postdata", "redirect-limit", "seekable",
        "sslcipherlist", "verifypeer",
    )
)  # fmt: skip


def pairs_of(options: str) -> list[str]:
    """The pairs of what begins with `|`."""
    return listed(options.partition("|")[2])


def listed(options: str) -> list[str]:
    return [option for option in options.split("&") if option]


def name_of(option: str) -> str:
    # "!" keeps a value out of Kodi's log.
    return option.partition("=")[0].strip().lstrip("!")


def split_kodi_options(line: str) -> tuple[str, str, dict[str, str]]:
    """The URL, its options as they stand there, from the `|` on, and those of them that are
    headers, decoded but not checked; no URL holds a `|` (RFC 3986)."""
    url, pipe, options = line.partition("|")
    pairs = [option.partition("=") for option in listed(options)]
    if not pipe or not all(name and equals for name, equals, _ in pairs):
        return line, "", {}
    headers = {name_of(name): unquote_plus(value) for name, _, value in pairs}
    headers = {name: text for name, text in headers.items() if name.lower() not in NO_HEADERS}
    return url.strip(), pipe + options, headers
