"""Whose a URL was once: a file of mode direct is known by it after it was moved."""

from sqlite_utils import Database


def migrate(db: Database) -> None:
    db.execute("CREATE INDEX event_url ON event (detail ->> 'url_sha256') WHERE kind = 'resolved'")
