"""Segments behind image headers: the media is found, and nothing is cut off real images."""

import pytest
from hypothesis import given, strategies as st

from strmctl.domain.media.disguise import looks_disguised, media_offset

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR" + bytes(17) + b"\x00\x00\x00\x00IEND\xaeB`\x82"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(60) + b"\xff\xd9"
GIF = b"GIF89a" + bytes(40) + b";"
BMP = b"BM" + bytes(56)
WEBP = b"RIFF" + (60).to_bytes(4, "little") + b"WEBPVP8 " + bytes(52)
TS = b"".join(b"G" + bytes([number]) * 187 for number in range(10))
FMP4 = b"\x00\x00\x00\x18stypmsdh" + bytes(12) + b"\x00\x00\x00\x10moof" + bytes(8)
ENCRYPTED = bytes(range(1, 255)) * 3


@pytest.mark.parametrize(
    ("image", "media"),
    [
        pytest.param(image, media, id=f"{name}-{kind}")
        for name, image in {"png": PNG, "jpeg": JPEG, "gif": GIF, "bmp": BMP, "webp": WEBP}.items()
        for kind, media in {"ts": TS, "fmp4": FMP4}.items()
    ]
    + [pytest.param(PNG, ENCRYPTED, id="png-encrypted")],
)
def test_the_media_is_found(image: bytes, media: bytes) -> None:
    assert media_offset(image + media) == len(image)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(TS, id="ts"),
        pytest.param(FMP4, id="fmp4"),
        pytest.param(PNG, id="a-real-png"),
        pytest.param(JPEG, id="a-real-jpeg"),
        pytest.param(WEBP, id="a-real-webp"),
        pytest.param(WEBP.replace(b"WEBP", b"WAVE") + TS, id="a-wav-file"),
        pytest.param(b"", id="empty"),
        pytest.param(b"WEBVTT\n", id="webvtt"),
    ],
)
def test_what_is_not_disguised_stays(body: bytes) -> None:
    assert media_offset(body) == 0


@given(st.binary(max_size=400))
def test_a_sync_byte_in_the_image_does_not_mislead(noise: bytes) -> None:
    image = BMP + noise.replace(b"G", b"H")
    assert looks_disguised(image)
    assert media_offset(image + b"G" * 3 + b"\x01" * 200 + TS) == len(image) + 203
