"""`type = "template"`: the URL follows from the identity; where it is to be checked, HEAD asks."""

from typing import TYPE_CHECKING

from strmctl.domain.mapping import Resolution
from strmctl.domain.urls import given_url
from strmctl.errors import ResolverError
from strmctl.resolvers import failures
from strmctl.resolvers.contract import ResolveRequest
from strmctl.resolvers.options import Options
from strmctl.resolvers.url_template import url_template
from strmctl.settings.model import ResolverSettings

if TYPE_CHECKING:
    from strmctl.resolvers.endpoint import Endpoint


class TemplateResolver:
    """Options: `url`, a template, and `headers` that go with every request for it; `check` asks
    the server whether the file is there, so that an episode that is missing is said to be."""

    def __init__(self, settings: ResolverSettings) -> None:
        options = Options(settings)
        self._url = url_template(options)
        self._headers = options.fields("headers")
        checks = options.flag("check")
        options.done()
        self._endpoint = _endpoint(settings) if checks else None

    async def resolve(self, request: ResolveRequest) -> Resolution:
        url, headers = given_url.given(self._url.fill(request.identity), self._headers)
        if self._endpoint is not None:
            await _check(self._endpoint, url, headers, request)
        return Resolution(url, headers)

    async def aclose(self) -> None:
        if self._endpoint is not None:
            await self._endpoint.aclose()


def _endpoint(settings: ResolverSettings) -> "Endpoint":
    # httpx is slow to load, and a template that asks nobody does without.
    from strmctl.resolvers.endpoint import Endpoint

    return Endpoint(settings, {})


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
