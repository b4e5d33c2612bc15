"""A selection says which mappings a command is about; every part that is given narrows it."""

import unicodedata
from datetime import datetime
from enum import StrEnum

from msgspec import Struct, structs

from strmctl.domain.mapping import LinkState

_FEW = 20


class Order(StrEnum):
    """In which order a selection is listed; what is unknown comes last."""

    ID = "id"
    PATH = "path"
    EPISODE = "episode"
    WORST = "worst"
    EXPIRES = "expires"
    PROBED = "probed"


class Selection(Struct, frozen=True):
    """All parts must hold; `states` and `ids` hold when one of them does.

    `stale_before`: last probed before then, or never. `expiring_before`: the resolution's known
    expiry is then or earlier, so one that has expired is in. Both aware, in UTC.
    """

    site: str | None = None
    slug: str | None = None
    season: int | None = None
    episode: int | None = None
    language: str | None = None
    provider: str | None = None
    states: tuple[LinkState, ...] = ()
    ids: tuple[int, ...] = ()
    stale_before: datetime | None = None
    expiring_before: datetime | None = None

    def __post_init__(self) -> None:
        for name in ("site", "slug", "language", "provider"):
            value = getattr(self, name)
            if value is not None:
                structs.force_setattr(self, name, unicodedata.normalize("NFC", value).strip())
        if self.site is not None:
            structs.force_setattr(self, "site", self.site.lower())

    @property
    def is_everything(self) -> bool:
        return self == Selection()

    @property
    def named(self) -> "Selection":
        """Its part that names mappings, whatever their links are like."""
        return structs.replace(self, states=(), stale_before=None, expiring_before=None)

    @property
    def is_a_few_ids(self) -> bool:
        """A few ids are renewed beside other runs, as playing them would be."""
        return 0 < len(self.ids) <= _FEW and self == Selection(ids=self.ids)
