"""Messages to people by Apprise, which is imported only when one is sent; URLs are secrets.

What its services log may hold tokens, so of a failure no more is said than an HTTP status.
"""

import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from strmctl.errors import ItemError
from strmctl.settings.model import NotifySettings

_STATUS = re.compile(r"error=(\d{3})\b")
_SECONDS = 10
_TALKATIVE = ("urllib3", "requests", "requests_oauthlib", "oauthlib", "MARKDOWN")
"""They log paths, which hold the tokens of many services."""


class NotSentError(ItemError):
    """Why a message was not sent, without the URL."""


def send(table: NotifySettings, title: str, lines: Sequence[str]) -> None:
    """Blocks for some seconds. Raises NotSentError."""
    import apprise

    with _listening() as said:
        asset = apprise.AppriseAsset(
            # async_mode would start an event loop inside of the server's threads.
            app_id="strmctl",
            app_desc="strmctl",
            secure_logging=True,
            async_mode=False,
        )
        messenger = apprise.Apprise(asset=asset)
        if not messenger.add(_patient(table.url)):
            raise NotSentError(f"notify.{table.name}.url is no URL that Apprise knows")
        well = messenger.notify(
            title=title, body="\n".join(lines), body_format=apprise.NotifyFormat.TEXT
        )
    if not well:
        raise NotSentError(f"notify.{table.name}: not sent: {_answer(said)}")


def _answer(said: Sequence[str]) -> str:
    statuses = [match[1] for line in said if (match := _STATUS.search(line))]
    return f"it answers {statuses[-1]}" if statuses else "it does not answer or refuses"


def _patient(url: str) -> str:
    """With its timeouts (`cto`, `rto`), unless the URL names its own."""
    # Apprise reads its own timeouts from the URL.
    if re.search(r"[?&][cr]to=", url):
        return url
    return f"{url}{'&' if '?' in url else '?'}cto={_SECONDS}&rto={_SECONDS}"


class _Ear(logging.Handler):
    def __init__(self, said: list[str]) -> None:
        super().__init__(logging.DEBUG)
        self._said = said

    def emit(self, record: logging.LogRecord) -> None:
        self._said.append(record.getMessage())


@contextmanager
def _listening() -> Iterator[list[str]]:
    """What Apprise logs, heard here and nowhere else."""
    said: list[str] = []
    log, ear = logging.getLogger("apprise"), _Ear(said)
    propagate, level = log.propagate, log.level
    for name in _TALKATIVE:
        # Telegram's and Discord's URLs have their token in the path.
        logging.getLogger(name).setLevel(logging.CRITICAL)
    log.addHandler(ear)
    log.propagate = False
    log.setLevel(logging.WARNING)
    try:
        yield said
    finally:
        log.removeHandler(ear)
        log.propagate = propagate
        log.setLevel(level)
