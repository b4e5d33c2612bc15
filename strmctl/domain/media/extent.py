"""How much there was of a film says whether a short clip has taken its place.

Hosters answer 200 with a clip ("this video was removed") where a film was. Copies of one film
differ in size by quality, so only what no quality explains is other content.
"""

from msgspec import structs

from strmctl.discreet import Discreet

# A film that is encoded again in its place may well be a tenth of what it was; another link may
# bring another quality.
_SAME_LINK, _OTHER_LINK = 20, 50
_SHORTER = 4
# Bytes a second: below this not even speech fits, above it no player's line.
_SLOWEST, _FASTEST = 2_000, 12_500_000


class Extent(Discreet, frozen=True):
    """`bytes` of a plain file, `seconds` of a finished playlist, 0 where it lists nothing; `link`
    stands for its URL."""

    hidden = ("link",)

    bytes: int | None = None
    seconds: float | None = None
    link: str = ""

    @classmethod
    def at(cls, url: str, *, bytes: int | None = None, seconds: float | None = None) -> "Extent":
        return cls(bytes or None, seconds, url_sha256(url)[:16])

    @property
    def is_known(self) -> bool:
        """Whether it is worth remembering."""
        return self.bytes is not None or bool(self.seconds)


def url_sha256(url: str) -> str:
    """What stands for a URL wherever its secrets must not be."""
    import hashlib  # OpenSSL is not for a command that only looks.

    return hashlib.sha256(url.encode("utf-8", "surrogatepass")).hexdigest()


def other_content(known: Extent | None, now: Extent) -> str | None:
    """What is there now, where that cannot be what was known; None where it may be."""
    if known is None:
        return None
    if known.bytes and now.bytes:
        ratio = _SAME_LINK if known.link == now.link else _OTHER_LINK
        is_other, there = now.bytes * ratio < known.bytes, _size(known.bytes)
    elif known.seconds and now.seconds is not None:
        is_other, there = now.seconds * _SHORTER < known.seconds, _duration(known.seconds)
    elif known.seconds and now.bytes:
        is_other, there = now.bytes < known.seconds * _SLOWEST, _duration(known.seconds)
    elif known.bytes and now.seconds is not None:
        is_other, there = now.seconds * _FASTEST < known.bytes, _size(known.bytes)
    else:
        return None
    here = _size(now.bytes) if now.bytes else _duration(now.seconds or 0.0)
    return f"{here} where there were {there}" if is_other else None


def learned(known: Extent | None, now: Extent) -> Extent:
    """What is known from now on, once `now` was seen to be no other content."""
    if known is None or known.link != now.link:
        return now
    return structs.replace(
        now, bytes=now.bytes or known.bytes, seconds=now.seconds or known.seconds
    )


def _size(count: int) -> str:
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count} bytes"


def _duration(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 120 else f"{seconds:.3g} s"
