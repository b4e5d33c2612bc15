"""How much there was of a link's film: a short clip in its place is other content."""

from sqlite_utils import Database


def migrate(db: Database) -> None:
    db.execute("ALTER TABLE strm_mapping ADD COLUMN media_bytes INTEGER CHECK (media_bytes > 0)")
    db.execute("ALTER TABLE strm_mapping ADD COLUMN media_seconds REAL CHECK (media_seconds > 0)")
    # A digest of the URL that it was measured at, since another link may bring another quality.
    db.execute("ALTER TABLE strm_mapping ADD COLUMN media_link TEXT")
