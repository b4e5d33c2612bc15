"""A cookie that an upstream sets for one resolution goes back to it, and to nobody else.

By RFC 6265's rules for domain, path, Secure and age (aiohttp's jar); in memory only.
"""

import re
from collections.abc import Sequence

from aiohttp import CookieJar
from yarl import URL

_DOMAIN = re.compile(r";\s*domain\s*=[^;]*", re.IGNORECASE)
_THE_EPOCH = re.compile(r";\s*expires\s*=[^;]*\b1970\b[^;]*", re.IGNORECASE)


class Cookies:
    """Costs nothing until the first cookie comes. Made and used inside a running event loop."""

    def __init__(self) -> None:
        self._jar: CookieJar | None = None

    @property
    def is_empty(self) -> bool:
        """Whether none has come yet."""
        return self._jar is None

    def learn(self, url: URL, fields: Sequence[str]) -> None:
        """Keep what the Set-Cookie fields of the answer from `url` say."""
        if not fields:
            return
        if self._jar is None:
            # `unsafe` means servers without a name, which CDNs of hosters often are; their
            # cookies go back to the same address only.
            self._jar = CookieJar(unsafe=True, quote_cookie=False)
        self._jar.update_cookies_from_headers([_mended(field) for field in fields], url)
        # A cookie for a whole top level would go to sites that have nothing in common.
        self._jar.clear(lambda cookie: "." not in cookie["domain"] and cookie["domain"] != url.host)

    def field(self, url: URL, given: str = "") -> str:
        """The Cookie field for a request to `url`; `given` is the mapping's own, "" for none.

        A cookie of the upstream is newer, so it replaces one of the mapping with the same name.
        """
        if self._jar is None:
            return given
        # RFC 6265 section 5.4: one field with all pairs.
        found = {name: morsel.value for name, morsel in self._jar.filter_cookies(url).items()}
        pairs = [pair.strip() for pair in given.split(";")]
        kept = [pair for pair in pairs if pair and pair.partition("=")[0].strip() not in found]
        return "; ".join([*kept, *(f"{name}={value}" for name, value in found.items())])


def _mended(field: str) -> str:
    """aiohttp 3.14 does not ignore the case of domains, and takes the epoch, by which servers
    delete a cookie, for no date at all."""
    lowered = _DOMAIN.sub(lambda domain: domain[0].lower(), field)
    return _THE_EPOCH.sub("; Max-Age=0", lowered)
