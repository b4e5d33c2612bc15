"""The OpenAPI document in a browser, by files of this package: nothing is loaded from elsewhere.

`swagger/` is swagger-ui-dist 5.35.0 (Apache-2.0, LICENSE beside it) without its source maps.
"""

from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

_FILES = Path(__file__).parent / "swagger"
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
_FIELDS = {
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            # React sets styles of elements, which is no script.
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data:",
            "connect-src 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    # What a browser keeps is asked for again with its ETag after an upgrade.
    "Cache-Control": "no-cache",
}


async def _reference(request: Request) -> Response:
    name = request.path_params.get("name", "index.html")
    file = _FILES / name
    # Only names in the folder: Path.is_file raises for one that is too long.
    if file.suffix not in _TYPES or file not in _FILES.iterdir():
        raise HTTPException(404)
    return FileResponse(file, headers=_FIELDS, media_type=f"{_TYPES[file.suffix]}; charset=utf-8")


ROUTES = [Route("/docs", _reference), Route("/docs/{name}", _reference)]
"""Open to everybody, as the document itself is: neither holds anything of the library."""
