"""An addon of the Stremio protocol: its manifest, and what it answers below that folder."""

import re
from typing import Any
from urllib.parse import quote, urljoin

import httpx

from strmctl.errors import ResolverError
from strmctl.resolvers.answer import MAX_BYTES, load_object
from strmctl.resolvers.endpoint import Answer, Endpoint, endpoint_url
from strmctl.resolvers.options import Options

_MANIFEST = "/manifest.json"
_REDIRECTS = 3
_META_BYTES = 16 * 1024 * 1024
"""A series of a thousand episodes, each with its summary, has more than a MiB."""


class Addon:
    def __init__(self, endpoint: Endpoint, manifest: httpx.URL) -> None:
        self._endpoint = endpoint
        self._manifest = manifest

    async def manifest(self) -> dict[str, Any]:
        """What the addon says of itself; raises ResolverError for what is no manifest."""
        answer = await self.get(_MANIFEST)
        if answer.status != 200:
            raise answer.failure()
        manifest = load_object(answer.body)
        if not isinstance(manifest.get("resources"), list):
            raise ResolverError("answered something that is no manifest of an addon")
        return manifest

    async def meta(self, kind: str, name: str) -> dict[str, Any] | None:
        """What it knows of a series or movie, None for nothing."""
        answer = await self.get(f"/meta/{kind}/{quote(name, safe=':')}.json", _META_BYTES)
        if answer.status == 404:
            return None
        if answer.status != 200:
            raise answer.failure()
        meta = load_object(answer.body).get("meta")
        return meta if isinstance(meta, dict) and meta else None

    async def aclose(self) -> None:
        await self._endpoint.aclose()

    async def get(self, path: str, limit: int = MAX_BYTES) -> Answer:
        """Redirects on the same host are followed, as the SDK can send them."""
        folder = self._manifest.raw_path.partition(b"?")[0].decode().removesuffix(_MANIFEST)
        query = self._manifest.query
        target = (folder + path).encode() + (b"?" + query if query else b"")
        url = self._manifest.copy_with(raw_path=target)
        for _ in range(_REDIRECTS):
            answer = await self._endpoint.ask("GET", url, limit=limit)
            following = _redirect(url, answer)
            if following is None:
                return answer
            url = following
        raise ResolverError(f"redirects more than {_REDIRECTS} times")


def manifest_url(options: Options, key: str, given: str) -> httpx.URL:
    """Raises SettingsError where the text at `key` is none."""
    # What "Install" and "Share" of an addon's page give.
    text = re.sub("^stremio://", "https://", given, flags=re.IGNORECASE)
    url = endpoint_url(options, text, key)
    path, mark, query = url.raw_path.partition(b"?")
    whole = path.rstrip(b"/")
    folder = whole.removesuffix(_MANIFEST.encode())
    if folder == whole:
        raise options.wrong(key, "needs the address of the addon's manifest.json")
    return url.copy_with(raw_path=folder + _MANIFEST.encode() + mark + query)


def _redirect(url: httpx.URL, answer: Answer) -> httpx.URL | None:
    """Where the addon sends to, None where that is not to be followed.

    The path of an addon often holds its user's password, which is for that host alone.
    """
    if answer.status not in (301, 302, 303, 307, 308):
        return None
    try:
        target = httpx.URL(urljoin(str(url), answer.headers.get("Location", "")))
    except (httpx.InvalidURL, ValueError):
        return None
    downgrade = url.scheme == "https" and target.scheme == "http"
    is_same = target.host == url.host and target.scheme in ("http", "https") and not downgrade
    return target if is_same else None


def offers(manifest: dict[str, Any], resource: str) -> bool:
    """Whether its `resources` hold it, as a text or as an object of that name."""
    names = (it.get("name") if isinstance(it, dict) else it for it in manifest["resources"])
    return resource in names
