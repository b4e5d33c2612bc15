"""The token of serve.admin_token once, then a cookie that no other site can use or read, until
signing out ends its session on the server.
"""

from starlette.requests import Request
from starlette.responses import Response

from strmctl.server.http.admission import COOKIE, Admission
from strmctl.server.page.answering import form_of, seen
from strmctl.server.page.rendering import fragment
from strmctl.services.sessions import Sessions


async def form(request: Request) -> Response:
    return await fragment(
        "login.html", is_wrong=False, is_needed=bool(request.state.admission.token)
    )


async def sign_in(request: Request) -> Response:
    admission: Admission = request.state.admission
    admission.refuse_other_sites(request)
    given = (await form_of(request)).get("token", [""])[0]
    if not admission.is_token(given.strip()):
        await admission.slow_down(request)
        return await fragment(
            "login.html", status=403, is_wrong=True, is_needed=bool(admission.token)
        )
    sessions: Sessions = request.state.sessions
    response = seen("./")
    _set_cookie(request, response, await sessions.begin())
    return response


async def sign_out(request: Request) -> Response:
    sessions: Sessions = request.state.sessions
    if session := request.cookies.get(COOKIE):
        await sessions.end(session)
    response = seen("login")
    _set_cookie(request, response, "", max_age=0)
    return response


def _set_cookie(
    request: Request, response: Response, value: str, max_age: int | None = None
) -> None:
    """For the folder that the browser sees the form in (RFC 6265 section 5.1.4), whatever a front
    makes of its path, and for https alone unless this very form came without."""
    is_public_https = request.state.settings.proxy.public_base_url.startswith("https:")
    response.set_cookie(
        COOKIE,
        value,
        max_age=max_age,
        path=None,
        secure=is_public_https and not request.headers.get("origin", "").startswith("http:"),
        httponly=True,
        # Another site's form or image comes without the cookie.
        samesite="strict",
    )
