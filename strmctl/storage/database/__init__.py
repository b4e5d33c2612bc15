"""The SQLite file: connection, migrations, backups, integrity, how values stand in rows."""
