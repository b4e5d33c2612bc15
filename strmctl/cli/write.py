"""`strmctl write`: registers identities and writes their .strm files."""

import io
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from strmctl.cli.frame.app import Panel, command
from strmctl.cli.frame.notify_after import notifying, notifying_media_servers
from strmctl.cli.frame.options import (
    EPISODE_HELP,
    LANGUAGE_HELP,
    PROVIDER_HELP,
    SEASON_HELP,
    SITE_HELP,
    SLUG_HELP,
    WithSidecars,
    taking,
)
from strmctl.cli.frame.run import Run
from strmctl.errors import ItemError, StrmctlError, UsageError
from strmctl.services.reports.records import written_record

if TYPE_CHECKING:
    from strmctl.domain.identity import Identity
    from strmctl.services.writing.batch import Batches, Result
    from strmctl.services.writing.write import Written

_STDIN = "-"
_OUTCOMES = ("created", "updated", "unchanged")
_UNHEARD = "mode {} cannot send the request headers that {}: use mode proxy"


def _entry(
    run: Run,
    site: Annotated[str | None, typer.Option(help=SITE_HELP)] = None,
    slug: Annotated[str | None, typer.Option(help=SLUG_HELP)] = None,
    season: Annotated[str | None, typer.Option(metavar="N", help=SEASON_HELP)] = None,
    episode: Annotated[str | None, typer.Option(metavar="N", help=EPISODE_HELP)] = None,
    language: Annotated[str | None, typer.Option(help=LANGUAGE_HELP)] = None,
    provider: Annotated[str | None, typer.Option(help=PROVIDER_HELP)] = None,
    title: Annotated[str | None, typer.Option(help="Of the series or movie.")] = None,
    year: Annotated[
        str | None, typer.Option(metavar="YYYY", help="When it first came out.")
    ] = None,
    tvdb_id: Annotated[
        str | None,
        typer.Option("--tvdb", "--tvdb-id", metavar="N", help="For the folder and resolvers."),
    ] = None,
    tmdb_id: Annotated[
        str | None, typer.Option("--tmdb", "--tmdb-id", metavar="N", help="Likewise.")
    ] = None,
    imdb_id: Annotated[
        str | None, typer.Option("--imdb", "--imdb-id", metavar="ttN", help="Likewise.")
    ] = None,
    episode_title: Annotated[str | None, typer.Option(help=r"For names, see \[naming].")] = None,
    quality: Annotated[
        str | None, typer.Option(metavar="TEXT", help='Likewise, such as "WEBDL-1080p".')
    ] = None,
    release_group: Annotated[str | None, typer.Option(metavar="TEXT", help="Likewise.")] = None,
    path: Annotated[
        str | None, typer.Option(metavar="FILE", help="The .strm, in the library.")
    ] = None,
    url: Annotated[str | None, typer.Option(metavar="URL", help="What it resolves to now.")] = None,
) -> dict[str, str | None]:
    """By the names of batch_input.COLUMNS."""
    return {
        "site": site,
        "slug": slug,
        "season": season,
        "episode": episode,
        "language": language,
        "provider": provider,
        "title": title,
        "year": year,
        "tvdb_id": tvdb_id,
        "tmdb_id": tmdb_id,
        "imdb_id": imdb_id,
        "episode_title": episode_title,
        "quality": quality,
        "release_group": release_group,
        "path": path and _in_library(path, run.settings.library),
        "url": url,
    }


@command(Panel.LIBRARY, example="strmctl write --from episodes.csv")
@taking(_entry)
def write(
    run: Run,
    fields: dict[str, str | None],
    resolve: Annotated[
        bool, typer.Option("--resolve", help="Ask the resolver now what it resolves to.")
    ] = False,
    source: Annotated[
        str | None,
        typer.Option("--from", metavar="FILE", help="Many: CSV, JSON or NDJSON; - is stdin."),
    ] = None,
    sidecars: WithSidecars = False,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite files that hold something else.")
    ] = False,
) -> int:
    """Register an identity and write its .strm file; --from takes thousands."""
    from strmctl.services.writing.batch import batches
    from strmctl.services.writing.entry import entry

    if source is not None and any(value is not None for value in fields.values()):
        raise UsageError("--from takes everything from its input: leave the other flags out")
    item = None if source is not None else entry(fields)
    opening = batches(run.settings, resolve=resolve, force=force, sidecars=sidecars)
    if item is not None:
        with notifying_media_servers(run), opening as opened:
            return _show_one(run, opened.write_one(item))
    from strmctl.services.alerting.troubles import noting_trouble

    noting = noting_trouble(run.settings.database, "write")
    with notifying(run), noting, opening as opened:
        run.begin("write")
        return _write_many(run, opened, _STDIN if source is None else source)


def _in_library(path: str, library: Path) -> str:
    """Relative to the library, as the database has it."""
    return Path(path).relative_to(library).as_posix() if path.startswith(f"{library}/") else path


def _note_without_resolver(run: Run, sites: Iterable[str]) -> None:
    """`sites` are those of what has no URL: its files are there, and play nothing yet."""
    from strmctl.resolvers.contract import answers_for

    for site in sorted(sites):
        if not answers_for(run.settings.resolvers, site):
            run.output.note(
                f"no resolver answers for {site}, so what has no URL does not play: "
                f"`strmctl resolver new NAME --type T --site {site}`"
            )


def _show_one(run: Run, written: "Written") -> int:
    run.output.record(written_record(written), f"{written.outcome}: {written.mapping.strm_path}")
    if written.lacks_headers:
        run.output.warn(_UNHEARD.format(run.settings.proxy.mode, "this URL needs"))
    if written.beside is not None:
        run.output.note(_say_what_is_beside(written.beside, written.mapping.identity))
    is_new = written.outcome == "created" and written.mapping.resolution is None
    if is_new and written.unresolved is None and not run.output.json:
        _note_without_resolver(run, [written.mapping.identity.site])
    incomplete = written.unresolved or written.incomplete
    if incomplete is not None:
        # The file is written: only the exit code tells a script that no URL is known yet.
        raise incomplete
    return 0


def _say_what_is_beside(other: "Identity", new: "Identity") -> str:
    provider = new.provider or '""'
    return (
        f"the same episode of {other.provider or 'any provider'} stays beside it: to change that "
        f"one instead, take this back (`strmctl undo`) and run `strmctl set ID --provider "
        f"{provider}`"
    )


def _write_many(run: Run, batches: "Batches", source: str) -> int:
    from strmctl.services.writing.batch_input import read_rows

    label = "stdin" if source == _STDIN else source
    counts: Counter[str] = Counter()
    unresolved: set[str] = set()
    with _opened(source) as text, run.output.progress("Writing") as progress:
        try:
            rows = read_rows(text, source)
            for result in batches.write(rows):
                _show_result(run, result, label, counts)
                if result.written and result.written.mapping.resolution is None:
                    unresolved.add(result.written.mapping.identity.site)
                progress.advance()
        except UsageError as error:
            raise UsageError(f"{label}: {error}") from None
    if counts["lacks_headers"]:
        run.output.warn(
            _UNHEARD.format(run.settings.proxy.mode, f"{counts['lacks_headers']} of the URLs need")
        )
    numbers = {key: counts[key] for key in (*_OUTCOMES, "failed")}
    run.output.summary(numbers, ", ".join(f"{number} {key}" for key, number in numbers.items()))
    # Scripts take the last line for the summary.
    if sys.stderr.isatty() and not run.output.json:
        _note_without_resolver(run, unresolved)
    return ItemError.exit_code if counts["failed"] else 0


def _show_result(run: Run, result: "Result", label: str, counts: Counter[str]) -> None:
    written = result.written
    if written is not None:
        counts[written.outcome] += 1
        counts["lacks_headers"] += written.lacks_headers
        text = f"{written.outcome}: {written.mapping.strm_path}" if run.output.verbose else None
        run.output.record(written_record(written), text)
    if result.error is not None:
        counts["failed"] += 1
        _show_error(run, result.error, f"{label}:{result.line}", result.line)


def _show_error(run: Run, error: StrmctlError, where: str, line: int) -> None:
    from strmctl.cli.frame.output import encode, say

    if run.output.json:
        record = {"type": "error", "code": error.exit_code, "line": line, "message": str(error)}
        # stdout stays NDJSON of results, for jq.
        say(encode(record))
    else:
        say(f"strmctl: {where}: {error}")


@contextmanager
def _opened(source: str) -> Iterator[TextIO]:
    """Text with or without a BOM; bytes that are no UTF-8 become a bad row, not an end."""
    # `<&-` in a shell, or a service without a terminal.
    if source == _STDIN and sys.stdin is None:
        raise UsageError("stdin is closed: it is to be read from there")
    try:
        binary = sys.stdin.buffer if source == _STDIN else Path(source).open("rb")
    except OSError as error:
        raise UsageError(f"{source}: cannot be read: {error.strerror}") from None
    # Excel's BOM is dropped, and each quoted cell keeps its own line ends.
    with io.TextIOWrapper(
        binary, encoding="utf-8-sig", errors="surrogateescape", newline=""
    ) as text:
        yield text
