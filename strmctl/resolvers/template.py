"""`type = "template"`: the URL follows from the identity; where it is to be checked, HEAD asks."""

from contextlib import suppress
from typing import TYPE_CHECKING

from strmctl.domain.http.request_fields import fields_beside
from strmctl.domain.mapping import Resolution
from strmctl.domain.media import subtitles
from strmctl.domain.media.subtitles import Subtitle
from strmctl.domain.urls import given_url
from strmctl.errors import ResolverError, UpstreamError
from strmctl.resolvers import failures
from strmctl.resolvers.contract import Reason, ResolveRequest
from strmctl.resolvers.options import Options
from strmctl.resolvers.url_template import subtitle_templates, url_template
from strmctl.settings.model import ResolverSettings

if TYPE_CHECKING:
    from strmctl.resolvers.endpoint import Endpoint


class TemplateResolver:
    """Options: `url`, a template, and `headers` that go with every request for it; `subtitles`,
    a template for each language; `check` asks the server whether the file is there, so that an
    episode that is missing is said to be, and only subtitles that are there are named."""

    def __init__(self, settings: ResolverSettings) -> None:
        options = Options(settings)
        self._url = url_template(options)
        self._subtitles = subtitle_templates(options)
        self._headers = options.fields("headers")
        checks = options.flag("check")
        self._endpoint = _endpoint(settings) if checks else None

    async def resolve(self, request: ResolveRequest) -> Resolution:
        url, headers = given_url.given(self._url.fill(request.identity), self._headers)
        if self._endpoint is not None:
            await _check(self._endpoint, url, headers, request)
        return Resolution(url, headers, subtitles=await self._beside(url, headers, request))

    async def _beside(
        self, url: str, headers: dict[str, str], request: ResolveRequest
    ) -> tuple[Subtitle, ...]:
        # A viewer does not wait for what no player gets.
        if request.reason not in (Reason.CREATE, Reason.REFRESH):
            return ()
        found = []
        for language, template in self._subtitles.items():
            # A film has no season: its link plays all the same.
            with suppress(ResolverError):
                found.append(Subtitle(template.fill(request.identity), language))
        named = subtitles.given(found)
        if self._endpoint is None:
            return named
        there = [await _is_there(self._endpoint, url, headers, it) for it in named]
        return tuple(it for it, is_there in zip(named, there, strict=True) if is_there)

    async def aclose(self) -> None:
        if self._endpoint is not None:
            await self._endpoint.aclose()


def _endpoint(settings: ResolverSettings) -> "Endpoint":
    # httpx is slow to load, and a template that asks nobody does without.
    from strmctl.resolvers.endpoint import Endpoint

    return Endpoint(settings, {})


async def _is_there(
    endpoint: "Endpoint", url: str, headers: dict[str, str], subtitle: Subtitle
) -> bool:
    """Where nobody can say it is named: what then fails to come is reported by who fetches it."""
    try:
        where, fields = given_url.given(subtitle.url, fields_beside(url, subtitle.url, headers))
        answer = await endpoint.ask("HEAD", where, headers=fields)
    except (ResolverError, UpstreamError):
        return True
    return answer.status not in (404, 410)


async def _check(
    endpoint: "Endpoint", url: str, headers: dict[str, str], request: ResolveRequest
) -> None:
    answer = await endpoint.ask("HEAD", url, headers=headers)
    match answer.status:
        case 404 | 410:
            raise failures.no_such_episode(request)
        # alist and others send on to the store; that some refuse HEAD says nothing of the file.
        case status if 200 <= status < 400 or status in (405, 501):
            return
        case 401 | 403:
            raise ResolverError(f"answered HTTP {answer.status}: correct its headers")
        case _:
            raise answer.failure()
