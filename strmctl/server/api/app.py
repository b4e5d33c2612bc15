"""The application below /api/v1; its document is made from the operations themselves."""

from typing import Any
from urllib.parse import quote

from fastapi import FastAPI
from fastapi.routing import APIRoute

from strmctl import __version__
from strmctl.server.api import (
    arr,
    health,
    history,
    jobs,
    mappings,
    problems,
    reference,
    resolutions,
    security,
)

_DESCRIPTION = (
    "The library, and the runs that keep it alive. Every error is a problem (RFC 9457). "
    "No upstream URL is told without `reveal`."
)


class Api(FastAPI):
    def openapi(self) -> dict[str, Any]:
        document = super().openapi()
        components = document["components"]
        components["schemas"]["Problem"] = problems.SCHEMA
        components["securitySchemes"] = security.SCHEMES
        document["security"] = security.REQUIRED
        # A word of OpenAPI 3.2 that FastAPI puts into a document of 3.1.
        followed = document["paths"]["/jobs/{job_id}/events"]["get"]["responses"]["200"]
        followed["content"]["text/event-stream"].pop("itemSchema", None)
        return document


def create_api(prefix: str) -> FastAPI:
    """`prefix` is the path of the base URL, below which it is served as well, decoded."""
    app = Api(
        title="strmctl",
        version=__version__,
        description=_DESCRIPTION,
        servers=[{"url": f"{quote(prefix)}/api/v1"}],
        root_path_in_servers=False,
        docs_url=None,
        redoc_url=None,
        # A redirect is built from Host, which a front may have replaced.
        redirect_slashes=False,
        generate_unique_id_function=_operation_id,
    )
    routers = [module.router for module in (mappings, resolutions, jobs, history, arr, health)]
    for router in routers:
        app.include_router(router)
    operations = [route for router in routers for route in router.routes]
    for route in app.routes:
        if isinstance(route, APIRoute):
            _say_what_it_does(route)
    app.router.routes.extend(reference.ROUTES)
    problems.answer_with_problems(app, [*app.routes, *operations])
    return app


def _say_what_it_does(route: APIRoute) -> None:
    """The first paragraph of its description is its summary: a sentence, not a function's name."""
    summary, _, rest = route.description.partition("\n\n")
    route.summary, route.description = " ".join(summary.split()), rest


def _operation_id(route: APIRoute) -> str:
    return route.name
