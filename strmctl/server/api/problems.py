"""Every error is a problem (RFC 9457), and the document names each that an operation can answer."""

import logging
from collections.abc import Sequence
from functools import partial
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from pydantic_core import PydanticSerializationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Match, Route

from strmctl.errors import LockedError, StrmctlError
from strmctl.server.http.admission import NotAdmittedError
from strmctl.server.media.responses import problem, problem_of

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
SCHEMA: dict[str, Any] = {
    "title": "Problem",
    "description": "Problem details (RFC 9457).",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string", "description": "The status in words."},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "What is wrong, where, and what to do."},
        "errors": {
            "type": "array",
            "description": "With 422: each part of the request that does not fit this document.",
            "items": {
                "type": "object",
                "required": ["where", "detail"],
                "properties": {
                    "where": {"type": "array", "items": {"type": ["string", "integer"]}},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}
_MEANINGS = {
    400: "It fits this document, but means nothing that strmctl could do.",
    401: "No token, or not the one of `serve.admin_token`.",
    403: "Without `serve.admin_token`: not a client of this machine. Or another site's page.",
    404: "There is no such thing.",
    409: "Something is in the way: another file, another run, or a safety limit.",
    413: "The body is larger than 1 MiB, that of a webhook larger than 16 MiB.",
    429: "Too many jobs are under way.",
    422: "It does not fit this document.",
    500: "A setting is wrong, or strmctl is.",
    502: "The resolver or the upstream gave no usable answer, or a file cannot be written.",
    503: "The database cannot be used, the resolver says `later`, or the server is being stopped.",
    504: "The resolver took too long.",
}
_ALWAYS = (401, 403, 422, 500, 503)
_LOCKED_SECONDS = 5.0
_UNREADABLE = "the content cannot be read: send JSON in UTF-8, without a Content-Encoding"
_NOT_SENT_AS_JSON = "body: send it with `Content-Type: application/json`"


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What an operation can answer besides what it is for; some statuses every one can."""
    return {status: documented(status) for status in sorted({*_ALWAYS, *statuses})}


# RFC 9110 section 11.6.1: a 401 names a challenge.
def documented(status: int) -> dict[str, Any]:
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    response: dict[str, Any] = {"description": _MEANINGS[status], "content": content}
    if status == HTTPStatus.UNAUTHORIZED:
        response["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}}}
    return response


def answer_with_problems(app: FastAPI, routes: Sequence[BaseRoute]) -> None:
    """`routes` are those of all operations."""
    app.add_exception_handler(StrmctlError, _failed)
    app.add_exception_handler(RequestValidationError, _does_not_fit)
    app.add_exception_handler(HTTPException, partial(_refused, routes))
    app.add_exception_handler(UnicodeEncodeError, _no_text)
    app.add_exception_handler(PydanticSerializationError, _no_text)
    # Starlette raises the defect again behind this answer, for whoever logs it.
    app.add_exception_handler(Exception, _unexpected)


async def _no_text(request: Request, error: Exception) -> Response:
    """JSON can write half of a surrogate pair (RFC 8259 section 8.2), which nothing can store."""
    if "surrogates" not in str(error):
        log.error("unexpected %s", type(error).__name__, exc_info=error)
        return await _unexpected(request, error)
    return problem(422, "the content holds half of a surrogate pair, which is no text")


async def _failed(request: Request, error: Exception) -> Response:
    assert isinstance(error, StrmctlError)
    if isinstance(error, NotAdmittedError) and error.is_guess:
        await request.state.admission.slow_down(request)
    if error.http_status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.warning("%s", error)
    if isinstance(error, LockedError):
        # The lock's holder will end: say when to come again (RFC 9110 section 10.2.3).
        return problem(error.http_status, str(error), retry_after=_LOCKED_SECONDS)
    answer = problem_of(error)
    if isinstance(error, NotAdmittedError) and error.http_status == HTTPStatus.UNAUTHORIZED:
        # RFC 9110 section 11.6.1: a 401 sends a challenge.
        answer.headers["WWW-Authenticate"] = 'Bearer realm="strmctl"'
    return answer


def reasons(error: ValidationError | RequestValidationError) -> str:
    """Where and why, never with what was sent: that may hold a token."""
    return "; ".join(f"{'.'.join(map(str, it['loc']))}: {it['msg']}" for it in error.errors())


async def _does_not_fit(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    errors = [{"where": list(it["loc"]), "detail": it["msg"]} for it in error.errors()]
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    body = {
        # RFC 9457 section 4.2.1: the status says it all, and the title is its phrase.
        "type": "about:blank",
        "title": status.phrase,
        "status": status,
        "detail": _NOT_SENT_AS_JSON if _is_of_another_type(request, error) else reasons(error),
        "errors": errors,
    }
    return JSONResponse(body, status, {"Cache-Control": "no-store"}, media_type=MEDIA_TYPE)


def _is_of_another_type(request: Request, error: RequestValidationError) -> bool:
    """FastAPI hands such content on as bytes, and then says that it is no dictionary."""
    is_read_as_bytes = any(isinstance(it.get("input"), bytes) for it in error.errors())
    return is_read_as_bytes and "json" not in request.headers.get("Content-Type", "")


async def _refused(routes: Sequence[BaseRoute], request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    # FastAPI raises 400 for content that is no JSON; the status's own words blame the method.
    detail = _UNREADABLE if status == HTTPStatus.BAD_REQUEST else status.description
    answer = problem(status, detail or error.detail)
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        # RFC 9110 section 15.5.6: a 405 says what is allowed.
        answer.headers["Allow"] = ", ".join(sorted(_methods(routes, request)))
    return answer


def _methods(routes: Sequence[BaseRoute], request: Request) -> set[str]:
    """Of every operation at this path: each is a route of its own."""
    return {
        method
        for route in routes
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE
        for method in route.methods or ()
    }


async def _unexpected(_request: Request, error: Exception) -> Response:
    return problem(500, f"unexpected {type(error).__name__}: see the server's log")
