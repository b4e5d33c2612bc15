"""What IMDb, TheTVDB and TMDB call a series or film; an id that none of them gives is refused."""

import re

from msgspec import Struct

from strmctl.domain.counted import quoted
from strmctl.errors import UsageError

# IMDb writes at least seven digits, and none beyond ten so far.
_IMDB = r"tt[0-9]{5,12}"
_LARGEST = 10**12


class ExternalIds(Struct, frozen=True):
    """None where unknown; raises UsageError for what is no id."""

    imdb: str | None = None
    tvdb: int | None = None
    tmdb: int | None = None

    def __post_init__(self) -> None:
        if self.imdb is not None and not re.fullmatch(_IMDB, self.imdb):
            raise UsageError(f"imdb_id is not such an id: {quoted(self.imdb, most=20)}")
        for name, value in (("tvdb_id", self.tvdb), ("tmdb_id", self.tmdb)):
            if value is not None and not 0 < value < _LARGEST:
                raise UsageError(f"{name} is not such an id: {value}")

    def __bool__(self) -> bool:
        return any(value is not None for value in (self.imdb, self.tvdb, self.tmdb))

    def or_else(self, other: "ExternalIds") -> "ExternalIds":
        """These, and the other's where one of these is unknown."""
        return ExternalIds(
            imdb=self.imdb if self.imdb is not None else other.imdb,
            tvdb=self.tvdb if self.tvdb is not None else other.tvdb,
            tmdb=self.tmdb if self.tmdb is not None else other.tmdb,
        )

    def contradicts(self, other: "ExternalIds") -> bool:
        """Whether one catalogue calls the two differently: then they are two things."""
        pairs = ((self.imdb, other.imdb), (self.tvdb, other.tvdb), (self.tmdb, other.tmdb))
        return any(None not in pair and pair[0] != pair[1] for pair in pairs)

    def record(self) -> dict[str, str | int | None]:
        """The JSON of resolvers' requests and of mappings."""
        return {"imdb": self.imdb, "tvdb": self.tvdb, "tmdb": self.tmdb}


NO_IDS = ExternalIds()
