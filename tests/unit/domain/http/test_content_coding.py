"""A coded body comes out as it was, or is an error, however it is cut into pieces."""

import gzip
import zlib
from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from strmctl.domain.http.content_coding import PIECE, Decoder, DecodingError, applied, is_readable

Packer = Callable[[bytes], bytes]


def unwrapped(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def in_members(data: bytes) -> bytes:
    return gzip.compress(data[:7]) + gzip.compress(data[7:]) + bytes(20)


FORMS: dict[str, tuple[Sequence[str], Packer]] = {
    "gzip": (["gzip"], gzip.compress),
    "x-gzip": (["x-gzip"], gzip.compress),
    "members, then zeros": (["gzip"], in_members),
    "deflate": (["deflate"], zlib.compress),
    "deflate, unwrapped": (["deflate"], unwrapped),
    "gzip twice": (["gzip", "gzip"], lambda data: gzip.compress(gzip.compress(data))),
    "deflate in gzip": (["deflate", "gzip"], lambda data: gzip.compress(zlib.compress(data))),
}


def decoded(codings: Sequence[str], pieces: Sequence[bytes]) -> bytes:
    decoder = Decoder(codings)
    found = b"".join(out for piece in pieces for out in decoder.feed(piece))
    decoder.end()
    return found


@pytest.mark.parametrize("form", FORMS)
@given(data=st.binary(max_size=200), cuts=st.lists(st.integers(0, 300), max_size=5))
def test_every_way_to_cut_it_gives_the_same(form: str, data: bytes, cuts: list[int]) -> None:
    codings, pack = FORMS[form]
    packed = pack(data)
    ends = [0, *sorted(min(cut, len(packed)) for cut in cuts), len(packed)]
    pieces = [packed[first:end] for first, end in pairwise(ends)]
    assert decoded(codings, pieces) == data


@pytest.mark.parametrize("form", sorted(FORMS.keys() - {"members, then zeros"}))
@given(lost=st.integers(1, 60))
def test_what_ends_too_early_is_an_error(form: str, lost: int) -> None:
    codings, pack = FORMS[form]
    packed = pack(bytes(range(100)))
    with pytest.raises(DecodingError):
        decoded(codings, [packed[:-lost]])


@pytest.mark.parametrize(
    ("codings", "data"),
    [
        pytest.param(["gzip"], b"#EXTM3U\n", id="not coded"),
        pytest.param(["gzip"], zlib.compress(b"text"), id="the other one"),
        pytest.param(["gzip"], gzip.compress(b"text")[:-8] + bytes(8), id="a wrong checksum"),
        pytest.param(["gzip"], b"\x1f", id="a byte"),
        pytest.param(["gzip", "gzip"], gzip.compress(b"text"), id="once instead of twice"),
        pytest.param(["deflate"], b"\xff\xff\xff\xff", id="neither form of deflate"),
    ],
)
def test_what_is_coded_in_another_way_is_an_error(codings: Sequence[str], data: bytes) -> None:
    with pytest.raises(DecodingError):
        decoded(codings, [data])


def test_nothing_is_nothing() -> None:
    assert decoded(["gzip"], []) == decoded(["gzip"], [b""]) == b""


def test_a_bomb_comes_out_piece_by_piece() -> None:
    packed = gzip.compress(gzip.compress(bytes(50 * PIECE)))
    pieces = Decoder(["gzip", "gzip"]).feed(packed)
    assert [len(next(pieces)) for _ in range(3)] == [PIECE] * 3


@pytest.mark.parametrize(
    ("fields", "codings", "readable"),
    [
        pytest.param([], [], True, id="none"),
        pytest.param(["GZip"], ["gzip"], True, id="in capitals"),
        pytest.param(["identity, gzip"], ["gzip"], True, id="identity says nothing"),
        pytest.param(["gzip", "gzip"], ["gzip", "gzip"], True, id="two fields"),
        pytest.param(["utf-8"], [], True, id="a charset"),
        pytest.param(["aws-chunked,"], [], True, id="a word of S3"),
        pytest.param(["none"], [], True, id="none, in words"),
        pytest.param(["br"], ["br"], False, id="Brotli"),
        pytest.param(["zstd, gzip"], ["zstd", "gzip"], False, id="Zstandard below"),
        pytest.param(["gzip," * 4], ["gzip"] * 4, False, id="four layers"),
    ],
)
def test_what_the_fields_say(fields: list[str], codings: list[str], readable: bool) -> None:
    assert applied(fields) == codings
    assert is_readable(codings) is readable
