"""Subtitles that an answer names beside its link: which are usable, their file's language and form.

What is unusable is left out: a subtitle never keeps a link from being played.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import urlsplit

from strmctl.discreet import Discreet
from strmctl.domain.media.text import decoded
from strmctl.domain.names import languages

FORMS = (".vtt", ".srt")
MOST = 20
"""For one answer: some sites list a machine translation into every language there is."""

_WEB = re.compile(r"https?://\S+", re.IGNORECASE)
_TAG = re.compile(r"[a-z]{2}(?:-[a-z0-9]{2,8}){0,2}")
_LONGEST_URL = 8192
_LONGEST_LANGUAGE = 20
UNKNOWN = "und"
_CUE = re.compile(rb"(?:\d+:)?\d{1,2}:\d{2}[,.]\d{1,3}[ \t]*-->[ \t]*(?:\d+:)?\d{1,2}:\d{2}")
_VTT = re.compile(rb"WEBVTT(?=\s|$)")


class Subtitle(Discreet, frozen=True):
    """`language` stands in a file's name as it is."""

    hidden = ("url",)

    url: str
    language: str = UNKNOWN


def given(value: object) -> tuple[Subtitle, ...]:
    """From an answer's list of `{"url": …, "language": …}`, each URL once."""
    found: dict[str, Subtitle] = {}
    for item in value if isinstance(value, list | tuple) else ():
        subtitle = _subtitle(item)
        if subtitle is not None and len(found) < MOST:
            found.setdefault(subtitle.url, subtitle)
    return tuple(found.values())


def _subtitle(item: object) -> Subtitle | None:
    url: object = None
    language: object = None
    if isinstance(item, Subtitle):
        url, language = item.url, item.language
    elif isinstance(item, Mapping):
        # Addons of Stremio call it `lang`.
        url, language = item.get("url"), item.get("language") or item.get("lang")
    if not isinstance(url, str) or len(url) > _LONGEST_URL or not _WEB.fullmatch(url.strip()):
        return None
    # `http://[` is none either.
    with suppress(ValueError):
        if urlsplit(url.strip()).hostname:
            return Subtitle(url.strip(), language_in_names(language))
    return None


def language_in_names(language: object) -> str:
    """`de`, `pt-br`, `und`: letters, digits and `-` alone, as media servers read it."""
    text = " ".join(language[:200].casefold().split()) if isinstance(language, str) else ""
    # RFC 5646: `pt-BR` says more than the language.
    if _TAG.fullmatch(text):
        return text[:_LONGEST_LANGUAGE].rstrip("-")
    plain = re.sub(r"[^a-z0-9]+", "-", text)[:_LONGEST_LANGUAGE].strip("-")
    return languages.code(text) or plain or UNKNOWN


def extension(body: bytes) -> str | None:
    """`.vtt` or `.srt`, None for what is neither."""
    text = decoded(body).lstrip()
    if _VTT.match(text):
        return ".vtt"
    return ".srt" if _CUE.search(text[:4096]) else None
