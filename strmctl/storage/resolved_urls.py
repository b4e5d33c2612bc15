"""Which rows resolve to a URL: what tells whose the files of mode direct are."""

import json
from collections.abc import Iterable

from strmctl.domain.mapping import Mapping
from strmctl.storage import rows
from strmctl.storage.database import Database


def resolving_to(database: Database, urls: Iterable[str]) -> dict[str, Mapping]:
    """By URL; one query for all, which reads the whole table."""
    found = database.query(
        "SELECT * FROM strm_mapping WHERE resolved_url IN (SELECT value FROM json_each(?))",
        (json.dumps(list(urls)),),
    )
    return {row["resolved_url"]: rows.mapping(row) for row in found}
