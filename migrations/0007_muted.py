"""Links that nobody is to be reminded of, until a time; any success ends it."""

from sqlite_utils import Database

STATEMENTS = (
    "ALTER TABLE strm_mapping ADD COLUMN muted_until TEXT"
    " CHECK (muted_until GLOB '????-??-??T??:??:??.???Z')",
    # Whoever finds out that the link plays, a probe, a refresh or a viewer: one rule for all.
    """
    CREATE TRIGGER strm_mapping_unmuted AFTER UPDATE OF state ON strm_mapping
    WHEN new.state = 'alive' AND new.muted_until IS NOT NULL BEGIN
        UPDATE strm_mapping SET muted_until = NULL WHERE id = new.id;
    END
    """,
)


def migrate(db: Database) -> None:
    for statement in STATEMENTS:
        db.execute(statement)
