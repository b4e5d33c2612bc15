"""Every answer of the page: for whom it is, what errors become, what browsers may do with it."""

from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import parse_qs

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from strmctl.errors import StrmctlError, UsageError
from strmctl.server.http.admission import NotAdmittedError
from strmctl.server.http.answered import describe
from strmctl.server.page.assets import ADDRESS
from strmctl.server.page.rendering import fragment, shown

View = Callable[[Request], Awaitable[Response]]
Form = dict[str, list[str]]

_LONGEST_FORM = 64 * 1024
# A fixed list: a link that somebody was sent must not put words on the page.
_DONE = ("added", "changed", "muted", "removed", "as it was")

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        # blob: is what hls.js hands to the element; no script comes from one.
        "media-src 'self' blob:",
        "form-action 'self'",
        "base-uri 'none'",
        # Another site could lay this page under its own buttons.
        "frame-ancestors 'none'",
    )
)
# same-origin, not no-referrer: with that, browsers say `Origin: null` when they send a form.
FIELDS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def page(
    path: str, view: View, methods: Sequence[str] = ("GET",), *, is_open: bool = False
) -> Route:
    """`is_open`: who is not admitted may see it, since it lets people in."""

    async def answer(request: Request) -> Response:
        describe(request.scope, f"page {path}")
        try:
            if not is_open:
                await request.state.admission.check(request)
            response = await view(request)
        except StrmctlError as error:
            response = await _refusal(request, error)
        for name, value in FIELDS.items():
            response.headers.setdefault(name, value)
        return response

    return Route(path, answer, methods=methods)


# Only of a page that is read: what a form sent would be lost on the way.
async def _refusal(request: Request, error: StrmctlError) -> Response:
    if not isinstance(error, NotAdmittedError):
        return await shown(request, "message.html", status=error.http_status, message=str(error))
    if error.http_status == 401 and request.method in ("GET", "HEAD"):
        return seen("login")
    return await fragment("refused.html", status=error.http_status, message=str(error))


async def unknown(scope: Scope, receive: Receive, send: Send) -> None:
    """A page for browsers, a problem for whoever does not ask for HTML."""
    request = Request(scope, receive)
    path = scope["path"].removeprefix(scope.get("root_path", "")).removeprefix("/")
    is_read = request.method in ("GET", "HEAD")
    # What lies beside the players' paths is asked for by players, whatever they accept.
    is_for_people = "text/html" in request.headers.get("accept", "") and path[:5] != "strm/"
    if not (is_read and is_for_people):
        raise HTTPException(404)
    # It may lie deeper than all pages, whose addresses are relative.
    root = "../" * path.count("/") or "./"
    response = await fragment("unknown.html", status=404, root=root, static=f"{root}{ADDRESS}")
    response.headers.update(FIELDS)
    await response(scope, receive, send)


def seen(address: str) -> Response:
    """To another page, which is asked for by GET."""
    # 303 is GET whatever came before (RFC 9110 section 15.4.4), so a reload sends nothing twice.
    return RedirectResponse(address, 303)


async def form_of(request: Request) -> Form:
    """Raises UsageError for what no form of the page sends."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        # Signing in is open to all, so anybody can send a form.
        if len(body) > _LONGEST_FORM:
            raise UsageError("the form is too long")
    try:
        return parse_qs(body.decode(), max_num_fields=1000, errors="strict", keep_blank_values=True)
    except ValueError:
        raise UsageError("the form cannot be read") from None


def done_of(request: Request) -> str | None:
    """What a form has just done, for the page it leads to; another word is none."""
    word = request.query_params.get("done", "")
    return word if word in _DONE else None


def whole(texts: Sequence[str], name: str) -> int | None:
    """The number of a parameter, None where it is not given; raises UsageError for another text."""
    text = texts[0] if texts else ""
    if not text:
        return None
    # isdecimal() takes Arabic digits too, and SQLite's integers end at 19 places.
    if not (text.removeprefix("-").isdecimal() and text.isascii() and len(text) <= 18):
        raise UsageError(f"{name} is no number")
    return int(text)
