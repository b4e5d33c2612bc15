"""How the value of a setting is read from text or TOML, shown again, and described when wrong.

A setting's kind follows from its type in `settings/model.py`: an `Annotated` type carries its
Kind, plain types are found in `PLAIN`.
"""

import re
import tomllib
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from strmctl.settings.masking import MASK, hide_credentials, is_secret_name, masked


class Kind(Struct, frozen=True):
    """`read` takes what TOML or the environment holds and raises ValueError for anything else."""

    accepts: str
    read: Callable[[object], object]
    show: Callable[[object], object] = lambda value: value
    secret: bool = False


_DURATION_PART = r"(\d+(?:\.\d+)?)(ms|s|m|h|d)"
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
# `kB` is 1,000 and `KiB` 1,024 (IEC 80000-13); `KB` could be either.
_SIZE = r"(\d+(?:\.\d+)?)\s*(B|kB|MB|GB|KiB|MiB|GiB)?"
_BYTES = {
    "B": 1,
    "kB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
}
_EGRESS_SCHEMES = ("http", "https", "socks5", "socks5h")


def duration(raw: object) -> timedelta:
    """`10s`, `1h30m`, `250ms`; a bare number counts seconds."""
    text = str(_number_or_text(raw)).strip()
    parts = re.findall(_DURATION_PART, text)
    if parts and "".join(number + unit for number, unit in parts) == text:
        return timedelta(seconds=sum(float(number) * _SECONDS[unit] for number, unit in parts))
    if not re.fullmatch(r"\d+(\.\d+)?", text):
        raise ValueError("not a duration")
    return timedelta(seconds=float(text))


def show_duration(value: object) -> str:
    """The shortest text that `duration` reads back as `value`."""
    assert isinstance(value, timedelta)
    milliseconds = round(value.total_seconds() * 1000)
    text = ""
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        count, milliseconds = divmod(milliseconds, size)
        text += f"{count}{unit}" if count else ""
    return text or "0s"


def size(raw: object) -> int:
    """`16MiB`, `500kB`; a bare number counts bytes."""
    match = re.fullmatch(_SIZE, str(_number_or_text(raw)).strip())
    if match is None:
        raise ValueError("not a size")
    return int(float(match[1]) * _BYTES[match[2] or "B"])


def text(raw: object) -> str:
    if not isinstance(raw, str):
        raise TypeError("not text")
    return raw.strip()


def path(raw: object) -> Path:
    """As written, `~` expanded; the caller knows from where a relative one counts."""
    if not text(raw):
        raise ValueError("empty")
    # No shell has seen what stands in TOML or in a unit file.
    return Path(text(raw)).expanduser()


def optional_path(raw: object) -> Path | None:
    return path(raw) if text(raw) else None


def texts(raw: object) -> tuple[str, ...]:
    """A TOML array, the text of one, or text split at commas."""
    parts = _parts(raw) if isinstance(raw, str) else raw
    if not isinstance(parts, Sequence):
        raise TypeError("not a list")
    return tuple(filter(None, map(text, parts)))


def _parts(raw: str) -> object:
    # The environment may hold a list as TOML writes it: a URL may hold a comma.
    if raw.strip().startswith("["):
        with suppress(tomllib.TOMLDecodeError):
            return tomllib.loads(f"array = {raw}")["array"]
    return raw.split(",")


def whole_number(low: int, high: int) -> Callable[[object], int]:
    def read(raw: object) -> int:
        number = int(_number_or_text(raw))
        # int() would cut 2.5 down to 2.
        if number != float(_number_or_text(raw)) or not low <= number <= high:
            raise ValueError("out of range")
        return number

    return read


def share(raw: object) -> float:
    number = float(_number_or_text(raw))
    if not 0 <= number <= 1:
        raise ValueError("out of range")
    return number


def above_zero(raw: object) -> timedelta:
    span = duration(raw)
    if not span:
        raise ValueError("zero")
    return span


def base_url(raw: object) -> str:
    parts = urlsplit(text(raw))
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("not an http(s) URL")
    # Paths and queries are put behind it.
    if parts.query or parts.fragment or parts.username is not None or "@" in parts.netloc:
        raise ValueError("more than scheme, host, port and path")
    _ = parts.port  # raises ValueError when it is out of range
    return parts.geturl().rstrip("/")


def optional_base_url(raw: object) -> str:
    return base_url(raw) if text(raw) else ""


# socks4 cannot look up a name at the proxy, so the local DNS would see it.
def egress(raw: object) -> str:
    parts = urlsplit(text(raw))
    if parts.geturl() and (parts.scheme not in _EGRESS_SCHEMES or not parts.hostname):
        raise ValueError("not a proxy URL")
    _ = parts.port
    if parts.scheme.startswith("socks"):
        _check_socks_user(parts.username or "", parts.password or "")
    return text(raw)


def _check_socks_user(*words: str) -> None:
    """RFC 1929 gives each a byte for its length, and no charset: aiohttp's client takes ASCII."""
    if any(len(word) > 255 or not word.isascii() for word in map(unquote, words)):
        raise ValueError("no user or password of SOCKS")


def http_url(raw: object) -> str:
    parts = urlsplit(text(raw))
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("not an http(s) URL")
    _ = parts.port
    return text(raw)


def notify_url(raw: object) -> str:
    """An Apprise URL has the scheme of its service; what it means is for Apprise to say."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*://\S+", text(raw)):
        raise ValueError("not a URL")
    return text(raw)


def shown_notify_url(value: object) -> str:
    """Behind the scheme of a service may stand a token, wherever it likes."""
    scheme, _, _ = str(value).partition("://")
    return hide_credentials(str(value)) if scheme in ("http", "https") else f"{scheme}://{MASK}"


def http_urls(raw: object) -> tuple[str, ...]:
    return tuple(map(http_url, texts(raw)))


def secret(raw: object) -> str:
    """Header fields carry it, so ASCII that can be seen."""
    # RFC 9110 section 5.5: beyond ASCII two servers read two texts.
    if not re.fullmatch(r"[!-~]*", text(raw)):
        raise ValueError("not printable ASCII")
    return text(raw)


def arr_paths(raw: object) -> tuple[tuple[str, str], ...]:
    """A TOML table, the text of one, or `/tv=Serien,/movies=Filme`."""
    if isinstance(raw, str):
        raw = _table_of(raw)
    if not isinstance(raw, dict):
        raise TypeError("not a table")
    return tuple((_folder_there(there), _folder_here(here)) for there, here in raw.items())


def _table_of(raw: str) -> object:
    if raw.strip().startswith("{"):
        with suppress(tomllib.TOMLDecodeError):
            return tomllib.loads(f"table = {raw}")["table"]
    pairs = (part.partition("=") for part in raw.split(",") if part.strip())
    return {there.strip(): here.strip() for there, _, here in pairs}


def _folder_there(raw: str) -> str:
    # Sonarr on Windows tells `C:\TV` and `\\nas\tv`.
    if not re.match(r"/|[A-Za-z]:[\\/]|\\\\", raw):
        raise ValueError("not absolute")
    return raw


def _folder_here(raw: object) -> str:
    parts = [part for part in re.split(r"[\\/]", text(raw)) if part not in ("", ".")]
    # A webhook's path is joined to it: it must stay in the library.
    if ".." in parts or text(raw).startswith(("/", "\\")) or re.match("[A-Za-z]:", text(raw)):
        raise ValueError("not below the library")
    return "/".join(parts)


def truth(raw: object) -> bool:
    """TOML's true and false, and what environments have for them."""
    if isinstance(raw, bool):
        return raw
    if text(raw).lower() not in ("true", "1", "false", "0"):
        raise ValueError("neither true nor false")
    return text(raw).lower() in ("true", "1")


def choice(options: type[StrEnum]) -> Kind:
    return Kind(accepts=" | ".join(options), read=lambda raw: options(text(raw).lower()), show=str)


def option(name: str) -> Kind:
    """A key that only one kind of resolver knows: any TOML value; secret-looking ones masked."""
    secret = is_secret_name(name)
    return Kind("any value", lambda raw: raw, lambda value: masked(value, secret=secret), secret)


def _number_or_text(raw: object) -> int | float | str:
    # TOML's `true` is an int to Python.
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        raise TypeError("not a number")
    return raw


def shown_list(values: object) -> list[str]:
    assert isinstance(values, tuple)
    return [str(value) for value in values]


_DURATION_TEXT = 'a duration such as "10s", "6h" or "1h30m"'
_TEXTS = Kind("a list of texts", texts, shown_list)

Port = Annotated[
    int, Kind("a port from 0 to 65535, where 0 takes a free one", whole_number(0, 65535))
]
Count = Annotated[int, Kind("a whole number from 1", whole_number(1, 1_000_000))]
Share = Annotated[float, Kind("a share from 0 to 1", share)]
Size = Annotated[int, Kind('a size such as "16MiB" or "500kB"', size)]
Timeout = Annotated[timedelta, Kind(_DURATION_TEXT + ", above 0", above_zero, show_duration)]
BaseUrl = Annotated[
    str, Kind("an http:// or https:// URL without user, query and fragment", base_url)
]
OptionalBaseUrl = Annotated[
    str,
    Kind('"", or an http:// or https:// URL without user, query and fragment', optional_base_url),
]
OptionalPath = Annotated[
    Path | None, Kind('a path, or ""', optional_path, lambda value: str(value or ""))
]
Egress = Annotated[
    str,
    Kind(
        '"", or a proxy URL that begins with http://, https://, socks5:// or socks5h:// (of SOCKS '
        "user and password are ASCII, at most 255 letters each)",
        egress,
        lambda value: hide_credentials(str(value)),
        secret=True,
    ),
]
ArrPaths = Annotated[
    Sequence[tuple[str, str]],
    Kind(
        'a table of absolute folders there and folders in the library: { "/tv" = "Serien" }',
        arr_paths,
        lambda pairs: dict(pairs) if isinstance(pairs, tuple) else pairs,
    ),
]
HttpUrls = Annotated[
    Sequence[str],
    Kind(
        "a list of http(s) URLs",
        http_urls,
        lambda urls: [hide_credentials(url) for url in shown_list(urls)],
    ),
]
HttpUrl = Annotated[
    str,
    Kind(
        "an http:// or https:// URL", http_url, lambda url: hide_credentials(str(url)), secret=True
    ),
]
NotifyUrl = Annotated[
    str,
    Kind(
        "an http:// or https:// URL, or with type apprise one of a service, such as tgram://…",
        notify_url,
        shown_notify_url,
        secret=True,
    ),
]
Secret = Annotated[
    str,
    Kind("a secret of visible ASCII", secret, lambda value: MASK if value else "", secret=True),
]
Secrets = Annotated[
    Sequence[str],
    Kind(
        "one key, or a list of keys of which the first signs",
        texts,
        lambda values: [MASK] * len(shown_list(values)),
        secret=True,
    ),
]

PLAIN: dict[object, Kind] = {
    str: Kind("text", text),
    bool: Kind("true | false", truth),
    Path: Kind("a path", path, str),
    timedelta: Kind(_DURATION_TEXT, duration, show_duration),
    Sequence[str]: _TEXTS,
}
