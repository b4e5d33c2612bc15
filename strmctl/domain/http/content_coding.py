"""Takes off the content codings of a body that comes coded though nobody asked (RFC 9110 8.4).

A body is right as a whole or an error: one that ends before its coding does is cut off.
"""

import zlib
from collections.abc import Iterator, Sequence

PIECE = 256 * 1024
"""Bytes that come out in one go, however little went in."""

MOST_LAYERS = 3
"""Each of them may make a thousand bytes of one."""

_GZIP = frozenset({"gzip", "x-gzip"})  # RFC 9110 section 8.4.1.3: they are the same.
_INFLATED = _GZIP | {"deflate"}
_OTHERS = frozenset({"br", "zstd", "compress", "x-compress", "dcb", "dcz", "exi", "pack200-gzip"})
_MEMBER = b"\x1f"


class DecodingError(ValueError):
    """The body is not coded as its fields say, or not to its end."""


def applied(fields: Sequence[str]) -> list[str]:
    """The codings in the order in which they were put on.

    Upstreams write other words too ("utf-8", "none", "aws-chunked"): those say nothing.
    """
    names = (name.strip().lower() for value in fields for name in value.split(","))
    return [name for name in names if name in _INFLATED | _OTHERS]


def is_readable(codings: Sequence[str]) -> bool:
    return len(codings) <= MOST_LAYERS and _INFLATED.issuperset(codings)


class Decoder:
    """Of readable codings. What raises DecodingError is of no use any more."""

    def __init__(self, codings: Sequence[str]) -> None:
        self._layers = [_Layer(coding in _GZIP) for coding in reversed(codings)]

    def feed(self, data: bytes) -> Iterator[bytes]:
        """What can be read of it by now, piece by piece; raises DecodingError."""
        pieces = iter([data])
        for layer in self._layers:
            pieces = layer.feed(pieces)
        return pieces

    def end(self) -> None:
        """Nothing more comes. Raises DecodingError where there should be more."""
        if any(layer.is_open for layer in self._layers):
            raise DecodingError("it ends too early")


class _Layer:
    def __init__(self, is_gzip: bool) -> None:
        self._is_gzip = is_gzip
        self._begun = b""
        self._inflater: zlib._Decompress | None = None
        self._is_followed = self._is_over = False

    @property
    def is_open(self) -> bool:
        return self._inflater is not None or self._begun != b""

    def feed(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            data = self._begun + piece
            self._begun = b""
            while data and not self._ends_before(data):
                if self._inflater is None and len(data) < 2:
                    self._begun = data
                    break
                self._inflater = self._inflater or zlib.decompressobj(self._form(data))
                yield from self._inflated(self._inflater, data)
                data = self._behind(self._inflater)

    def _ends_before(self, data: bytes) -> bool:
        """Members may follow one another (RFC 1952 section 2.2), and zeros fill up a block."""
        may_end = self._is_followed and self._inflater is None
        if may_end and not (self._is_gzip and data[:1] == _MEMBER):
            self._is_over = True
        return self._is_over

    def _form(self, data: bytes) -> int:
        if self._is_gzip:
            return 31
        # Many servers send "deflate" without the wrapper of RFC 1950 section 2.2.
        is_wrapped = data[0] & 0x0F == 8 and int.from_bytes(data[:2]) % 31 == 0
        return 15 if is_wrapped else -15

    def _inflated(self, inflater: "zlib._Decompress", data: bytes) -> Iterator[bytes]:
        size = PIECE
        while size == PIECE:
            try:
                out = inflater.decompress(data, PIECE)
            except zlib.error as error:
                raise DecodingError("it is coded in another way") from error
            data, size = inflater.unconsumed_tail, len(out)
            if out:
                yield out

    def _behind(self, inflater: "zlib._Decompress") -> bytes:
        """What follows the end of what was coded as one."""
        if not inflater.eof:
            return b""
        self._inflater, self._is_followed = None, True
        return inflater.unused_data
