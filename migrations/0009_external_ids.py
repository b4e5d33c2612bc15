"""What other catalogues call a mapping's series or film: resolvers and media servers ask by it."""

from sqlite_utils import Database


def migrate(db: Database) -> None:
    db.execute(
        "ALTER TABLE strm_mapping ADD COLUMN imdb_id TEXT"
        " CHECK (imdb_id GLOB 'tt[0-9]*' AND substr(imdb_id, 3) NOT GLOB '*[^0-9]*')"
    )
    db.execute("ALTER TABLE strm_mapping ADD COLUMN tvdb_id INTEGER CHECK (tvdb_id > 0)")
    db.execute("ALTER TABLE strm_mapping ADD COLUMN tmdb_id INTEGER CHECK (tmdb_id > 0)")
