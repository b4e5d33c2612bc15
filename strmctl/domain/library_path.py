"""Where a `.strm` lies in the library: names that Jellyfin, Emby and Kodi read, safe on any disk.

    Show (2020) [tvdbid-7]/Season 01/Show (2020) S01E02.strm
    Movie (2020) [tmdbid-7]/Movie (2020) [tmdbid-7].strm

No name holds a character that a file system forbids, begins with a dot, is reserved or is longer
than 255 bytes, whatever the title.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from strmctl.domain.identity import Identity
from strmctl.errors import UsageError

EXTENSION = ".strm"

_MAX_BYTES = 255
_MAX_SUFFIX_PART = 40
_SUFFIX_ROOM = 2 * (len(" - ") + _MAX_SUFFIX_PART)
_EPISODE_ROOM = len(" S99999E99999")
_REPLACED = str.maketrans({**dict.fromkeys(":/\\|", "-"), **dict.fromkeys('<>"?*', " ")})
# Microsoft, "Naming Files, Paths, and Namespaces": reserved with any extension too.
_RESERVED = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|clock\$|(com|lpt)[0-9\u00b9\u00b2\u00b3]) *(\.|$)", re.I
)
_ID_FORMS = {"tvdb_id": r"\d{1,12}", "tmdb_id": r"\d{1,12}", "imdb_id": r"tt\d{5,12}"}


@dataclass(frozen=True, slots=True)
class Naming:
    """What names are made from besides the identity; without title, a readable slug.

    Raises UsageError for an id or a year that is none.
    """

    title: str | None = None
    year: int | None = None
    tvdb_id: str | None = None
    tmdb_id: str | None = None
    imdb_id: str | None = None

    def __post_init__(self) -> None:
        if self.year is not None and not 1 <= self.year <= 9999:
            raise UsageError(f"year is not a number from 1 to 9999: {self.year}")
        for name, form in _ID_FORMS.items():
            value = getattr(self, name)
            if value is not None and not re.fullmatch(form, value, re.ASCII):
                raise UsageError(f"{name} is not such an id: {value[:20]!r}")

    @property
    def _year_tag(self) -> str:
        return "" if self.year is None else f" ({self.year:04})"

    @property
    def _id_tags(self) -> str:
        ids = (("tvdbid", self.tvdb_id), ("tmdbid", self.tmdb_id), ("imdbid", self.imdb_id))
        return "".join(f" [{name}-{value}]" for name, value in ids if value is not None)

    def _title(self, identity: Identity) -> str:
        tags = self._year_tag + self._id_tags
        room = _MAX_BYTES - len(f"{tags}{EXTENSION}") - _SUFFIX_ROOM - _EPISODE_ROOM
        for text in (self.title or "", readable(identity.slug)):
            title = clean(text, room)
            if title:
                return title
        return "Untitled"


def path(identity: Identity, naming: Naming, suffix: str = "") -> str:
    """Relative to the library, with `/`; `suffix` goes before the extension."""
    name = naming._title(identity) + naming._year_tag
    folder = _unreserved(name + naming._id_tags)
    if identity.season is None:
        return f"{folder}/{_unreserved(f'{name}{naming._id_tags}{suffix}{EXTENSION}')}"
    number = f"S{identity.season:02}E{identity.episode:02}"
    return f"{folder}/Season {identity.season:02}/{name} {number}{suffix}{EXTENSION}"


def free_path(
    identity: Identity, naming: Naming, owner_of: Callable[[str], Identity | None]
) -> str:
    """The first path that no other identity has.

    The first language of an episode keeps the plain name; one that comes later has its language
    as a suffix, a second provider of a language that and the provider. Raises UsageError where
    another series or film, or all of the suffixes, are in the way.
    """
    plain, *suffixed = paths(identity, naming)
    owner = owner_of(plain)
    if owner is None or owner == identity:
        return plain
    if not _same_work(owner, identity):
        raise UsageError(f"{plain} belongs to {owner}: give a year, an id or a path of its own")
    if owner.language == identity.language and identity.provider is not None:
        suffixed = suffixed[1:]
    for candidate in suffixed:
        if owner_of(candidate) in (None, identity):
            return candidate
    raise UsageError(f"{suffixed[-1]} belongs to {owner_of(suffixed[-1])}: give a path of its own")


def paths(identity: Identity, naming: Naming) -> list[str]:
    """Every path that `free_path` may choose: plain, with language, with language and provider."""
    language = f" - {clean(identity.language, _MAX_SUFFIX_PART) or 'other'}"
    suffixes = ["", language]
    if identity.provider is not None:
        provider = clean(identity.provider, _MAX_SUFFIX_PART) or "other"
        suffixes.append(f"{language} - {provider}")
    return [path(identity, naming, suffix) for suffix in suffixes]


def explicit(text: str) -> str:
    """A path that the user gives, relative to the library; raises UsageError for one outside."""
    parts = text.split("/")
    if not text.endswith(EXTENSION) or parts[-1] == EXTENSION:
        raise UsageError(f"path does not end in {EXTENSION}: {text[:80]!r}")
    if "\\" in text or not text.isprintable():
        raise UsageError(f"path holds a backslash or control character: {text[:80]!r}")
    if any(part == "" or part.startswith(".") for part in parts):
        raise UsageError(
            f"path is not relative to the library, or a name in it is empty or begins with a dot: "
            f"{text[:80]!r}"
        )
    if any(len(part.encode()) > _MAX_BYTES for part in parts):
        raise UsageError(f"path has a name longer than {_MAX_BYTES} bytes: {text[:80]!r}")
    return text


def readable(slug: str) -> str:
    """`one-piece` as `One Piece`."""
    words = slug.replace("-", " ").replace("_", " ").split()
    return " ".join(word[:1].upper() + word[1:] for word in words)


def clean(text: str, max_bytes: int) -> str:
    """A part of a file name, cut on a character's boundary; "" where nothing is left."""
    text = unicodedata.normalize("NFC", text).replace(": ", " - ").translate(_REPLACED)
    text = "".join(" " if _is_control(char) else char for char in text)
    text = " ".join(text.split()).strip(" .")
    return text.encode()[:max_bytes].decode(errors="ignore").strip(" .")


def _is_control(char: str) -> bool:
    return unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")


def _same_work(one: Identity, other: Identity) -> bool:
    return (one.site, one.slug, one.season, one.episode) == (
        other.site,
        other.slug,
        other.season,
        other.episode,
    )


def _unreserved(name: str) -> str:
    if not _RESERVED.match(name):
        return name
    stem, dot, rest = name.partition(".")
    return f"{stem}_{dot}{rest}"
