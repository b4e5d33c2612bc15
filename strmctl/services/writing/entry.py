"""One thing to write, checked: from the flags of `write` or from a row of its input."""

import json
from collections.abc import Mapping
from contextlib import suppress
from unicodedata import category

from msgspec import Struct, field

from strmctl.discreet import Discreet
from strmctl.domain.counted import quoted
from strmctl.domain.identity import Identity, parse_number
from strmctl.domain.library import library_path
from strmctl.domain.library.library_path import Naming
from strmctl.domain.mapping import Resolution
from strmctl.domain.urls import given_url
from strmctl.domain.urls.kodi_options import split_kodi_options
from strmctl.errors import UpstreamError, UsageError

Fields = Mapping[str, object]


class Row(Struct, frozen=True):
    """Of an input; keyed by batch_input.COLUMNS and OF_LIST, None and "" stand for nothing."""

    line: int
    fields: Fields


class BadRow(Struct, frozen=True):
    line: int
    reason: str


class Entry(Discreet, frozen=True):
    """`path` is one that the user insists on, `resolution` one that the user gives, and `options`
    is what stood behind its URL for Kodi, from the `|` on. `place` is where `list` says it was."""

    hidden = ("options",)

    identity: Identity
    naming: Naming = field(default_factory=Naming)
    path: str | None = None
    resolution: Resolution | None = None
    options: str = ""
    place: str | None = None


def entry(fields: Fields) -> Entry:
    """From fields named as batch_input.COLUMNS are; raises UsageError."""
    path = _text(fields, "path")
    resolution, options = _link(fields)
    return Entry(
        identity=Identity(
            site=_text(fields, "site") or "",
            slug=_text(fields, "slug") or "",
            language=_text(fields, "language") or "",
            season=_number(fields, "season"),
            episode=_number(fields, "episode"),
            provider=_text(fields, "provider"),
        ),
        naming=Naming(
            title=_words(fields, "title"),
            year=_number(fields, "year"),
            tvdb_id=_text(fields, "tvdb_id"),
            tmdb_id=_text(fields, "tmdb_id"),
            imdb_id=_text(fields, "imdb_id"),
            episode_title=_words(fields, "episode_title"),
            quality=_words(fields, "quality"),
            release_group=_words(fields, "release_group"),
        ),
        path=None if path is None else library_path.explicit(path),
        place=_place(fields),
        resolution=resolution,
        options=options,
    )


def _place(fields: Fields) -> str | None:
    """None where only `import` takes a file: with a backslash in its name."""
    place = _text(fields, "strm_path")
    with suppress(UsageError):
        return place and library_path.explicit(place)
    return None


def _text(fields: Fields, name: str) -> str | None:
    value = fields.get(name)
    # JSON has numbers, CSV only text; JSON's true is an int in Python.
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if value is not None and not isinstance(value, str):
        raise UsageError(f"{name} is not text")
    # SQLite and file names take no lone surrogates, which other encodings leave behind.
    if value and any(category(char) == "Cs" for char in value):
        raise UsageError(
            f"{name} is not UTF-8 text: {quoted(value, most=60)}: save the input as UTF-8"
        )
    return (value or "").strip() or None


def _number(fields: Fields, name: str) -> int | None:
    value = fields.get(name)
    if isinstance(value, float | bool):
        return parse_number(name, str(value))
    text = _text(fields, name)
    return None if text is None else parse_number(name, text)


def _words(fields: Fields, name: str) -> str | None:
    text = _text(fields, name)
    return None if text is None else " ".join(text.split())


def _link(fields: Fields) -> tuple[Resolution | None, str]:
    """The resolution, and what stands behind its URL for Kodi."""
    line = _text(fields, "url") or _text(fields, "resolved_url")
    headers = _headers(fields.get("headers"))
    if line is None:
        if headers:
            raise UsageError("headers need a url that they belong to")
        return None, ""
    # Most are written without a URL, one at a time, and each start counts.
    from strmctl.domain.http.request_fields import request_fields
    from strmctl.domain.urls.upstream_url import check_link

    url, options, behind = split_kodi_options(line)
    try:
        # user:pass@ in a URL becomes an Authorization field, a space becomes %20.
        url, headers = given_url.given(url, given_url.merged(headers, behind))
        check_link(url)
        resolution = Resolution(url, request_fields(headers), provider=_text(fields, "provider"))
    except UpstreamError as error:
        raise UsageError(f"url: {error}") from None
    if not options.isprintable():
        raise UsageError("url: what stands behind it for Kodi holds a control character")
    return resolution, options


def _headers(value: object) -> dict[str, str]:
    """An object, or the JSON text of one, as CSV has it."""
    # A cell of CSV can hold nothing but text.
    if isinstance(value, str) and value.strip():
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise UsageError('headers is not a JSON object such as {"Referer": "…"}') from None
    if not value:
        return {}
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise UsageError('headers is not a JSON object such as {"Referer": "…"}')
    return value
