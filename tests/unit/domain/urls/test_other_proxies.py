"""What other proxies' playback URLs hold, and that plain URLs are never taken for one."""

import json
from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote

import pytest
from hypothesis import given, strategies as st

from strmctl.domain.urls.other_proxies import unwrap

URL = "https://cdn.example/a/b.m3u8?token=x&e=1"
REFERER = {"Referer": "https://a.to/"}


def base64(text: str) -> str:
    return quote(b64encode(text.encode()).decode(), safe="")


WRAPPED = {
    "mediaflow": f"http://p/proxy/hls/manifest.m3u8?d={quote(URL, safe='')}&h_referer=https://a.to/",
    "mediaflow stream": "http://p/proxy/stream/f.mp4?h_Referer=https://a.to/"
        f"&d={quote(URL, safe='')}",
    "hls-proxy": f"http://p:8080/{base64(f'{URL}|https://a.to/')}.m3u8",
    "url-safe base64": "http://p/proxy/stream?h_referer=https://a.to/&d="
        f"{urlsafe_b64encode(URL.encode()).decode().rstrip('=')}",
    "headers as JSON": f"http://p/m3u8-proxy?url={quote(URL, safe='')}"
        f"&headers={quote(json.dumps(REFERER))}",
    "all as base64": f"http://p/?url={base64(URL)}&data={base64(json.dumps(REFERER))}",
    "referer of its own": f"http://p/p?src={quote(URL, safe='')}&referer=https://a.to/",
}  # fmt: skip


@pytest.mark.parametrize("wrapped", WRAPPED.values(), ids=WRAPPED)
def test_unwrapped(wrapped: str) -> None:
    found = unwrap(wrapped)
    assert found is not None
    assert (found.url, dict(found.headers), found.reason) == (URL, REFERER, "")


@pytest.mark.parametrize(
    "url",
    [
        URL, "https://cdn.example/", "https://cdn.example/aGVsbG8gd29ybGQgaGVsbG8.m3u8",
        "https://cdn.example/a.mp4?url=1&d=x", "https://[::1/", "plugin://a?d=x",
        "https://cdn.example/v/0123456789abcdef0123456789abcdef.mp4",
    ],
)  # fmt: skip
def test_a_plain_url_holds_none(url: str) -> None:
    assert unwrap(url) is None


@given(st.text())
def test_any_text_is_taken(text: str) -> None:
    unwrap(text)
