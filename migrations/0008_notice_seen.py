"""A notice waits until its server shows the change; why it does not is kept for people."""

from sqlite_utils import Database


def migrate(db: Database) -> None:
    db.execute("ALTER TABLE notice ADD COLUMN told_at TEXT")
    db.execute("ALTER TABLE notice ADD COLUMN alone INTEGER NOT NULL DEFAULT 0")
    db.execute("ALTER TABLE notice ADD COLUMN reason TEXT NOT NULL DEFAULT ''")
