"""Identities and selections as SQL conditions that the indexes of `strm_mapping` serve."""

import json
from collections.abc import Sequence

from strmctl.domain.identity import Identity
from strmctl.domain.selection import Order, Selection
from strmctl.storage.database.rows import Value, time_text

# Written as the unique index is; the parameters are those of `identity_key`.
SAME_IDENTITY = (
    "slug = :slug AND site = :site AND ifnull(season, -1) = :season"
    " AND ifnull(episode, -1) = :episode AND language = :language"
    " AND ifnull(provider, '') = :provider"
)


# With what `pattern` makes of the text.
HOLDS_TEXT = (
    "(slug LIKE :text ESCAPE '!' OR strm_path LIKE :text ESCAPE '!'"
    " OR ifnull(title, '') LIKE :text ESCAPE '!')"
)


def pattern(text: str) -> str:
    """For LIKE: the text anywhere, as it is."""
    # `%` and `_` of a title are no wildcards of LIKE.
    escaped = text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return f"%{escaped}%"


def identity_key(identity: Identity) -> dict[str, Value]:
    """In the order of the unique index."""
    return {
        "slug": identity.slug,
        "site": identity.site,
        "season": -1 if identity.season is None else identity.season,
        "episode": -1 if identity.episode is None else identity.episode,
        "language": identity.language,
        "provider": identity.provider or "",
    }


def where(selection: Selection) -> tuple[str, dict[str, Value]]:
    """The condition and its named parameters; "1" for everything."""
    conditions: dict[str, tuple[str, Value]] = {
        "slug": ("slug = :slug", selection.slug),
        "site": ("site = :site", selection.site),
        "season": ("ifnull(season, -1) = :season", selection.season),
        "episode": ("ifnull(episode, -1) = :episode", selection.episode),
        "language": ("language = :language", selection.language),
        "provider": ("provider = :provider", selection.provider),
        "states": _states(selection),
        # SQLite bounds the number of parameters, but not the length of one.
        "ids": ("id IN (SELECT value FROM json_each(:ids))", _json(selection.ids)),
        "stale": ("ifnull(last_probed_at, '') < :stale", time_text(selection.stale_before)),
        "expiring": ("expires_at <= :expiring", time_text(selection.expiring_before)),
    }
    given = {name: (text, value) for name, (text, value) in conditions.items() if value is not None}
    condition = " AND ".join(text for text, _ in given.values()) or "1"
    return condition, {name: value for name, (_, value) in given.items()}


def matching(selection: Selection, text: str | None) -> tuple[str, dict[str, Value]]:
    """As `where`, of those that hold the text as well."""
    condition, values = where(selection)
    if text is None:
        return condition, values
    return f"{condition} AND {HOLDS_TEXT}", {**values, "text": pattern(text)}


_ORDERS = {
    Order.PATH: "strm_path",
    Order.EPISODE: "site, slug, season, episode, language, provider",
    Order.WORST: (
        "instr('dead suspect blocked throttled unknown alive', state), fail_count DESC, strm_path"
    ),
    Order.EXPIRES: "expires_at NULLS LAST",
    Order.PROBED: "last_probed_at NULLS FIRST",
}


def order(selection: Selection, by: Order = Order.ID) -> str:
    """`+` keeps SQLite from walking all rows by id where an index finds few."""
    if by is not Order.ID:
        return f"{_ORDERS[by]}, id"
    finds_few = selection.slug or selection.stale_before or selection.expiring_before
    return "+id" if finds_few else "id"


def _states(selection: Selection) -> tuple[str, Value]:
    # One state alone comes out of its index in the order of ids.
    if len(selection.states) == 1:
        return "state = :states", selection.states[0]
    return "state IN (SELECT value FROM json_each(:states))", _json(selection.states)


def _json(values: Sequence[str] | Sequence[int]) -> str | None:
    return json.dumps(values) if values else None
