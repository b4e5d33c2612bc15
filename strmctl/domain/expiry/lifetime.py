"""How long links live whose URLs tell only when they were made: learned from those that died."""

from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import urlsplit

FEWEST = 10
"""Deaths that have to be seen before anything is foreseen."""

_PERCENTILE = 0.05


def learned(seconds: Sequence[float]) -> timedelta | None:
    """The 5th percentile of what was observed: nearly all links live at least that long."""
    if len(seconds) < FEWEST:
        return None
    return timedelta(seconds=sorted(seconds)[int(len(seconds) * _PERCENTILE)])


def family(url: str) -> str | None:
    """Whose links live alike: `il266m.cdn.example` and its siblings are `cdn.example`.

    None for what names no host.
    """
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return None
    labels = host.rstrip(".").split(".")
    # Hosters number their edges: the first label says the edge, not the signer.
    is_name = len(labels) > 2 and not labels[-1].isdigit()
    return (".".join(labels[1:]) if is_name else host) or None
