"""`type = "http"`: the request as a POST of JSON, the status tells the kind of answer."""

import json
from datetime import UTC, datetime

import httpx

from strmctl import __version__
from strmctl.domain.http.retry_after import retry_after_seconds
from strmctl.domain.mapping import Resolution
from strmctl.errors import ResolverError, SettingsError
from strmctl.resolvers import failures
from strmctl.resolvers.answer import MAX_BYTES, read_answer
from strmctl.resolvers.contract import ResolveRequest
from strmctl.resolvers.options import Options
from strmctl.settings.masking import hide_credentials
from strmctl.settings.model import ResolverSettings
from strmctl.tracing import REQUEST_ID_FIELD, request_id


class HttpResolver:
    """Options: `url`, and `headers` for a token; `egress` is the proxy that is asked through.

    The operator's own endpoint, so it may be on this machine. Redirects are not followed.
    """

    def __init__(self, settings: ResolverSettings) -> None:
        options = Options(settings)
        self._url = _url(options)
        headers = options.fields("headers")
        options.done()
        self._client = _client(settings, headers)
        self._egress = settings.egress

    async def resolve(self, request: ResolveRequest) -> Resolution:
        asked_by = {REQUEST_ID_FIELD: request_id.get()} if request_id.get() else {}
        try:
            async with self._client.stream(
                "POST", self._url, json=request.record(), headers=asked_by
            ) as response:
                body = await _read(response)
        except httpx.HTTPError as error:
            raise ResolverError(f"{self._blamed(error)}: {_reason(error)}") from error
        return _judge(request, response, body)

    def _blamed(self, error: httpx.HTTPError) -> str:
        """What does not work; without a connection it is the egress that did not make one."""
        endpoint = self._url.netloc.decode()
        if self._egress and isinstance(error, httpx.ProxyError | httpx.ConnectError):
            return f"its egress {hide_credentials(self._egress)} does not lead to {endpoint}"
        return f"{endpoint} does not answer"

    async def aclose(self) -> None:
        await self._client.aclose()


def _url(options: Options) -> httpx.URL:
    try:
        url = httpx.URL(options.text("url"))
    except httpx.InvalidURL:
        raise options.wrong("url", "is not a URL") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise options.wrong("url", "needs http://… or https://…")
    return url


def _client(settings: ResolverSettings, headers: dict[str, str]) -> httpx.AsyncClient:
    # Compression would let a small answer grow past the limit; the deadline is the caller's.
    fixed = {"User-Agent": f"strmctl/{__version__}", "Accept-Encoding": "identity"}
    try:
        return httpx.AsyncClient(
            headers={**fixed, **headers, "Accept": "application/json"},
            proxy=settings.egress or None,
            timeout=None,
            # HTTP_PROXY of this machine is not the resolver's egress.
            trust_env=False,
            # The request may hold tokens, which are for the configured endpoint alone.
            follow_redirects=False,
        )
    except (ValueError, httpx.InvalidURL):
        raise SettingsError(
            f"[resolvers.{settings.name}] egress: needs http://…, https://… or socks5://…"
        ) from None


async def _read(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > MAX_BYTES:
            raise ResolverError(f"answered more than {MAX_BYTES} bytes")
    return bytes(body)


def _judge(request: ResolveRequest, response: httpx.Response, body: bytes) -> Resolution:
    match response.status_code:
        case 200:
            return read_answer(body)
        case 404:
            raise failures.no_such_episode(request)
        case 409:
            raise failures.not_in_this_language(request, _available(body))
        # RFC 6585 section 4 and RFC 9110 section 15.6.4.
        case 429 | 503 if "Retry-After" in response.headers:
            raise failures.later(
                retry_after_seconds(response.headers["Retry-After"], datetime.now(UTC))
            )
        case status if 300 <= status < 400:
            raise ResolverError(f"answered HTTP {status}: redirects are not followed")
        case status:
            raise ResolverError(f"answered HTTP {status}")


def _available(body: bytes) -> object:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return answer.get("available") if isinstance(answer, dict) else None


def _reason(error: httpx.HTTPError) -> str:
    return failures.one_line(str(error)) or type(error).__name__
