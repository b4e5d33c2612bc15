"""`type = "stremio"`: an addon lists streams for an IMDb id; the best that can be fetched is it.

The protocol: https://github.com/Stremio/stremio-addon-sdk/blob/master/docs/protocol.md
"""

import re
from collections.abc import Sequence
from typing import Any

from msgspec import field

from strmctl.discreet import Discreet
from strmctl.domain.counted import counted
from strmctl.domain.mapping import Resolution
from strmctl.domain.media import subtitles
from strmctl.domain.media.subtitles import Subtitle
from strmctl.errors import ResolverError
from strmctl.resolvers import failures
from strmctl.resolvers.addon import Addon, manifest_url, offers
from strmctl.resolvers.answer import load_object
from strmctl.resolvers.catalogue import Listing, listing_of_meta
from strmctl.resolvers.contract import ResolveRequest
from strmctl.resolvers.endpoint import Endpoint
from strmctl.resolvers.options import Options
from strmctl.settings.model import ResolverSettings

_IMDB = re.compile(r"tt\d{5,12}", re.ASCII)
_SHOWN = 5


class Stream(Discreet, frozen=True):
    """One entry of `streams` that has a URL; `text` is what patterns are looked for in."""

    hidden = ("url", "headers")

    url: str
    name: str
    text: str
    headers: dict[str, Any] = field(default_factory=dict)
    subtitles: tuple[Subtitle, ...] = ()

    def is_of(self, provider: str) -> bool:
        return provider.casefold() in self.text.casefold()


class StremioResolver:
    """Options: `url` of the manifest; `prefer` and `reject`, regular expressions for the name,
    title and file name of a stream; `headers` for the addon itself; `catalogue`, the manifest of
    an addon that says what there is, where this one does not."""

    def __init__(self, settings: ResolverSettings) -> None:
        options = Options(settings)
        url = manifest_url(options, "url", options.text("url"))
        catalogue = options.optional_text("catalogue")
        self._prefer = options.patterns("prefer")
        self._reject = options.patterns("reject")
        headers = options.fields("headers")
        self._name = settings.name
        self.addon = Addon(Endpoint(settings, headers), url)
        self._catalogue = self.addon
        if catalogue is not None:
            # Another host: the headers are not for it.
            other = manifest_url(options, "catalogue", catalogue)
            self._catalogue = Addon(Endpoint(settings, {}), other)
        self._addon_name: str | None = None

    async def resolve(self, request: ResolveRequest) -> Resolution:
        streams = await self._streams(request)
        stream = self._chosen(streams, request)
        provider = stream.name or await self._name_of_addon()
        return Resolution(stream.url, stream.headers, provider, subtitles=stream.subtitles)

    async def listing(self, name: str) -> Listing:
        """The catalogue of the addon itself, or of the one that the settings name for it."""
        for kind in ("series", "movie"):
            meta = await self._catalogue.meta(kind, name)
            if meta is not None:
                return listing_of_meta(name, meta)
        if not offers(await self._catalogue.manifest(), "meta"):
            raise ResolverError(
                f"its manifest does not offer `meta`: set resolvers.{self._name}.catalogue to an "
                "addon that does, such as https://v3-cinemeta.strem.io/manifest.json",
                unasked=True,
            )
        raise ResolverError(f"no series or film {failures.one_line(name)}", http_status=404)

    async def manifest(self) -> dict[str, Any]:
        return await self.addon.manifest()

    async def aclose(self) -> None:
        await self.addon.aclose()
        if self._catalogue is not self.addon:
            await self._catalogue.aclose()

    async def _streams(self, request: ResolveRequest) -> list[Stream]:
        found = await self._listed(request)
        streams = [stream for item in found if (stream := _stream(item)) is not None]
        if not streams:
            raise ResolverError(
                f"no URL among its {counted(len(found), 'stream')} (torrents and web pages are not "
                f"played): {request.identity}",
                http_status=404,
            )
        return streams

    async def _listed(self, request: ResolveRequest) -> list[Any]:
        """At least one, of whatever form."""
        answer = await self.addon.get(f"/stream/{self._video(request)}.json")
        if answer.status == 404:
            # An addon of plain files has none for what it does not know; one that has moved
            # answers 404 to everything, and that says nothing of the episode.
            await self.addon.manifest()
            raise failures.no_such_episode(request)
        if answer.status != 200:
            raise answer.failure()
        found = load_object(answer.body).get("streams")
        # The protocol wants a list; some addons leave it out or say null for nothing.
        if not isinstance(found, list | None):
            raise ResolverError("answered streams that are not a list")
        if not found:
            raise failures.no_such_episode(request)
        return found

    def _video(self, request: ResolveRequest) -> str:
        identity = request.identity
        # A slug that is such an id needs no other.
        imdb = request.ids.imdb or (identity.slug if _IMDB.fullmatch(identity.slug) else None)
        if imdb is None:
            raise ResolverError(
                f"needs the IMDb id of {identity.slug}: `strmctl set --site {identity.site} "
                f"--series {identity.slug} --id imdb=tt…`",
                unasked=True,
            )
        if identity.season is None:
            return f"movie/{imdb}"
        return f"series/{imdb}:{identity.season}:{identity.episode}"

    def _chosen(self, streams: Sequence[Stream], request: ResolveRequest) -> Stream:
        """Raises ResolverError where the settings or the user want none of them."""
        left = [it for it in streams if not any(no.search(it.text) for no in self._reject)]
        if not left:
            of_all = counted(len(streams), "stream")
            raise ResolverError(
                f"[resolvers.{self._name}] reject leaves none of its {of_all}: {request.identity}",
                http_status=404,
            )
        if provider := request.identity.provider:
            left, others = [it for it in left if it.is_of(provider)], left
            if not left:
                names = list(dict.fromkeys(it.name for it in others if it.name))[:_SHOWN]
                there_is = failures.one_line(", ".join(names))
                raise ResolverError(
                    f"no stream by {provider}: there is {there_is or 'one without a name'}",
                    http_status=404,
                )

        def rank(stream: Stream) -> tuple[bool, bool, int]:
            liked = (at for at, yes in enumerate(self._prefer) if yes.search(stream.text))
            return (
                stream.url in request.avoid_urls,
                stream.name in request.avoid_providers,
                next(liked, len(self._prefer)),
            )

        # min() is the first of equals: the addon's own order.
        return min(left, key=rank)

    async def _name_of_addon(self) -> str | None:
        if self._addon_name is None:
            try:
                self._addon_name = str((await self.manifest()).get("name") or "")
            except ResolverError:
                # A name for the statistics; the stream plays without it.
                return None
        return self._addon_name or None


def _stream(item: object) -> Stream | None:
    """None for what is no URL: `infoHash`, `ytId`, `externalUrl`, a magnet link, rubbish."""
    if not isinstance(item, dict):
        return None
    url = item.get("url")
    if not (isinstance(url, str) and re.match("https?://", url, re.IGNORECASE)):
        return None
    hints = _object(item.get("behaviorHints"))
    texts = [item.get("name"), item.get("title"), item.get("description"), hints.get("filename")]
    name = failures.one_line(texts[0]) if isinstance(texts[0], str) else ""
    headers = _object(_object(hints.get("proxyHeaders")).get("request"))
    text = "\n".join(text for text in texts if isinstance(text, str))
    return Stream(url.strip(), name, text, headers, subtitles.given(item.get("subtitles")))


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
