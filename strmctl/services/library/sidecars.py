"""What is asked for beside a `.strm`: its `.nfo`, and the subtitles that the answer names.

Nothing of another's is replaced, and no failure here keeps a link from being written.
"""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping as Table, Sequence

from msgspec import Struct

from strmctl.discreet import Discreet
from strmctl.domain.http.request_fields import fields_beside
from strmctl.domain.library import nfo_text
from strmctl.domain.library.library_path import EXTENSION
from strmctl.domain.mapping import Mapping, Resolution
from strmctl.domain.media import not_media, subtitles
from strmctl.domain.media.subtitles import Subtitle
from strmctl.domain.urls import given_url
from strmctl.errors import ItemError, StrmctlError, UpstreamError
from strmctl.settings.model import Settings
from strmctl.storage.files.sidecar_files import SidecarFiles
from strmctl.upstream.client import UpstreamClient
from strmctl.upstream.guard import guard
from strmctl.upstream.response import UpstreamResponse

_MAX_BYTES = 2 * 1024 * 1024
_HEAD = 16 * 1024
_SECONDS = 30
_AT_ONCE = 4
_EXPECTED = not_media.Expected(not_media.Kind.SUBTITLES)

Made = Callable[[Table[str, bytes]], None]
"""Hears of files that come, by their paths with the SHA-256 of each, before they are there."""


def _unheard(files: Table[str, bytes]) -> None:
    return


class Item(Discreet, frozen=True):
    """`resolution` is the answer of now, None where no resolver was asked; `egress` is the way
    out of its site's resolver."""

    hidden = ("egress",)

    mapping: Mapping
    resolution: Resolution | None = None
    egress: str | None = None


class _Found(Struct):
    """What one item's sidecars are to hold."""

    contents: dict[str, bytes]
    troubles: list[str]


class Beside:
    def __init__(self, settings: Settings, made: Made = _unheard) -> None:
        self._settings = settings
        self._files = SidecarFiles(settings.library)
        self._made = made

    async def write(self, items: Sequence[Item]) -> list[ItemError | None]:
        """For each what could not be written, in one line."""
        client = UpstreamClient(self._settings.upstream, guard(self._settings))
        limit = asyncio.Semaphore(_AT_ONCE)
        try:
            found = await asyncio.gather(*(self._find(client, limit, item) for item in items))
        finally:
            await client.aclose()
        contents = {path: body for one in found for path, body in one.contents.items()}
        # fsync on a NAS may take seconds; a refresh goes on meanwhile.
        errors = await asyncio.to_thread(self._keep, contents)
        return [_trouble(item, one, errors) for item, one in zip(items, found, strict=True)]

    def _keep(self, contents: Table[str, bytes]) -> dict[str, ItemError]:
        new = {path: body for path, body in contents.items() if not self._files.exists(path)}
        if new:
            self._made({path: hashlib.sha256(body).digest() for path, body in new.items()})
        return self._files.write_all(contents)

    async def _find(self, client: UpstreamClient, limit: asyncio.Semaphore, item: Item) -> _Found:
        if not self._files.exists(item.mapping.strm_path):
            return _Found({}, [])
        found = _Found(dict(self._nfo(item.mapping)), [])
        for subtitle, start in self._wanted(item):
            async with limit:
                try:
                    body = await _fetch(client, item, subtitle)
                except StrmctlError as error:
                    found.troubles.append(f"subtitles {subtitle.language}: {error}")
                    continue
            found.contents[f"{start}{subtitles.extension(body)}"] = body
        return found

    def _nfo(self, mapping: Mapping) -> Iterator[tuple[str, bytes]]:
        for path, content in nfo_text.nfo_files(mapping).items():
            try:
                there = self._files.read(path)
            except ItemError:
                continue
            if there is None or (there != content and nfo_text.is_ours(there)):
                yield path, content

    def _wanted(self, item: Item) -> Iterator[tuple[Subtitle, str]]:
        """Subtitles that are missing, with the names of their files up to the form."""
        stem = item.mapping.strm_path[: -len(EXTENSION)]
        counts: Counter[str] = Counter()
        for subtitle in item.resolution.subtitles if item.resolution else ():
            counts[subtitle.language] += 1
            number = counts[subtitle.language]
            start = f"{stem}.{subtitle.language}" + (f".{number}" if number > 1 else "")
            if not any(self._files.exists(start + form) for form in subtitles.FORMS):
                yield subtitle, start


async def _body(response: UpstreamResponse) -> bytes:
    try:
        if response.status != 200:
            raise UpstreamError(f"the upstream answered {response.status}")
        return await response.read(_MAX_BYTES)
    finally:
        response.close()


async def _fetch(client: UpstreamClient, item: Item, subtitle: Subtitle) -> bytes:
    """Raises StrmctlError, which does not tell the URL."""
    assert item.resolution is not None, "subtitles come with an answer"
    carried = fields_beside(item.resolution.url, subtitle.url, item.resolution.headers)
    url, fields = given_url.given(subtitle.url, carried)
    try:
        async with asyncio.timeout(_SECONDS):
            response = await client.get(url, fields, egress=item.egress, patient=True)
            body = await _body(response)
    except TimeoutError:
        raise UpstreamError(f"no answer within {_SECONDS} s", http_status=504) from None
    instead = not_media.what_instead(body[:_HEAD], response.content_type, _EXPECTED)
    if instead is not None or subtitles.extension(body) is None:
        raise UpstreamError(f"neither WEBVTT nor SRT but {instead or 'something else'}")
    return body


def _trouble(item: Item, found: _Found, errors: Table[str, ItemError]) -> ItemError | None:
    lines = [*found.troubles, *(str(errors[path]) for path in found.contents if path in errors)]
    return ItemError(f"{item.mapping.strm_path}: {'; '.join(lines)}") if lines else None
