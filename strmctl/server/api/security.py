"""Who sends a request is known before it is read; its size is bounded; no cache keeps answers."""

from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive

from strmctl.server.http.admission import COOKIE, Admission
from strmctl.server.http.answered import describe

SCHEMES: dict[str, Any] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "The token of `serve.admin_token`. Without that setting clients of this "
        "machine need none, and nobody else is let in.",
    },
    "basic": {
        "type": "http",
        "scheme": "basic",
        "description": "The token as the password, with any user name.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": "What the web page sets once the token was entered there.",
    },
}
REQUIRED: list[dict[str, list[str]]] = [{scheme: []} for scheme in SCHEMES]
OPEN: dict[str, Any] = {"security": []}
"""What the document says of an operation that anybody may ask."""

MAX_BODY = 2**20
LISTS = ("state", "id")
"""Query parameters that may be given several times."""
_Answer = Callable[[Request], Coroutine[Any, Any, Response]]


class OpenRoute(APIRoute):
    """Tells the log which operation it is, never with what it was asked for."""

    max_body = MAX_BODY
    """Bytes of a request's content; more is 413."""

    def get_route_handler(self) -> _Answer:
        answer = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            # The pattern of the path, since a query may hold a token.
            describe(request.scope, f"/api/v1{self.path}")
            await self.admit(request)
            _check_names(request)
            response = await answer(
                Request(request.scope, _bounded(request.receive, self.max_body))
            )
            # `reveal` shows upstream URLs, and a front may cache (RFC 9111 section 5.2.2.5).
            response.headers["Cache-Control"] = "no-store"
            return response

        return guarded

    async def admit(self, request: Request) -> None:
        """Raises NotAdmittedError."""


class AdmittedRoute(OpenRoute):
    async def admit(self, request: Request) -> None:
        admission: Admission = request.state.admission
        await admission.check(request)


# FastAPI takes the last of several values, and says nothing of the others.
def _check_names(request: Request) -> None:
    """Raises RequestValidationError for a parameter that is given twice and is no list."""
    times = Counter(name for name, _ in request.query_params.multi_items())
    more = [name for name, number in times.items() if number > 1 and name not in LISTS]
    if more:
        why: dict[str, object] = {"type": "value_error", "msg": "is given more than once"}
        raise RequestValidationError([why | {"loc": ("query", name)} for name in more])


def _bounded(receive: Receive, most: int) -> Receive:
    received = 0

    async def counted() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        # Counted, since chunked content has no Content-Length (RFC 9112 section 6.3).
        if received > most:
            raise HTTPException(413)
        return message

    return counted
