"""The ways in which a resolver says no; the messages name the episode, never a URL."""

import math
import re
import unicodedata

from strmctl.errors import ResolverError
from strmctl.resolvers.contract import ResolveRequest

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")
_QUERY = re.compile(r"\?\S*=\S*")
_LONGEST = 200


def no_such_episode(request: ResolveRequest) -> ResolverError:
    return ResolverError(f"no such episode: {request.identity}", http_status=404)


def not_in_this_language(request: ResolveRequest, available: object) -> ResolverError:
    names = [str(name) for name in available] if isinstance(available, list) else []
    others = f": there is {', '.join(names)}" if names else ""
    return ResolverError(
        one_line(f"not in {request.identity.language}{others}: {request.identity}"),
        http_status=404,
    )


def later(retry_after: float | None, why: str = "") -> ResolverError:
    when = "" if retry_after is None else f", in {math.ceil(retry_after):,} s"
    message = f"asks to come back later{when}" + (f": {why}" if why else "")
    return ResolverError(message, http_status=503, retry_after=retry_after)


def one_line(text: str) -> str:
    """Foreign text for a message: its URLs and queries hidden, printable, short."""
    hidden = _QUERY.sub("?…", _URL.sub("<url>", " ".join(text.split())))
    plain = "".join(char for char in hidden if unicodedata.category(char)[0] != "C")
    return plain if len(plain) <= _LONGEST else f"{plain[:_LONGEST]}…"
