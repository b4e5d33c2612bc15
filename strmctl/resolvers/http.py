"""`type = "http"`: the request as a POST of JSON, the status tells the kind of answer."""

import json

from strmctl.domain.mapping import Resolution
from strmctl.resolvers import failures
from strmctl.resolvers.answer import read_answer
from strmctl.resolvers.contract import ResolveRequest
from strmctl.resolvers.endpoint import Answer, Endpoint, endpoint_url
from strmctl.resolvers.options import Options
from strmctl.settings.model import ResolverSettings


class HttpResolver:
    """Options: `url`, and `headers` for a token; `egress` is the proxy that is asked through.

    The operator's own endpoint, so it may be on this machine. Redirects are not followed.
    """

    def __init__(self, settings: ResolverSettings) -> None:
        options = Options(settings)
        self._url = endpoint_url(options, options.text("url"))
        headers = options.fields("headers")
        self._endpoint = Endpoint(settings, headers)

    async def resolve(self, request: ResolveRequest) -> Resolution:
        return _judge(request, await self._endpoint.ask("POST", self._url, request.record()))

    async def aclose(self) -> None:
        await self._endpoint.aclose()


def _judge(request: ResolveRequest, answer: Answer) -> Resolution:
    match answer.status:
        case 200:
            return read_answer(answer.body)
        case 404:
            raise failures.no_such_episode(request)
        case 409:
            raise failures.not_in_this_language(request, _available(answer.body))
        case _:
            raise answer.failure()


def _available(body: bytes) -> object:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return answer.get("available") if isinstance(answer, dict) else None
