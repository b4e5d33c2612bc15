"""One request at a time, confirmed or not; tokens go to the configured address and nowhere else."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

import httpx

from strmctl import __version__
from strmctl.domain.http.retry_after import retry_after_seconds
from strmctl.domain.notice import Notice
from strmctl.errors import ItemError

_MAX_ANSWER = 4 * 1024 * 1024
_REFUSED = (401, 403)


class NotTold(ItemError):
    """The server did not confirm; the message names neither URL nor token.

    `refused` says that it wants another token, `retry_after` is in seconds.
    """

    def __init__(
        self, message: str, *, refused: bool = False, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.refused = refused
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is asked, and as whom."""

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    auth: tuple[str, str] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """One POST of JSON to `path` below the address; its answer confirms these notices."""

    notices: Sequence[Notice]
    body: Mapping[str, object] = field(repr=False)
    path: str = ""


class MediaServer(Protocol):
    @property
    def address(self) -> Address: ...

    def calls(self, notices: Sequence[Notice]) -> Iterable[Call]:
        """As few as the server's API allows."""
        ...

    def check(self, answer: bytes) -> None:
        """Raises NotTold for the answer of a call that says so in spite of its status."""
        ...

    async def examine(self, connection: "Connection") -> None:
        """Raises NotTold where it cannot be reached or does not take the token."""
        ...

    async def libraries(self, connection: "Connection") -> Sequence[str] | None:
        """The folders that it watches, None where it does not tell."""
        ...


class Connection:
    """Use it as a context manager; redirects are not followed, since requests hold a token."""

    def __init__(self, address: Address, *, timeout: float) -> None:
        self._address = address
        fields = {"User-Agent": f"strmctl/{__version__}", **address.headers}
        self._client = httpx.AsyncClient(
            headers={name.encode(): value.encode() for name, value in fields.items()},
            auth=address.auth,
            timeout=timeout,
            trust_env=False,
            follow_redirects=False,
        )

    async def post(self, body: Mapping[str, object], path: str = "") -> bytes:
        """What it answered; raises NotTold for anything but a confirmation."""
        return await self._ask("POST", path, body)

    async def get(self, path: str) -> bytes:
        return await self._ask("GET", path)

    async def knock(self) -> None:
        """Any answer will do; OPTIONS asks for nothing (RFC 9110 section 9.3.7)."""
        try:
            await self._client.options(self._address.url)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise NotTold(f"it does not answer ({type(error).__name__})") from error

    async def __aenter__(self) -> "Connection":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def _ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> bytes:
        url = self._address.url.rstrip("/") + path if path else self._address.url
        content: Any = None if body is None else body
        try:
            async with self._client.stream(method, url, json=content) as response:
                _check_status(response)
                return await _read(response)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise NotTold(f"it does not answer ({type(error).__name__})") from error


def _check_status(response: httpx.Response) -> None:
    status = response.status_code
    if response.is_success:
        return
    if status in _REFUSED:
        raise NotTold(f"it refuses the token (HTTP {status})", refused=True)
    if response.is_redirect:
        raise NotTold(f"it answers HTTP {status}: redirects are not followed, correct the URL")
    later = retry_after_seconds(response.headers.get("Retry-After"), datetime.now(UTC))
    raise NotTold(f"it answers HTTP {status}", retry_after=later)


async def _read(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > _MAX_ANSWER:
            raise NotTold("it answers too much")
    return bytes(body)
