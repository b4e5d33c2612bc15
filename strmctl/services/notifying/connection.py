"""One request at a time, confirmed or not; tokens go to the configured address and nowhere else."""

import ssl
from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

import httpx
from msgspec import Struct, field

from strmctl import __version__
from strmctl.discreet import Discreet
from strmctl.domain.http.response_fields import retry_after_seconds
from strmctl.domain.http.unanswered import why_unanswered
from strmctl.domain.notice import Notice
from strmctl.errors import ItemError
from strmctl.services.notifying.certificates import tls_context, tls_failure

_MAX_ANSWER = 16 * 1024 * 1024
_NO_CONTENT = 204
_REFUSED = (401, 403)


class UndeliveredError(ItemError):
    """The server did not confirm; the message names neither URL nor token.

    `refused` says that it wants another token, `untrusted` that its certificate is not believed;
    `status` is what it answered in place of success, `retry_after` is in seconds.
    """

    def __init__(
        self,
        message: str,
        *,
        refused: bool = False,
        untrusted: bool = False,
        retry_after: float | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.refused = refused
        self.untrusted = untrusted
        self.retry_after = retry_after


class Address(Discreet, frozen=True):
    """Where a server is asked, as whom, and whose certificates are believed there."""

    hidden = ("url", "headers", "auth")

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    auth: tuple[str, str] | None = None
    ca: Path | None = None


class Stage(StrEnum):
    CONFIRMED = "confirmed"
    SHOWN = "shown"
    REFUSED = "refused"


class Outcome(Struct, frozen=True):
    """How far these notices have come: the server has confirmed them, it shows them, or it does
    not take them, for a `reason` that says nothing about the other notices."""

    stage: Stage
    notices: Sequence[Notice]
    reason: str = ""


class MediaServer(Protocol):
    @property
    def address(self) -> Address: ...

    def notify(
        self, connection: "Connection", notices: Sequence[Notice], now: datetime
    ) -> AsyncGenerator[Outcome, None]:
        """What becomes of them, as it is known; a later outcome of a notice replaces its earlier.

        Raises UndeliveredError for what is wrong with the server itself.
        """
        ...

    async def examine(self, connection: "Connection") -> None:
        """Raises UndeliveredError where it cannot be reached or does not take the token."""
        ...

    async def libraries(self, connection: "Connection") -> Sequence[str] | None:
        """The folders that it watches, None where it does not tell."""
        ...


def _trusting(address: Address) -> ssl.SSLContext:
    """Raises UndeliveredError."""
    try:
        return tls_context(address.ca)
    except OSError as error:
        where = address.ca or "SSL_CERT_FILE"
        reason = error.strerror or "it holds no certificate"
        raise UndeliveredError(
            f"{where} cannot be used as its CA: {reason}", untrusted=True
        ) from None


class Connection:
    """Use it as a context manager; redirects are not followed, since requests hold a token."""

    def __init__(self, address: Address, *, timeout: float) -> None:
        self._address = address
        fields = {"User-Agent": f"strmctl/{__version__}", **address.headers}
        self._client = httpx.AsyncClient(
            # httpx takes a str for ASCII, and a token may hold other characters.
            headers={name.encode(): value.encode() for name, value in fields.items()},
            auth=address.auth,
            verify=_trusting(address),
            timeout=timeout,
            trust_env=False,
            # A redirect to a login page of Authelia or the like would get the token.
            follow_redirects=False,
        )

    async def post(self, body: Mapping[str, object], path: str = "") -> bytes:
        """What it answered; raises UndeliveredError for anything but success."""
        return await self._ask("POST", path, body)

    async def confirm(self, body: Mapping[str, object], path: str) -> None:
        """Raises UndeliveredError for anything but 204, the status for "done, nothing to say".

        A login page or another service at the address answers 200.
        """
        await self._ask("POST", path, body, only=_NO_CONTENT)

    async def get(self, path: str, params: Mapping[str, str | int] | None = None) -> bytes:
        return await self._ask("GET", path, params=params)

    async def knock(self) -> None:
        """Any answer will do; OPTIONS asks for nothing (RFC 9110 section 9.3.7)."""
        try:
            await self._client.options(self._address.url)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _unanswered(error) from error

    async def __aenter__(self) -> "Connection":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def _ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None = None,
        *,
        params: Mapping[str, str | int] | None = None,
        only: int | None = None,
    ) -> bytes:
        url = self._address.url.rstrip("/") + path if path else self._address.url
        content: Any = None if body is None else body
        try:
            async with self._client.stream(method, url, json=content, params=params) as response:
                _check_status(response)
                # A front's login page answers 200 in HTML, which is no word of Jellyfin's.
                if only not in (None, response.status_code):
                    raise UndeliveredError(_another_success(response, only))
                return await _read(response)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _unanswered(error) from error


def _another_success(response: httpx.Response, only: int | None) -> str:
    media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    is_page = media_type in ("text/html", "application/xhtml+xml")
    what = f"HTTP {response.status_code}" + (" and a web page" if is_page else "")
    return f"it answers {what} in place of {only}: does something else answer at its URL?"


def _unanswered(error: Exception) -> UndeliveredError:
    failure = tls_failure(error)
    if failure is not None:
        return UndeliveredError(failure, untrusted=True)
    return UndeliveredError(f"it does not answer ({why_unanswered(error)})")


def _check_status(response: httpx.Response) -> None:
    status = response.status_code
    if response.is_success:
        return
    if status in _REFUSED:
        raise UndeliveredError(f"it refuses the token (HTTP {status})", refused=True, status=status)
    if response.is_redirect:
        raise UndeliveredError(
            f"it answers HTTP {status}: redirects are not followed, correct the URL"
        )
    # RFC 9110 section 10.2.3: seconds or a date.
    later = retry_after_seconds(response.headers.get("Retry-After"), datetime.now(UTC))
    raise UndeliveredError(f"it answers HTTP {status}", retry_after=later, status=status)


async def _read(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        # Something else than a media server may answer, without end.
        if len(body) > _MAX_ANSWER:
            raise UndeliveredError("it answers too much")
    return bytes(body)
