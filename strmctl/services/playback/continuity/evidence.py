"""Samples of what players have been sent, enough to see later whether other content is the same.

Beside them the keys and init sections whose bytes a name stands for: these are right for as long
as the name is used.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from strmctl.discreet import Discreet
from strmctl.domain.hls.listed import Resource
from strmctl.newest import Newest

SAMPLE_BYTES = 1024
_KEPT = 8
"""Samples of a rendition: the segments that were sent last."""

_PRELUDES = 16
"""Keys and init sections of a title."""


class Sample(NamedTuple):
    """`total` bytes (None where unknown), and a digest of the first `size` of them."""

    total: int | None
    size: int
    digest: bytes

    @classmethod
    def of(cls, head: bytes, total: int | None) -> "Sample":
        head = head[:SAMPLE_BYTES]
        return cls(total, len(head), hashlib.blake2b(head, digest_size=16).digest())

    def is_like(self, other: "Sample") -> bool:
        """Whether nothing tells the two apart. An unknown length tells nothing."""
        same_length = None in (self.total, other.total) or self.total == other.total
        return same_length and (self.size, self.digest) == (other.size, other.digest)


class Witness:
    """Listens to a body from its first byte on, and keeps a sample once it has heard enough."""

    def __init__(self, total: int | None, keep: Callable[[Sample], None]) -> None:
        self._total = total
        self._keep = keep
        self._head = b""
        self._is_heard = False

    @property
    def needs_more(self) -> bool:
        return not self._is_heard

    def hear(self, chunk: bytes) -> None:
        if self._is_heard:
            return
        self._head += chunk[: SAMPLE_BYTES - len(self._head)]
        if len(self._head) == SAMPLE_BYTES or len(self._head) == self._total:
            self._is_heard = True
            self._keep(Sample.of(self._head, self._total))
            self._head = b""

    def close(self) -> None:
        self._head = b""


class Prelude(Discreet, frozen=True):
    """All bytes of a key or init section, and the response fields that came along."""

    hidden = ("resource", "data")

    resource: Resource
    fields: Mapping[str, str]
    data: bytes


class NamedPreludes:
    """By rendition, by the part of an address that names their bytes, and by their name.

    The oldest are forgotten.
    """

    def __init__(self) -> None:
        self._known: Newest[tuple[str, str, str], Prelude] = Newest(_PRELUDES)

    def put(self, rendition: str, preludes: str, name: str, known: Prelude) -> None:
        self._known.put((rendition, preludes, name), known)

    def find(self, rendition: str, preludes: str, name: str) -> Prelude | None:
        return self._known.get((rendition, preludes, name))


class Evidence:
    """Samples of what was sent last, by rendition and name."""

    def __init__(self) -> None:
        self.preludes = NamedPreludes()
        self.missed_at: dict[str, float] = {}
        """When no upstream had what a sample was to be compared with, by rendition (monotonic)."""
        self._samples: dict[str, Newest[str, Sample]] = {}

    def witness(self, rendition: str, name: str, total: int | None) -> Witness:
        def keep(sample: Sample) -> None:
            self._samples.setdefault(rendition, Newest(_KEPT)).put(name, sample)

        return Witness(total, keep)

    def latest(self, rendition: str) -> Iterator[tuple[str, Sample]]:
        """The newest first."""
        return reversed(list(self._samples.get(rendition, {}).items()))

    def has_any(self, rendition: str) -> bool:
        return bool(self._samples.get(rendition))

    def forget(self, rendition: str) -> None:
        self._samples.pop(rendition, None)
