"""Media behind an image: some hosters glue a PNG, JPEG, GIF, BMP or WebP before the segment.

Nearly no player reads such segments, so what stands before the media is cut off.
"""

from collections.abc import Iterator

SEARCHED_BYTES = 64 * 1024

_TS_PACKET = 188
_TS_PACKETS_IN_A_ROW = 4
# Only ffmpeg 9 reads on behind these (HLS.md, rule 3).
_IMAGES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"BM")
_RIFF, _WEBP = b"RIFF", b"WEBP"
SHOWN_BY = 12
"""Bytes that show every kind of image."""

_JPEG_MARKERS = tuple(bytes([marker]) for marker in (*range(0xE0, 0xF0), 0xDB, 0xC4, 0xFE))
_PNG_END = b"IEND\xaeB`\x82"
_BOXES = (b"ftyp", b"styp", b"moof", b"sidx")


def looks_disguised(head: bytes) -> bool:
    """Whether the first bytes (SHOWN_BY are enough) are those of an image."""
    return head.startswith(_IMAGES) or _is_webp(head)


def is_image(head: bytes) -> bool:
    """As `looks_disguised`, but so surely that no encrypted segment is taken for an image."""
    if head[:2] == b"BM":
        return len(head) > 10 and head[6:10] == bytes(4)  # Two reserved fields, zero.
    if head[:3] == b"\xff\xd8\xff":
        return head[3:4] in _JPEG_MARKERS
    return head.startswith(_IMAGES) or _is_webp(head)


def may_be_disguised(head: bytes) -> bool:
    """Whether more bytes could still make an image of what begins with `head`."""
    may_be_webp = len(head) < SHOWN_BY and _RIFF.startswith(head[:4])
    return may_be_webp or any(image.startswith(head) for image in _IMAGES)


def media_offset(head: bytes) -> int:
    """Where the media begins in the first SEARCHED_BYTES of a disguised segment.

    0 where none is found: then it may be a real image.
    """
    if not looks_disguised(head):
        return 0
    for offset in _sync_bytes(head):
        if _is_transport_stream(head, offset):
            return offset
    end_of_png = head.find(_PNG_END)
    if end_of_png >= 0:
        # What follows may be encrypted and show no structure, but it follows.
        offset = end_of_png + len(_PNG_END)
        return offset if offset < len(head) else 0
    return _first_box(head)


def _is_webp(head: bytes) -> bool:
    # A WAV or AVI file is a RIFF too, and media.
    return head[:4] == _RIFF and head[8:SHOWN_BY] == _WEBP


def _sync_bytes(head: bytes) -> Iterator[int]:
    offset = head.find(b"G")
    while offset >= 0:
        yield offset
        offset = head.find(b"G", offset + 1)


def _is_transport_stream(head: bytes, offset: int) -> bool:
    """Sync bytes at every packet (ISO/IEC 13818-1 section 2.4.3.2), as far as bytes are there."""
    places = range(offset, min(len(head), offset + _TS_PACKETS_IN_A_ROW * _TS_PACKET), _TS_PACKET)
    return len(places) >= 2 and all(head[place] == 0x47 for place in places)


def _first_box(head: bytes) -> int:
    found = [place - 4 for box in _BOXES if (place := head.find(box)) >= 4]
    return min(found, default=0)
