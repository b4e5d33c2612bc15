"""`strmctl show`: mappings in detail."""

from typing import Annotated

import typer

from strmctl.cli.frame.app import Panel, command
from strmctl.cli.frame.output import cell
from strmctl.cli.frame.run import Run
from strmctl.cli.frame.selection import selecting
from strmctl.cli.list import print_records
from strmctl.domain.mapping import Mapping
from strmctl.domain.selection import Selection
from strmctl.errors import ItemError, UsageError
from strmctl.services.reports.records import mapping_record


@command(Panel.LIBRARY, example="strmctl show 7 --reveal")
@selecting
def show(
    run: Run,
    selection: Selection,
    name: Annotated[
        str | None, typer.Argument(metavar="ID|PATH", help="An id, or the path of a .strm.")
    ] = None,
    reveal: Annotated[
        bool, typer.Option("--reveal", help="The upstream URL and its headers too: secrets.")
    ] = False,
) -> None:
    """Show one mapping in detail, or each one of a selection."""
    if (name is None) == selection.is_everything:
        raise UsageError("say which: an id, a path, or selection options such as --series")
    found = _found(run, name, selection)
    if run.output.json and len(found) > 1:
        print_records(run, found, reveal=reveal)
        return
    from strmctl.services.keys.playback_urls import PlaybackUrls

    urls = PlaybackUrls(run.settings)
    for number, (mapping, reason) in enumerate(found):
        record = mapping_record(mapping, urls.of(mapping), reveal=reveal, reason=reason)
        run.output.record(record, ("\n" if number else "") + _text(mapping, record))


def _found(run: Run, name: str | None, selection: Selection) -> list[tuple[Mapping, str | None]]:
    """Each with the reason of its last failure."""
    from strmctl.services.library.find import one
    from strmctl.storage.tables.events import with_reasons
    from strmctl.storage.tables.mappings import Mappings

    with run.open_database() as database:
        mappings = Mappings(database)
        if name is not None:
            return list(with_reasons(database, [one(mappings, name, run.settings.library)]))
        found = list(with_reasons(database, mappings.select(selection)))
    if not found:
        raise ItemError("there is no such mapping: `strmctl list` shows all")
    return found


def _text(mapping: Mapping, record: dict[str, object]) -> str:
    details = {
        **{key: value for key, value in record.items() if key != "type"},
        "title": mapping.title,
        "year": mapping.year,
        "created_at": mapping.created_at,
        "updated_at": mapping.updated_at,
    }
    width = max(map(len, details))
    return "\n".join(f"{key:{width}}  {cell(_words(value))}" for key, value in details.items())


def _words(value: object) -> object:
    """Ids and headers as people write them, those that are known."""
    if not isinstance(value, dict):
        return value
    return ", ".join(f"{name}: {it}" for name, it in value.items() if it is not None)
