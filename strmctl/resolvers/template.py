"""`type = "template"`: the URL follows from the identity; nothing is asked."""

from strmctl.domain.mapping import Resolution
from strmctl.resolvers.contract import ResolveRequest
from strmctl.resolvers.options import Options
from strmctl.resolvers.url_template import UrlTemplate
from strmctl.settings.model import ResolverSettings


class TemplateResolver:
    """Options: `url`, a template, and `headers` that go with every request for it."""

    def __init__(self, settings: ResolverSettings) -> None:
        options = Options(settings)
        self._url = url_template(options)
        self._headers = options.fields("headers")
        options.done()

    async def resolve(self, request: ResolveRequest) -> Resolution:
        return Resolution(self._url.fill(request.identity), self._headers)

    async def aclose(self) -> None:
        return


def url_template(options: Options) -> UrlTemplate:
    text = options.text("url")
    try:
        return UrlTemplate(text)
    except ValueError as error:
        raise options.wrong("url", str(error)) from None
