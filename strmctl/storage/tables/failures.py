"""Links that do not play and why, counted by series: the reason is that of their last failure."""

from strmctl.domain.digest import Finding
from strmctl.domain.mapping import LinkState
from strmctl.storage.database.connection import Database

_FAILING = (LinkState.DEAD, LinkState.BLOCKED, LinkState.SUSPECT, LinkState.THROTTLED)
_MOST = 20_000
"""Links that are looked at: a page that waits helps nobody."""

_GROUPS = f"""
SELECT site, slug, max(title) AS title, state, reason, count(*) AS links,
    max(season IS NULL) AS is_film
FROM (
    SELECT site, slug, title, season, state, (
        SELECT e.detail ->> 'reason' FROM event AS e
        WHERE e.mapping_id = m.id AND e.detail ->> 'reason' IS NOT NULL
        ORDER BY e.id DESC LIMIT 1
    ) AS reason
    FROM strm_mapping AS m
    WHERE state IN ({", ".join(f"'{state}'" for state in _FAILING)})
        AND (muted_until IS NULL OR muted_until <= strftime('%Y-%m-%dT%H:%M:%fZ'))
    LIMIT {_MOST}
)
GROUP BY site, slug, state, reason
"""


def failing(database: Database) -> list[Finding]:
    """Muted ones are left out."""
    return [
        Finding(
            site=row["site"],
            series=row["title"] or row["slug"],
            state=row["state"],
            reason=row["reason"] or "",
            links=row["links"],
            is_film=bool(row["is_film"]),
        )
        for row in database.query(_GROUPS)
    ]
