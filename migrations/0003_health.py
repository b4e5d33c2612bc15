"""The health of a library, by site, provider and state, out of one index."""

from sqlite_utils import Database


def migrate(db: Database) -> None:
    db.execute("CREATE INDEX strm_mapping_health ON strm_mapping (site, provider_used, state)")
