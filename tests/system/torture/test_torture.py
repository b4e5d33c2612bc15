"""Under the worst upstream players decode every frame and every byte is the original's.

The resolver is called once for each expiry, however many watch and whatever is refused.
"""

import asyncio
import hashlib
import random
import time
from pathlib import Path

import httpx
import pytest

from stage.media import FORMS, Media, sha256
from stage.players import PLAYERS, assert_whole
from stage.walk import walk
from system.torture.origin import TOKEN_SECONDS
from system.torture.rack import Ordeal, Rack

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

VIEWERS = 20
LONG_ENOUGH = 2.5 * TOKEN_SECONDS
FILE_BYTES = 200_000_000
BY_CHANCE = 1
"""Five refusals in a row look like an expiry: among 1,000 requests in one run of a hundred."""

TELLS_EXPIRY = pytest.mark.parametrize(
    "tells_expiry", [True, False], ids=["known expiry", "unknown expiry"]
)


def has_met_several_expiries(ordeal: Ordeal, since: float) -> bool:
    return time.monotonic() - since > LONG_ENOUGH and len(ordeal.resolved_at) > 2


def assert_resolved_once_an_expiry(ordeal: Ordeal, rack: Rack) -> None:
    assert len(ordeal.resolved_at) > 2, "the play has met several expiries"
    assert ordeal.needless_resolves() <= BY_CHANCE, rack.log()


@TELLS_EXPIRY
@pytest.mark.parametrize(
    ("form", "at_once"), [pytest.param("ts", 2, id="ts"), pytest.param("aes128", 1, id="aes128")]
)
def test_ffmpeg_decodes_every_frame(
    form: str, at_once: int, tells_expiry: bool, rack: Rack
) -> None:
    """ffmpeg asks for the next segment while it reads one that is not encrypted."""
    ordeal = rack.ordeal(FORMS[form], pace=50_000 / at_once, tells_expiry=tells_expiry)
    assert_whole(PLAYERS["ffmpeg-debian"](ordeal.playback_url, 0))
    assert_resolved_once_an_expiry(ordeal, rack)


@pytest.mark.parametrize("form", ["aes128", "groups", "fmp4", "ranges-ts", "ranges-fmp4"])
def test_every_file_is_the_original(form: str, rack: Rack, media: Media) -> None:
    ordeal = rack.ordeal(FORMS[form])
    started = time.monotonic()
    with httpx.Client(trust_env=False, verify=False, timeout=30) as client:
        while not has_met_several_expiries(ordeal, started):
            for step in walk(client, ordeal.playback_url, media, ordeal.path):
                assert step.response.status_code == 200, rack.log()
                if not step.is_playlist:
                    assert sha256(step.response.content) == sha256(step.upstream)
    assert_resolved_once_an_expiry(ordeal, rack)


def test_a_long_file_is_the_original(rack: Rack, media: Media, tmp_path: Path) -> None:
    folder = media.root / f"long-{tmp_path.name}"
    folder.mkdir()
    path = folder / "piecelong.mkv"
    try:
        digest = _write_long_file(path)
        ordeal = rack.ordeal(f"{folder.name}/{path.name}", pace=16_000_000)
        received = hashlib.sha256()
        with httpx.stream(
            "GET", ordeal.playback_url, trust_env=False, verify=False, timeout=30
        ) as response:
            assert response.status_code == 200
            assert response.headers["Content-Length"] == str(FILE_BYTES)
            for chunk in response.iter_raw():
                received.update(chunk)
        assert received.hexdigest() == digest
    finally:
        path.unlink(missing_ok=True)
    assert_resolved_once_an_expiry(ordeal, rack)


def _write_long_file(path: Path) -> str:
    """Bytes that do not repeat; their SHA-256."""
    chance, digest = random.Random(200), hashlib.sha256()
    with path.open("wb") as file:
        file.write(b"\x1a\x45\xdf\xa3")
        digest.update(b"\x1a\x45\xdf\xa3")
        left = FILE_BYTES - 4
        while left:
            piece = chance.randbytes(min(1_000_000, left))
            file.write(piece)
            digest.update(piece)
            left -= len(piece)
    return digest.hexdigest()


@TELLS_EXPIRY
async def test_twenty_viewers_share_each_resolve(
    tells_expiry: bool, rack: Rack, media: Media
) -> None:
    ordeal = rack.ordeal(FORMS["aes128"], tells_expiry=tells_expiry)
    started = time.monotonic()
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(
        trust_env=False, verify=False, timeout=30, limits=limits
    ) as client:
        watching = [_watch(client, ordeal, media, started) for _ in range(VIEWERS)]
        failures = [failure for found in await asyncio.gather(*watching) for failure in found]
    assert failures == [], rack.log()
    assert_resolved_once_an_expiry(ordeal, rack)


async def _watch(
    client: httpx.AsyncClient, ordeal: Ordeal, media: Media, started: float
) -> list[str]:
    """Plays from the beginning, again and again, and tells what was not as it should be."""
    failures: list[str] = []
    while not has_met_several_expiries(ordeal, started):
        playlist = await client.get(ordeal.playback_url)
        assert playlist.status_code == 200, playlist.text
        lines = playlist.text.splitlines()
        segments = [line for line in lines if line and not line.startswith("#")]
        key = playlist.text.partition('URI="')[2].partition('"')[0]
        names = ["piecekey.bin", *[f"piece{number}.ts" for number in range(len(segments))]]
        for url, name in zip([key, *segments], names, strict=True):
            response = await client.get(url)
            if sha256(response.content) != media.digests[f"vault-aes128/{name}"]:
                failures.append(f"{name}: {response.status_code}")
            await asyncio.sleep(0.25)
    return failures
