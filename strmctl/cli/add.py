"""`strmctl add`: a whole series or film from a catalogue, and new episodes as they appear."""

import re
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import Struct, field

from strmctl.cli.frame.app import Panel, command
from strmctl.cli.frame.changing import DryRun, Force
from strmctl.cli.frame.digest import Digest, digest_lines, reminded
from strmctl.cli.frame.notify_after import notifying_media_servers
from strmctl.cli.frame.options import LANGUAGE_HELP, PROVIDER_HELP, Wait, WithSidecars, taking
from strmctl.cli.frame.run import Run
from strmctl.domain.digest import FAILED, Finding
from strmctl.errors import DatabaseError, ItemError, ResolverError, StrmctlError, UsageError
from strmctl.services.reports.records import written_record

if TYPE_CHECKING:
    from strmctl.services.adding.add import Adding, Plan, Watch
    from strmctl.services.writing.batch import Result as Done

_IMDB_PAGE = re.compile(r"https?://(?:[a-z]+\.)?imdb\.com/\S*?(tt\d{5,12})", re.IGNORECASE)
_OUTCOMES = ("created", "updated", "unchanged", "failed", "unreleased")


class Chosen(Struct, frozen=True):
    """Which series or film, in which language."""

    name: str | None
    resolver: str | None
    source: Path | None
    seasons: tuple[int, ...]
    language: str | None
    provider: str | None
    site: str | None
    slug: str | None


_NOTHING = Chosen(None, None, None, (), None, None, None, None)


class _Result(Struct):
    """What has come of a run; with a `digest` failures are said at its end, once in a while."""

    run: Run
    digest: Digest | None = None
    counts: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    works: set[str] = field(default_factory=set)

    def failed(self, text: str, subject: str = "", state: str = FAILED, **record: str) -> None:
        """`record` is what its JSON says beside the text; one `subject` may fail in many ways."""
        self.counts["failed"] += 1
        self.run.output.record({"type": "add", **record, "outcome": FAILED, "reason": text})
        if self.digest is not None:
            self.findings.append(Finding("", subject or text, state, line=text))
        elif not self.run.output.json:
            self.run.output.warn(text)

    def say(self, lines: Sequence[str] | None) -> None:
        """The lines of a digest."""
        for line in lines or ():
            self.run.output.record({}, line)


def _chosen(
    run: Run,
    name: Annotated[
        str | None,
        typer.Argument(metavar="ID", help="tt… for an addon, a page for yt-dlp, else its slug."),
    ] = None,
    resolver: Annotated[
        str | None, typer.Option(metavar="NAME", help="Whose catalogue says what there is.")
    ] = None,
    source: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE", help="A list instead, as write --from takes it."),
    ] = None,
    season: Annotated[
        list[int] | None, typer.Option(help="This one only; may be repeated. 0: specials.")
    ] = None,
    language: Annotated[
        str | None, typer.Option(help=f"{LANGUAGE_HELP} Default: as the library has it, or und.")
    ] = None,
    provider: Annotated[str | None, typer.Option(help=PROVIDER_HELP)] = None,
    site: Annotated[str | None, typer.Option(help="Default: the first of the resolver's.")] = None,
    slug: Annotated[str | None, typer.Option(help="Default: ID.")] = None,
) -> Chosen:
    return Chosen(name, resolver, source, tuple(season or ()), language, provider, site, slug)


@command(Panel.LIBRARY, example="strmctl add --resolver mine tt0388629 --watch")
@taking(_chosen)
def add(
    run: Run,
    chosen: Chosen,
    watch: Annotated[
        bool, typer.Option("--watch", help="Remember it: new episodes come with --watched.")
    ] = False,
    unwatch: Annotated[
        bool, typer.Option("--unwatch", help="Watch it no longer; nothing is removed.")
    ] = False,
    watched: Annotated[
        bool, typer.Option("--watched", help="Write the new episodes of all that is watched.")
    ] = False,
    resolve: Annotated[
        bool, typer.Option("--resolve", help="Ask the resolver now what each resolves to.")
    ] = False,
    sidecars: WithSidecars = False,
    dry_run: DryRun = False,
    force: Force = False,
    wait: Wait = None,
) -> int:
    """Add a whole series or film: seasons, episodes, titles and ids as its catalogue says.

    What the library has already stays as it is; what is not out yet is left.

    --watch remembers it; `strmctl add --watched`, from cron or `serve --maintain`, then writes new
    episodes as they appear. What has been removed since does not come back.
    """
    from strmctl.services.adding.add import Adding

    adding = Adding(run.settings, sidecars=sidecars)
    if watched:
        if watch or unwatch or chosen != _NOTHING:
            raise UsageError("--watched takes all that is watched: leave ID and the rest out")
        return _watched(run, adding, wait, resolve=resolve, dry_run=dry_run, force=force)
    item = _watch(run, adding, chosen)
    if unwatch:
        return _forget(run, adding, item)
    plan = adding.plan(item, again=True)
    result = _Result(run)
    _show_bad(plan, result)
    if not dry_run:
        with notifying_media_servers(run):
            if watch:
                adding.remember(item)
            _carry_out(adding, plan, result, resolve=resolve)
    return _report(result, [plan], dry_run=dry_run)


def _watch(run: Run, adding: "Adding", chosen: Chosen) -> "Watch":
    from strmctl.services.adding.add import Watch, site_of
    from strmctl.services.resolving.rehearsal import table_named

    if chosen.resolver is None:
        raise UsageError("name a resolver: `strmctl add --resolver NAME ID`, or --watched")
    if chosen.name is None and chosen.source is None:
        raise UsageError("which? `strmctl add --resolver NAME ID`: tt… for an addon of Stremio")
    if str(chosen.source) == "-":
        raise UsageError("add reads a file, not stdin: save the list, or use `write --from -`")
    table = table_named(run.settings, chosen.resolver)
    # The address of its page is what people have at hand.
    page = _IMDB_PAGE.match(chosen.name or "")
    name = page[1] if page else chosen.name or ""
    site = (chosen.site or site_of(table)).lower()
    slug = chosen.slug or name
    return Watch(
        table.name,
        name,
        str(chosen.source.absolute()) if chosen.source else "",
        site,
        slug,
        chosen.language or adding.language(site, slug),
        chosen.provider or "",
        chosen.seasons,
    )


def _forget(run: Run, adding: "Adding", item: "Watch") -> int:
    was = adding.forget(item)
    what = f"{item.resolver} {item.name or item.source}"
    outcome = "forgotten" if was else "unchanged"
    record = {"type": "watch", "resolver": item.resolver, "name": item.name, "outcome": outcome}
    run.output.record(record, f"{what}: watched no longer" if was else f"{what}: is not watched")
    return 0


def _watched(
    run: Run, adding: "Adding", wait: str | None, *, resolve: bool, dry_run: bool, force: bool
) -> int:
    result = _Result(run, None if dry_run else Digest.of(run, "add", None))

    def work() -> int:
        with run.alone("add", wait) as database:
            say = partial(digest_lines, result.digest, database, result.findings, result.works)
            plans = [plan for it in adding.watches() if (plan := _planned(adding, it, result))]
            try:
                if not (dry_run or force):
                    adding.check_brake(plans)
                for plan in () if dry_run else plans:
                    _carry_out(adding, plan, result, resolve=resolve)
            except StrmctlError:
                # What stops it may stand for days, and hides nothing else for so long.
                with suppress(DatabaseError):
                    result.say(say())
                raise
            result.say(said := say(goes=bool(plans)))
        return _report(result, plans, dry_run=dry_run, keep=bool(said))

    return reminded(run, result.digest, work)


def _planned(adding: "Adding", item: "Watch", result: _Result) -> "Plan | None":
    """One catalogue that fails does not keep the others from being looked at."""
    name = item.name or item.source
    subject = " ".join(("watch", *item.key))
    try:
        plan = adding.plan(item, again=False)
    except (ItemError, UsageError) as error:
        is_named = isinstance(error, ResolverError)
        reason = str(error) if is_named else f"{item.resolver} {name}: {error}"
        result.failed(reason, subject, type="watch", resolver=item.resolver, name=name)
        return None
    result.works.add(subject)
    _show_bad(plan, result)
    return plan


def _show_bad(plan: "Plan", result: _Result) -> None:
    source = plan.watch.source
    result.works.add(f"list {source}")
    for row in plan.bad:
        text = f"{source}:{row.line}: {row.reason}"
        # A row that was mended and is wrong again is news, as a link that is dead again.
        result.failed(text, f"list {source}", text)


def _carry_out(adding: "Adding", plan: "Plan", result: _Result, *, resolve: bool) -> None:
    with result.run.output.progress("Adding", len(plan.new)) as progress:
        for done in adding.carry_out(plan, resolve=resolve):
            _show(plan, done, result)
            progress.advance()


def _show(plan: "Plan", done: "Done", result: _Result) -> None:
    written, output = done.written, result.run.output
    if written is not None:
        result.counts[written.outcome] += 1
        # cron mails what is printed.
        text = None if output.quiet else f"{written.outcome}: {written.mapping.strm_path}"
        output.record(written_record(written), text)
    if done.error is not None:
        result.failed(f"{plan.new[done.line - 1].item}: {done.error}")


def _report(result: _Result, plans: "Sequence[Plan]", *, dry_run: bool, keep: bool = False) -> int:
    """`keep`: a digest had lines, which the summary belongs to."""
    output, counts = result.run.output, result.counts
    if dry_run:
        _show_planned(result, plans)
    counts["unchanged"] += sum(len(plan.known) for plan in plans)
    counts["unreleased"] = sum(plan.unreleased for plan in plans)
    numbers = {outcome: counts[outcome] for outcome in _OUTCOMES}
    text = ", ".join(f"{number} {outcome}" for outcome, number in numbers.items())
    dry = " (dry run)" if dry_run else ""
    output.summary({**numbers, "dry_run": dry_run}, text + dry, keep=keep)
    return ItemError.exit_code if counts["failed"] else 0


def _show_planned(result: _Result, plans: "Sequence[Plan]") -> None:
    result.counts["created"] = sum(len(plan.new) for plan in plans)
    for plan in plans:
        for candidate in plan.new:
            fields = {key: value for key, value in candidate.fields.items() if value is not None}
            text = f"would add {plan.watch.site} {candidate.item}"
            result.run.output.record({"type": "add", "outcome": "created", **fields}, text)
