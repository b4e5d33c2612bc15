"""What names are made from besides title and year: an episode's title, quality, release group."""

from sqlite_utils import Database


def migrate(db: Database) -> None:
    for name in ("episode_title", "quality", "release_group"):
        db.execute(f"ALTER TABLE strm_mapping ADD COLUMN {name} TEXT")
