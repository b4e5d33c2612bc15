"""What has happened, counted for good: the history is bounded and forgets, these numbers do not.

A healing is the event of its resolve, whose cause becomes `heal` once the new answer has sent a
byte, so the history and the count cannot differ.
"""

from sqlite_utils import Database

STATEMENTS = (
    """
    CREATE TABLE tally (
        name TEXT NOT NULL CHECK (name <> ''),
        label TEXT NOT NULL,
        number INTEGER NOT NULL CHECK (number >= 0),
        since TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ'))
            CHECK (since GLOB '????-??-??T??:??:??.???Z'),
        PRIMARY KEY (name, label)
    ) STRICT, WITHOUT ROWID
    """,
    # Healings from before were counted when the resolver had answered, whatever came of it.
    """
    INSERT INTO tally (name, label, number) VALUES
        ('heals', 'healed', 0), ('heals', 'failed', 0),
        ('resumes', 'resumed', 0), ('resumes', 'failed', 0), ('plays', '', 0)
    """,
    """
    CREATE TRIGGER event_heal_counted AFTER INSERT ON event
    WHEN new.kind = 'not healed' OR new.detail ->> 'cause' = 'heal' BEGIN
        UPDATE tally SET number = number + 1
        WHERE name = 'heals' AND label = iif(new.kind = 'not healed', 'failed', 'healed');
    END
    """,
    """
    CREATE TRIGGER event_heal_proved AFTER UPDATE OF detail ON event
    WHEN new.detail ->> 'cause' = 'heal' AND old.detail ->> 'cause' IS NOT 'heal' BEGIN
        UPDATE tally SET number = number + 1 WHERE name = 'heals' AND label = 'healed';
    END
    """,
    "ALTER TABLE strm_mapping ADD COLUMN last_played_at TEXT"
    " CHECK (last_played_at GLOB '????-??-??T??:??:??.???Z')",
)


def migrate(db: Database) -> None:
    for statement in STATEMENTS:
        db.execute(statement)
