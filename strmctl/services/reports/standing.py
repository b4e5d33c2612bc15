"""How resolvers and the egress stand: what fails first, then what works."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from msgspec import Struct

from strmctl.domain.resolver_health import ResolverHealth
from strmctl.settings.masking import hide_credentials
from strmctl.settings.model import Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.alerts import Troubles
from strmctl.storage.tables.resolver_health import ResolverHealthTable


class Standing(Struct, frozen=True):
    """`is_well` None is not known: it has not been asked yet. `words` are for people."""

    kind: str
    name: str
    is_well: bool | None
    words: str
    since: datetime | None = None


def standing(settings: Settings, database: Database) -> Sequence[Standing]:
    """How every resolver and egress in the settings stands. Raises DatabaseError."""
    found = [*_egress(settings, database), *_resolvers(settings, database)]
    return sorted(found, key=lambda each: (each.is_well is not False, each.is_well is not None))


def _egress(settings: Settings, database: Database) -> Iterator[Standing]:
    name = hide_credentials(settings.upstream.egress) or "direct"
    down = [trouble for trouble in Troubles(database).all() if trouble.kind == "egress"]
    for trouble in down:
        yield Standing("egress", name, is_well=False, words=trouble.reason, since=trouble.since)
    if not down:
        yield Standing("egress", name, None, "no run has found it down")


def _resolvers(settings: Settings, database: Database) -> Iterator[Standing]:
    known = {health.resolver: health for health in ResolverHealthTable(database).all()}
    for table in settings.resolvers:
        yield _resolver(table.name, known.get(table.name))


def _resolver(name: str, health: ResolverHealth | None) -> Standing:
    if health is None:
        return Standing("resolver", name, None, "not asked yet")
    if health.is_failing:
        words = f"{health.in_a_row}, {health.why}"
        return Standing("resolver", name, False, words, health.failing_since)
    return Standing("resolver", name, True, "answers", health.last_answer_at)
