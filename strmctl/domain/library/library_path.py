"""Where a `.strm` lies in the library: names that Jellyfin, Emby and Kodi read, safe on any disk.

By the templates of `[naming]`; as they come:

    Show (2020) [tvdbid-7]/Season 01/Show (2020) S01E02.strm
    Movie (2020) [tmdbid-7]/Movie (2020) [tmdbid-7].strm

No name holds a character that a file system forbids, begins with a dot, is reserved or is longer
than 255 bytes, whatever the title.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import lru_cache, partial

from msgspec import Struct

from strmctl.domain.counted import quoted
from strmctl.domain.external_ids import ExternalIds
from strmctl.domain.identity import Identity
from strmctl.domain.library.naming import Named, Templates
from strmctl.domain.mapping import Mapping
from strmctl.errors import UsageError

EXTENSION = ".strm"

# NAME_MAX of Linux, in bytes; NTFS and APFS count letters.
_MAX_BYTES = 255
_MAX_SUFFIX_PART = 40
_SUFFIX_ROOM = 2 * (len(" - ") + _MAX_SUFFIX_PART)
_MAX_PART_OF_THREE = _SUFFIX_ROOM // 3 - len(" - ")
_EPISODE_ROOM = len(" S99999E99999")
_MOST_CUTS = 4
_REPLACED = str.maketrans({**dict.fromkeys(":/\\|", "-"), **dict.fromkeys('<>"?*', " ")})
# Microsoft, "Naming Files, Paths, and Namespaces": reserved with any extension too.
_RESERVED = frozenset("con prn aux nul conin$ conout$ clock$".split()) | {
    port + number for port in ("com", "lpt") for number in "0123456789\u00b9\u00b2\u00b3"
}
_UNPRINTABLE = "[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]"
_ID_FORMS = {"tvdb_id": r"\d{1,12}", "tmdb_id": r"\d{1,12}", "imdb_id": r"tt\d{5,12}"}


class PathTakenError(UsageError):
    """Another identity's file lies there."""

    http_status = 409


class Naming(Struct, frozen=True):
    """What names are made from besides the identity; without title, a readable slug.

    Raises UsageError for an id or a year that is none.
    """

    title: str | None = None
    year: int | None = None
    tvdb_id: str | None = None
    tmdb_id: str | None = None
    imdb_id: str | None = None
    episode_title: str | None = None
    quality: str | None = None
    release_group: str | None = None

    def __post_init__(self) -> None:
        if self.year is not None and not 1 <= self.year <= 9999:
            raise UsageError(f"year is not a number from 1 to 9999: {self.year}")
        for name, form in _ID_FORMS.items():
            value = getattr(self, name)
            if value is not None and not re.fullmatch(form, value, re.ASCII):
                raise UsageError(f"{name} is not such an id: {quoted(value, most=20)}")
        _ = self.ids

    def or_else(self, row: Mapping | None) -> "Naming":
        """This, and what the row has where this says nothing."""
        if row is None:
            return self
        ids = self.ids.or_else(row.ids)
        return Naming(
            title=self.title or row.title,
            year=self.year or row.year,
            tvdb_id=None if ids.tvdb is None else str(ids.tvdb),
            tmdb_id=None if ids.tmdb is None else str(ids.tmdb),
            imdb_id=ids.imdb,
            episode_title=self.episode_title or row.episode_title,
            quality=self.quality or row.quality,
            release_group=self.release_group or row.release_group,
        )

    @property
    def ids(self) -> ExternalIds:
        return ExternalIds(
            imdb=self.imdb_id,
            tvdb=None if self.tvdb_id is None else int(self.tvdb_id),
            tmdb=None if self.tmdb_id is None else int(self.tmdb_id),
        )


AS_IT_COMES = Templates()


def paths(identity: Identity, naming: Naming, templates: Templates = AS_IT_COMES) -> list[str]:
    """Where it may lie: plain, with its language, with language and provider; behind each of them
    the same with its site.

    Relative to the library, with `/`.
    """
    *folders, name = _parts(identity, naming, templates)
    start = "/".join([*map(_unreserved, folders), name])
    return [_unreserved_file(f"{start}{suffix}{EXTENSION}") for suffix in _suffixes(identity)]


def _parts(identity: Identity, naming: Naming, templates: Templates) -> list[str]:
    """The folders and the name, without extension, the title cut until all of them fit."""
    tags, year = _id_tags(naming), "" if naming.year is None else f" ({naming.year:04})"
    room = _MAX_BYTES - len(f"{year}{tags}{EXTENSION}") - _SUFFIX_ROOM - _EPISODE_ROOM
    for _ in range(_MOST_CUTS):
        parts = templates.parts(
            _named(identity, naming, room).values(), is_film=identity.season is None
        )
        lengths = [len(part.encode()) for part in parts]
        lengths[-1] += len(EXTENSION) + _SUFFIX_ROOM
        excess = max(lengths) - _MAX_BYTES
        if excess <= 0:
            return parts
        room = max(room - excess, 1)
    most = _MAX_BYTES - len(EXTENSION) - _SUFFIX_ROOM
    return [part.encode()[:most].decode(errors="ignore").rstrip(" .") for part in parts]


def _named(identity: Identity, naming: Naming, room: int) -> Named:
    return Named(
        title=_title(identity, naming, room),
        clean=partial(clean, max_bytes=_MAX_BYTES),
        year=naming.year,
        season=identity.season,
        episode=identity.episode,
        language=identity.language,
        site=identity.site,
        provider=identity.provider,
        slug=identity.slug,
        episode_title=naming.episode_title,
        quality=naming.quality,
        release_group=naming.release_group,
        ids=(("tvdbid", naming.tvdb_id), ("tmdbid", naming.tmdb_id), ("imdbid", naming.imdb_id)),
    )


def is_strm(name: str) -> bool:
    # Windows and people write `.STRM` too.
    return name.lower().endswith(EXTENSION)


def variant(identity: Identity, strm_path: str) -> int:
    """Which of `paths` it would be by what stands at its end: 0 has nothing there."""
    stem = strm_path[: -len(EXTENSION)]
    suffixes = list(_suffixes(identity))
    return max(place for place, suffix in enumerate(suffixes) if stem.endswith(suffix))


def choose_path(
    identity: Identity,
    candidates: Sequence[str],
    siblings: Collection[Identity],
    owner_of: Callable[[str], Identity | None],
) -> str:
    """One of `paths` that no other identity has; `siblings` are the episode's other mappings.

    The first language of an episode keeps the plain name; one that comes later has its language
    as a suffix, a second provider of a language that and the provider, and what another site calls
    the same its site. Raises PathTakenError where another series or film of its own site is in the
    way, or all of them are taken.
    """
    suffixes = 0
    if siblings:
        is_second = any(other.language == identity.language for other in siblings)
        suffixes = 2 if is_second and identity.provider is not None else 1
    for candidate in candidates[min(2 * suffixes, len(candidates) - 1) :]:
        owner = owner_of(candidate)
        if owner is None or owner == identity:
            return candidate
        if owner.site == identity.site and work(owner) != work(identity):
            break
    raise PathTakenError(f"{candidate} belongs to {owner}: give a year, an id or a path of its own")


def work(identity: Identity) -> tuple[str, str, int | None, int | None]:
    """What the languages and providers of one episode or movie have in common."""
    return identity.site, identity.slug, identity.season, identity.episode


def explicit(text: str) -> str:
    """A path that the user gives, relative to the library; raises UsageError for one outside."""
    parts = text.split("/")
    if "://" in text:
        raise UsageError("path is a URL: give one relative to the library")
    if not is_strm(text) or parts[-1].lower() == EXTENSION:
        raise UsageError(f"path does not end in {EXTENSION}: {quoted(text, most=80)}")
    # A backslash parts folders on a share that Windows mounts.
    if "\\" in text or re.search(_UNPRINTABLE, text):
        raise UsageError(f"path holds a backslash or control character: {quoted(text, most=80)}")
    # Media servers do not see names that begin with a dot.
    if any(part == "" or part.startswith(".") for part in parts):
        raise UsageError(
            f"path is not relative to the library, or a name in it is empty or begins with a dot: "
            f"{quoted(text, most=80)}"
        )
    if any(len(part.encode()) > _MAX_BYTES for part in parts):
        raise UsageError(f"path has a name longer than {_MAX_BYTES} bytes: {quoted(text, most=80)}")
    return text


def readable(slug: str) -> str:
    """`one-piece` as `One Piece`."""
    words = slug.replace("-", " ").replace("_", " ").split()
    return " ".join(word[:1].upper() + word[1:] for word in words)


# macOS may hand over decomposed letters: two names for one file on other systems.
# Windows drops dots and blanks at the end of a name.
@lru_cache(maxsize=1024)
def clean(text: str, max_bytes: int) -> str:
    """A part of a file name, cut on a character's boundary; "" where nothing is left."""
    text = unicodedata.normalize("NFC", text).replace(": ", " - ").translate(_REPLACED)
    # A pattern with surrogates is slow to compile, and hardly any name needs it.
    if not text.isprintable():
        text = re.sub(_UNPRINTABLE, " ", text)
    text = " ".join(text.split()).strip(" .")
    return text.encode()[:max_bytes].decode(errors="ignore").strip(" .")


def _title(identity: Identity, naming: Naming, max_bytes: int) -> str:
    title = clean(naming.title or "", max_bytes)
    return title or clean(readable(identity.slug), max_bytes) or "Untitled"


def _id_tags(naming: Naming) -> str:
    ids = (("tvdbid", naming.tvdb_id), ("tmdbid", naming.tmdb_id), ("imdbid", naming.imdb_id))
    return "".join(f" [{name}-{value}]" for name, value in ids if value is not None)


def _suffixes(identity: Identity) -> Iterator[str]:
    own = [identity.language]
    if identity.provider is not None:
        own.append(identity.provider)
    for length in range(len(own) + 1):
        yield _suffix(own[:length])
        # Two sites may call different works the same.
        yield _suffix([identity.site, *own[:length]])


def _suffix(parts: Sequence[str]) -> str:
    longest = _MAX_SUFFIX_PART if len(parts) < 3 else _MAX_PART_OF_THREE
    return "".join(f" - {clean(part, longest) or 'Other'}" for part in parts)


def _unreserved(name: str) -> str:
    stem, dot, rest = name.partition(".")
    if stem.rstrip(" ").lower() not in _RESERVED:
        return name
    return f"{stem}_{dot}{rest}"


def _unreserved_file(path: str) -> str:
    folder, slash, name = path.rpartition("/")
    return f"{folder}{slash}{_unreserved(name)}"
