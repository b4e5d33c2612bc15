"""`strmctl list`: the mappings of a selection."""

from collections.abc import Iterable, Sequence
from typing import Annotated

import typer

from strmctl.cli.frame.app import Panel, command
from strmctl.cli.frame.run import Run
from strmctl.cli.frame.selection import note_unknown, selecting
from strmctl.cli.frame.tables import Format, terminal_width
from strmctl.domain.mapping import Mapping
from strmctl.domain.selection import Order, Selection
from strmctl.errors import UsageError
from strmctl.storage.database.rows import LARGEST

_COLUMNS = ("id", "state", "site", "slug", "season", "episode", "language", "provider", "path")
_READ = ("id", "state", "episode", "language", "provider", "path")
_ROOMY = ("id", "state", "site", "slug", "episode", "language", "provider", "path")
_ROOM = 120
"""Columns of a terminal from which on site and slug fit beside the path, which holds both."""


@command(Panel.LIBRARY, "list", example="strmctl list --series one-piece --state dead --sort path")
@selecting
def list_(
    run: Run,
    selection: Selection,
    sort: Annotated[
        str, typer.Option(metavar="KEY", help=f"By {', '.join(Order)}; worst: dead first.")
    ] = Order.ID.value,
    reverse: Annotated[bool, typer.Option("--reverse", help="The other way round.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, max=LARGEST, help="At most so many.")] = None,
    form: Format = None,
) -> None:
    """List mappings; the options select which."""
    from strmctl.storage.tables.mappings import Mappings

    run.speak(form)
    by = _order(sort)
    with run.open_database() as database:
        note_unknown(run, database, selection)
        found = Mappings(database).select(selection, limit=limit, by=by, reverse=reverse)
        # Building playback URLs costs an HMAC each: only where they are shown.
        if run.output.json:
            from strmctl.storage.tables.events import with_reasons

            print_records(run, with_reasons(database, found))
        elif not run.output.is_for_people:
            run.output.table(_COLUMNS, map(_cells, found))
        elif terminal_width() < _ROOM:
            run.output.table(_READ, map(_read, found))
        else:
            run.output.table(_ROOMY, map(_roomy, found))


def _order(text: str) -> Order:
    if text not in list(Order):
        raise UsageError(f"--sort {text!r}: it takes {', '.join(Order)}")
    return Order(text)


def print_records(
    run: Run, found: Iterable[tuple[Mapping, str | None]], *, reveal: bool = False
) -> None:
    """NDJSON and its summary; beside a mapping stands why it failed."""
    from strmctl.services.keys.playback_urls import PlaybackUrls
    from strmctl.services.reports.records import mapping_record

    urls = PlaybackUrls(run.settings)
    count = 0
    for mapping, reason in found:
        record = mapping_record(mapping, urls.of(mapping), reveal=reveal, reason=reason)
        run.output.record(record)
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


def _read(mapping: Mapping) -> Sequence[object]:
    identity = mapping.identity
    return (
        mapping.id,
        mapping.state,
        identity.number,
        identity.language,
        identity.provider,
        mapping.strm_path,
    )


def _roomy(mapping: Mapping) -> Sequence[object]:
    number, state, *rest = _read(mapping)
    return (number, state, mapping.identity.site, mapping.identity.slug, *rest)
