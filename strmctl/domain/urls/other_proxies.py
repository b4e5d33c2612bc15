"""Playback URLs of other proxies hold the upstream URL and its headers: both can be taken out.

mediaflow-proxy   …/proxy/hls/manifest.m3u8?d=URL&h_referer=…   (URL or its base64)
hls-proxy         …/BASE64(URL|REFERER).m3u8
m3u-proxies       …?url=URL&headers={"Referer":"…"}             (each or its base64)
"""

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote, urlsplit

from msgspec import field

from strmctl.discreet import Discreet

_URL_NAMES = ("d", "url", "u", "src", "source", "target", "link", "stream", "uri")
_HEADER_NAMES = ("headers", "data", "header")
_PLAIN_HEADERS = {"referer": "Referer", "referrer": "Referer", "origin": "Origin"} | {
    "user_agent": "User-Agent", "user-agent": "User-Agent", "useragent": "User-Agent", "ua":
    "User-Agent",
}  # fmt: skip
_MEDIAFLOW = re.compile(r"(?:/_token_[^/]+)?/(?:proxy/(?:hls|stream|mpd)|extractor)(?:/|$)")
_MEDIAFLOW_TOKEN = re.compile(r"/_token_[^/]+/")
_BASE64_NAME = re.compile(r"(?P<text>[A-Za-z0-9_+/=-]{16,})(?:\.[a-z0-9]{2,4})?")


class Unwrapped(Discreet, frozen=True):
    """What another proxy's URL holds, or in `reason` why that cannot be read."""

    hidden = ("url", "headers")

    url: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""


def unwrap(url: str) -> Unwrapped | None:
    """None for a URL that is no other proxy's, as far as its looks tell."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    if _MEDIAFLOW.search(parts.path) is not None:
        return _mediaflow(parts.path, pairs)
    return _of_hls_proxy(parts.path) or _of_query(pairs)


def _mediaflow(path: str, pairs: list[tuple[str, str]]) -> Unwrapped | None:
    if _MEDIAFLOW_TOKEN.search(path) or any(name == "token" for name, _ in pairs):
        reason = "a playback URL of mediaflow-proxy that is encrypted: only it can read it"
        return Unwrapped(reason=f"{reason}; generate the URL again without encryption")
    if "/extractor" in path:
        reason = "mediaflow-proxy's extractor holds a web page, no media: give it a resolver"
        return Unwrapped(reason=reason)
    return _of_query(pairs)


def _of_hls_proxy(path: str) -> Unwrapped | None:
    name = _BASE64_NAME.fullmatch(unquote(path.lstrip("/")))
    text = None if name is None else _decoded(name["text"])
    if text is None or not _is_url(text):
        return None
    url, _, referer = text.partition("|")
    return Unwrapped(url, {"Referer": referer} if _is_url(referer) else {})


def _of_query(pairs: list[tuple[str, str]]) -> Unwrapped | None:
    values = {name.lower(): value for name, value in pairs}
    found = (_url_in(values.get(name, "")) for name in _URL_NAMES)
    inside = next((url for url in found if url is not None), None)
    if inside is None:
        return None
    url, _, referer = inside.partition("|")
    headers = {"Referer": referer} if _is_url(referer) else {}
    for name in _HEADER_NAMES:
        headers |= _json_headers(values.get(name, ""))
    return Unwrapped(url, headers | _single_headers(pairs))


def _single_headers(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Headers that have a parameter each."""
    headers: dict[str, str] = {}
    for name, value in pairs:
        key = name.lower()
        if key in _PLAIN_HEADERS and value:
            headers[_PLAIN_HEADERS[key]] = value
        # mediaflow-proxy: `h_user_agent=…` is User-Agent.
        elif key.startswith("h_") and value:
            headers["-".join(word.capitalize() for word in re.split("[-_]", key[2:]))] = value
    return headers


def _url_in(value: str) -> str | None:
    if _is_url(value):
        return value
    text = _decoded(value)
    return text if text is not None and _is_url(text) else None


def _json_headers(value: str) -> dict[str, str]:
    for text in (value, _decoded(value) or ""):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            return {str(name): item for name, item in found.items() if isinstance(item, str)}
    return {}


def _decoded(text: str) -> str | None:
    """Base64 in either alphabet, padded or not; None for what is none."""
    plain = text.strip().rstrip("=").replace("+", "-").replace("/", "_")
    if len(plain) < 8 or not re.fullmatch(r"[\w-]+", plain, re.ASCII):
        return None
    try:
        return urlsafe_b64decode(plain + "=" * (-len(plain) % 4)).decode()
    except ValueError:
        return None


def _is_url(text: str) -> bool:
    return text.lower().startswith(("http://", "https://"))
