"""An identity names one playable thing; equal text in any Unicode form is the same identity."""

import unicodedata
from functools import lru_cache

from msgspec import Struct, structs

from strmctl.domain.counted import quoted
from strmctl.errors import UsageError

MAX_BYTES = 1000
"""Upper bound of the canonical form, so that no URL made from it comes near 4,000 bytes."""

MAX_NUMBER = 99_999

_KEPT = 4096


# Each request finds what is known of its identity in a dozen dictionaries.
class Identity(Struct, frozen=True, cache_hash=True):
    """Site, slug, season, episode, language and, where the user insists on one, provider.

    A movie has neither season nor episode; season 0 holds the specials.

    Raises UsageError for a value that cannot name anything.
    """

    site: str
    slug: str
    language: str
    season: int | None = None
    episode: int | None = None
    provider: str | None = None

    def __post_init__(self) -> None:
        structs.force_setattr(self, "site", _name("site", self.site.lower()))
        structs.force_setattr(self, "slug", _name("slug", self.slug))
        structs.force_setattr(self, "language", _name("language", self.language))
        if self.provider is not None:
            structs.force_setattr(self, "provider", _name("provider", self.provider))
        if (self.season is None) != (self.episode is None):
            raise UsageError(
                "season and episode go together: give both for an episode, neither for a movie"
            )
        _number("season", self.season)
        _number("episode", self.episode)
        if len(self.canonical().encode()) > MAX_BYTES:
            raise UsageError(
                f"site, slug, language and provider are longer than {MAX_BYTES} bytes together"
            )

    @property
    def is_movie(self) -> bool:
        return self.season is None

    def fields(self) -> dict[str, str | int | None]:
        """As the database and every JSON name them."""
        return {
            "site": self.site,
            "slug": self.slug,
            "season": self.season,
            "episode": self.episode,
            "language": self.language,
            "provider": self.provider,
        }

    def canonical(self) -> str:
        """The one text of this identity: six lines, empty where a part is absent."""
        return "\n".join(
            (
                self.site,
                self.slug,
                "" if self.season is None else str(self.season),
                "" if self.episode is None else str(self.episode),
                self.language,
                self.provider or "",
            )
        )

    def shard(self) -> str:
        """Eight letters and digits by which a server in front chooses a node; they prove nothing.

        They stand in both kinds of URL, so that all of one title is asked of one node.
        """
        import base64  # Not for a command that only looks: OpenSSL is loaded with hashlib.
        import hashlib

        digest = hashlib.sha256(f"strmctl shard\n{self.canonical()}".encode()).digest()
        return base64.b32encode(digest[:5]).decode().lower()

    @classmethod
    def from_canonical(cls, text: str) -> "Identity":
        """Read `canonical()` back; raises UsageError for any other text."""
        parts = text.split("\n")
        if len(parts) != 6:
            raise UsageError("not a canonical identity: six lines are needed")
        site, slug, season, episode, language, provider = parts
        return cls(
            site=site,
            slug=slug,
            season=parse_number("season", season) if season else None,
            episode=parse_number("episode", episode) if episode else None,
            language=language,
            provider=provider or None,
        )

    @property
    def number(self) -> str | None:
        """`S01E02`; None for a film."""
        return None if self.is_movie else f"S{self.season:02}E{self.episode:02}"

    def __str__(self) -> str:
        """For messages: `aniworld.to/one-piece S01E02 (German Dub)`."""
        number = f" {self.number}" if self.number else ""
        provider = f", {self.provider}" if self.provider else ""
        return f"{self.site}/{self.slug}{number} ({self.language}{provider})"


@lru_cache(_KEPT)
def one_of_equals(identity: Identity) -> Identity:
    """The same object for all that are equal: to find it in a dictionary compares nothing."""
    return identity


def parse_number(field: str, text: str) -> int:
    """A season or episode number from text; raises UsageError for anything but ASCII digits."""
    if not (text.isascii() and text.isdigit() and len(text) <= 5):
        raise UsageError(f"{field} is not a number from 0 to {MAX_NUMBER}: {quoted(text, most=20)}")
    return int(text)


def _name(field: str, value: str) -> str:
    is_plain = value.isascii() and value.isprintable()
    text = (value if is_plain else unicodedata.normalize("NFC", value)).strip()
    if not text:
        raise UsageError(f"{field} is empty: say which it is")
    # Cc would break the canonical form's lines, Cs cannot be encoded as UTF-8.
    if not is_plain and any(
        unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in text
    ):
        raise UsageError(
            f"{field} holds a control character or line break: {quoted(text, most=60)}"
        )
    return text


def _number(field: str, value: int | None) -> None:
    if value is not None and not 0 <= value <= MAX_NUMBER:
        raise UsageError(f"{field} is not a number from 0 to {MAX_NUMBER}: {value}")
