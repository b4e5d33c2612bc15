"""`strmctl list`: the mappings of a selection."""

from collections.abc import Iterable, Sequence
from typing import Annotated

import typer

from strmctl.cli.frame.app import Panel, command
from strmctl.cli.frame.run import Run
from strmctl.cli.frame.selection import selecting
from strmctl.domain.mapping import Mapping
from strmctl.domain.selection import Selection
from strmctl.services.reports.records import mapping_record
from strmctl.storage.database.rows import LARGEST

_COLUMNS = ("id", "state", "site", "slug", "season", "episode", "language", "provider", "path")


@command(Panel.LIBRARY, "list")
@selecting
def list_(
    run: Run,
    selection: Selection,
    limit: Annotated[int | None, typer.Option(min=1, max=LARGEST, help="At most so many.")] = None,
) -> None:
    """List mappings; the options select which."""
    from strmctl.storage.tables.mappings import Mappings

    with run.open_database() as database:
        found = Mappings(database).select(selection, limit=limit)
        # Building playback URLs costs an HMAC each: only where they are shown.
        if run.output.json:
            print_records(run, found)
        else:
            run.output.table(_COLUMNS, map(_cells, found))


def print_records(run: Run, mappings: Iterable[Mapping], *, reveal: bool = False) -> None:
    """NDJSON and its summary."""
    from strmctl.services.keys.playback_urls import PlaybackUrls

    urls = PlaybackUrls(run.settings)
    count = 0
    for mapping in mappings:
        run.output.record(mapping_record(mapping, urls.of(mapping), reveal=reveal))
        count += 1
    run.output.summary({"count": count})


def _cells(mapping: Mapping) -> Sequence[object]:
    identity = mapping.identity
    return (
        mapping.id,
        mapping.state,
        identity.site,
        identity.slug,
        identity.season,
        identity.episode,
        identity.language,
        identity.provider,
        mapping.strm_path,
    )
