"""Series with the states of their links, out of one index in the order in which people look."""

from sqlite_utils import Database


def migrate(db: Database) -> None:
    db.execute(
        "CREATE INDEX strm_mapping_series ON strm_mapping (slug, site, state, provider_used)"
    )
