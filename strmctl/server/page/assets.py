"""The style sheet, the scripts and the icon, under an address that changes when they do.

`hls.min.mjs` is that of hls.js 1.7.4 (Apache-2.0, hls.LICENSE beside it), as npm has it.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_FOR_GOOD = "public, max-age=31536000, immutable"

_FILES: Mapping[str, bytes] = {
    file.name: file.read_bytes()
    for file in sorted((Path(__file__).parent / "static").iterdir())
    if file.suffix in _TYPES
}

ADDRESS = f"static/{hashlib.sha256(b''.join(_FILES.values())).hexdigest()[:12]}"
"""Relative to every page; caches may keep what lies there for good."""


async def asset(request: Request) -> Response:
    """Another version's address brings the files of this one, which nobody keeps."""
    name = request.path_params["name"]
    if name not in _FILES:
        raise HTTPException(404)
    is_current = f"static/{request.path_params['version']}" == ADDRESS
    return Response(
        _FILES[name],
        media_type=_TYPES[Path(name).suffix],
        headers={"Cache-Control": _FOR_GOOD if is_current else "no-cache"},
    )
