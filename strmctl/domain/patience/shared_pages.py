"""One page in place of two sites' media is a captive portal's: it says nothing about the links.

A portal answers for every upstream without TLS, with its page or with a redirect to it. Hosts of
one site may share a page of their own (`edge1.cdn.example`, `edge2.cdn.example`): sites count.
"""

from collections.abc import Set
from urllib.parse import urlsplit

from strmctl.domain.urls import address
from strmctl.domain.urls.url_marks import origin


class SharedPages:
    def __init__(self) -> None:
        self._hosts: dict[str, dict[str, str]] = {}
        self._pages: dict[str, set[str]] = {}
        """By host: a soft 404 that names its link is another page for each of thousands."""

    def add(self, page: str, url: str) -> bool:
        """Whether more than one site has answered with this page by now."""
        hosts = self._hosts.setdefault(page, {})
        host = origin(url)
        hosts[host] = _site(url)
        self._pages.setdefault(host, set()).add(page)
        return _is_shared(hosts)

    def forget(self, host: str) -> None:
        for page in self._pages.pop(host, ()):
            del self._hosts[page][host]
            if not self._hosts[page]:
                del self._hosts[page]

    @property
    def are_there(self) -> bool:
        return any(map(_is_shared, self._hosts.values()))

    @property
    def alone(self) -> Set[str]:
        """The hosts with a page that no other site has: it is their own."""
        own = (hosts for hosts in self._hosts.values() if not _is_shared(hosts))
        return {host for hosts in own for host in hosts}

    def has_own(self, host: str) -> bool:
        """Whether it has answered with a page that no other site has."""
        return any(not _is_shared(self._hosts[page]) for page in self._pages.get(host, ()))


def _is_shared(hosts: dict[str, str]) -> bool:
    return len(set(hosts.values())) > 1


def _site(url: str) -> str:
    """An address, or the last two labels of a name; `co.uk` only makes the evidence weaker."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    if address.parse_literal(host) is not None:
        return host
    return ".".join(host.split(".")[-2:])
