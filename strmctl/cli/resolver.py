"""`strmctl resolver`: writes a resolver to begin with, and tries one out."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from strmctl.cli.frame.app import Panel, command
from strmctl.cli.frame.options import (
    EPISODE_HELP,
    LANGUAGE_HELP,
    PROVIDER_HELP,
    SEASON_HELP,
    SLUG_HELP,
    taking,
)
from strmctl.cli.frame.run import Run
from strmctl.domain.counted import timestamp
from strmctl.domain.external_ids import ExternalIds
from strmctl.domain.identity import Identity
from strmctl.errors import ItemError, UsageError

if TYPE_CHECKING:
    from strmctl.domain.mapping import Resolution
    from strmctl.resolvers.contract import ResolveRequest
    from strmctl.services.installation.new_resolver import New, Written
    from strmctl.services.resolving.rehearsal import Rehearsal
    from strmctl.settings.model import ResolverSettings

_NEW, _TEST = "For new", "For test"


class Action(StrEnum):
    NEW = "new"
    TEST = "test"


class Asked:
    """The options of `test`: what the resolver is asked for."""

    def __init__(self, fields: dict[str, str | int | None], ids: ExternalIds) -> None:
        self.fields, self.ids = fields, ids

    @property
    def is_empty(self) -> bool:
        return not self.ids and all(value is None for value in self.fields.values())


def _asked(
    run: Run,
    slug: Annotated[str | None, typer.Option(rich_help_panel=_TEST, help=SLUG_HELP)] = None,
    season: Annotated[int | None, typer.Option(rich_help_panel=_TEST, help=SEASON_HELP)] = None,
    episode: Annotated[int | None, typer.Option(rich_help_panel=_TEST, help=EPISODE_HELP)] = None,
    language: Annotated[
        str | None, typer.Option(rich_help_panel=_TEST, help=f"{LANGUAGE_HELP} Default: English.")
    ] = None,
    provider: Annotated[str | None, typer.Option(rich_help_panel=_TEST, help=PROVIDER_HELP)] = None,
    title: Annotated[
        str | None, typer.Option(rich_help_panel=_TEST, help="Of the series or movie.")
    ] = None,
    year: Annotated[
        int | None, typer.Option(rich_help_panel=_TEST, help="When it first came out.")
    ] = None,
    imdb: Annotated[
        str | None, typer.Option(metavar="ttN", rich_help_panel=_TEST, help="Its id at IMDb.")
    ] = None,
    tvdb: Annotated[
        int | None, typer.Option(rich_help_panel=_TEST, help="Its id at TheTVDB.")
    ] = None,
    tmdb: Annotated[int | None, typer.Option(rich_help_panel=_TEST, help="Its id at TMDB.")] = None,
) -> Asked:
    fields: dict[str, str | int | None] = {
        "slug": slug,
        "season": season,
        "episode": episode,
        "language": language,
        "provider": provider,
        "title": title,
        "year": year,
    }
    return Asked(fields, ExternalIds(imdb=imdb, tvdb=tvdb, tmdb=tmdb))


@command(Panel.CARE, example="strmctl resolver test mine")
@taking(_asked)
def resolver(
    run: Run,
    asked: Asked,
    action: Annotated[Action, typer.Argument(metavar="new|test", help="What to do.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of its table in the settings.")],
    site: Annotated[
        list[str] | None,
        typer.Option(help="Which sites it answers for, default NAME; for test: the one to ask of."),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(
            "--type",
            metavar="TYPE",
            rich_help_panel=_NEW,
            help="http, command, python, template, ytdlp or stremio.",
        ),
    ] = None,
    url: Annotated[
        str | None, typer.Option(rich_help_panel=_NEW, help="Its `url` in the settings.")
    ] = None,
    media: Annotated[
        str | None,
        typer.Option(metavar="URL", rich_help_panel=_NEW, help="Where a script's files are."),
    ] = None,
    shows: Annotated[
        bool,
        typer.Option("--print", rich_help_panel=_NEW, help="Print the table, do not add it."),
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", rich_help_panel=_NEW, help="Overwrite what is there.")
    ] = False,
) -> int:
    """Write a resolver that runs as it is, or ask one and look at what it answers.

    new: a script (or package) beside the settings file, and its table in it.

    test: asks for an episode, one of the library where none is named, fetches the first bytes of
    the answer through the egress, and says what came, what plays and what is missing.
    """
    of_new = (kind, url, media)
    if action is Action.TEST:
        if force or shows or any(value is not None for value in of_new):
            raise UsageError("--type, --url, --media, --print and --force belong to new")
        return _test(run, name, site or [], asked)
    if not asked.is_empty:
        raise UsageError("what to ask for belongs to test")
    if kind is None:
        raise UsageError("new takes --type: http, command, python, template, ytdlp or stremio")
    return _new(run, name, kind, site or [], url, media, prints=shows, force=force)


def _new(
    run: Run,
    name: str,
    kind: str,
    sites: list[str],
    url: str | None,
    media: str | None,
    *,
    prints: bool,
    force: bool,
) -> int:
    from strmctl.services.installation.new_resolver import Kind, Wanted, new_resolver, write

    if kind not in list(Kind):
        raise UsageError(f"--type {kind!r} is none of {', '.join(Kind)}")
    given = {} if media is None else {"media": media}
    wanted = Wanted(name, Kind(kind), sites, url, **given)
    file = run.loaded.file
    new = new_resolver(wanted, (file.parent if file else Path.cwd()))
    written = write(wanted, new, None if prints else file, run.settings, force=force)
    record: dict[str, object] = {
        "type": "resolver",
        "name": name,
        "kind": kind,
        "files": [str(path) for path in new.files],
        "kept": [str(path) for path in written.kept],
        "settings_file": file if written.has_table else None,
        "table": new.text,
        "start": new.start,
    }
    run.output.record(record)
    _say(run, name, new, written)
    return 0


def _say(run: Run, name: str, new: "New", written: "Written") -> None:
    file = run.loaded.file
    if not run.output.json:
        for path in new.files:
            run.output.record({}, f"{'kept   ' if path in written.kept else 'created'}   {path}")
        added = f"added     to {file}:\n\n" if written.has_table else ""
        run.output.record({}, f"{added}{new.text}")
    _say_what_to_do(run, name, new, written)


def _say_what_to_do(run: Run, name: str, new: "New", written: "Written") -> None:
    file = run.loaded.file
    if file is None:
        run.output.note("no settings file: make one with `strmctl init`, and put the table in")
    if new.start:
        run.output.note(f"start with: {new.start}")
    if written.why_not:
        run.output.warn(f"the table is not in {file} yet: {written.why_not}")
        run.output.note("mend that, and run the same command again")
    else:
        # An addon is asked by the ids of IMDb.
        slug = "tt0903747" if new.table["type"] == "stremio" else "some-show"
        asking = f"--slug {slug} --season 1 --episode 1"
        run.output.note(f"try it: strmctl resolver test {name} {asking}")


def _test(run: Run, name: str, sites: list[str], asked: Asked) -> int:
    import asyncio

    from strmctl.services.resolving.rehearsal import Outcome, rehearse, table_named

    table = table_named(run.settings, name)
    done = asyncio.run(rehearse(run.settings, table, _request(run, table, sites, asked)))
    run.output.record(_record(table, done), _text(done))
    return 0 if done.outcome is Outcome.PLAYS else ItemError.exit_code


def _request(
    run: Run, table: "ResolverSettings", sites: list[str], asked: Asked
) -> "ResolveRequest":
    from strmctl.services.resolving.rehearsal import any_of_the_library, known_of

    if asked.is_empty and not sites:
        found = any_of_the_library(run.settings, table)
        if found is None:
            raise UsageError(
                f"the library has nothing of {table.name}: name an episode or film: `strmctl "
                f"resolver test {table.name} --slug some-show --season 1 --episode 1`"
            )
        return found
    return known_of(run.settings, _named(table, sites, asked))


def _named(table: "ResolverSettings", sites: list[str], asked: Asked) -> "ResolveRequest":
    from strmctl.resolvers.contract import Reason, ResolveRequest

    fields = asked.fields
    # An addon is asked by the id alone.
    slug = fields["slug"] or asked.ids.imdb
    if slug is None:
        raise UsageError(
            "--slug is missing (or --imdb, for an addon of Stremio): what is it to be asked for?"
        )
    identity = Identity(
        _site(table, sites),
        str(slug),
        str(fields["language"] or "English"),
        _number(fields["season"]),
        _number(fields["episode"]),
        _words(fields["provider"]),
    )
    title, year = _words(fields["title"]), _number(fields["year"])
    return ResolveRequest(identity, Reason.CREATE).knowing(title, year, asked.ids)


def _site(table: "ResolverSettings", given: list[str]) -> str:
    """The one that is given, else the first that the table names."""
    return [*given, *table.named_sites, "example.org"][0]


def _number(value: str | int | None) -> int | None:
    return value if isinstance(value, int) else None


def _words(value: str | int | None) -> str | None:
    return None if value is None else str(value)


def _record(table: "ResolverSettings", done: "Rehearsal") -> dict[str, object]:
    answer = done.answer
    return {
        "type": "resolver_test",
        "resolver": done.resolver,
        "kind": table.type,
        **done.request.identity.fields(),
        "ids": done.request.ids.record(),
        "outcome": done.outcome,
        "reason": done.reason,
        "seconds": round(done.seconds, 3),
        "url": answer and answer.url,
        "headers": None if answer is None else dict(answer.headers),
        "provider_used": answer and answer.provider,
        "expires_at": answer and answer.expires_at,
        "expiry_from": done.expiry_from or None,
        "media": done.media,
        "status": done.status,
        "allow": done.allow or None,
        "missing": list(done.missing),
    }


def _text(done: "Rehearsal") -> str:
    lines = [f"asked     {done.request.identity}, {done.seconds:.1f} s"]
    if done.answer is not None:
        lines += _answered(done.answer, done.expiry_from)
    if done.media:
        lines.append(f"media     {done.media}")
    verdict = str(done.outcome).replace("_", " ")
    lines.append(f"verdict   {verdict}{f': {done.reason}' if done.reason else ''}")
    lines += [f"missing   {what}" for what in done.missing]
    return "\n".join(lines)


def _answered(answer: "Resolution", expiry_from: str) -> list[str]:
    by = ", as its URL says" if expiry_from == "url" else ""
    return [
        f"answered  {answer.url}",
        f"headers   {', '.join(answer.headers) or 'none'}",
        f"provider  {answer.provider or 'not given'}",
        f"expires   {timestamp(answer.expires_at) or 'not given'}{by}",
    ]
