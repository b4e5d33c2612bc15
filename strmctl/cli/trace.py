"""`strmctl trace`: what has happened to one mapping, what happens when it is played, and what a
request of the server went through."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from strmctl.cli.frame import options as named
from strmctl.cli.frame.app import Panel, command
from strmctl.cli.frame.run import Run
from strmctl.domain.counted import timestamp
from strmctl.domain.identity import Identity
from strmctl.domain.mapping import Mapping as Mapped
from strmctl.errors import ItemError, UsageError
from strmctl.services.reports.records import event_record, mapping_record
from strmctl.settings.values import show_duration

if TYPE_CHECKING:
    from strmctl.services.playback.trace import Played, Step
    from strmctl.storage.tables.events import Event

_EVENTS = 50


@command(Panel.LINKS, example="strmctl trace 7")
def trace(
    run: Run,
    name: Annotated[
        str | None, typer.Argument(metavar="ID|PATH", help="An id, or the path of a .strm.")
    ] = None,
    site: Annotated[str | None, typer.Option(help=named.SITE_HELP)] = None,
    slug: Annotated[str | None, typer.Option(help=named.SLUG_HELP)] = None,
    language: Annotated[str | None, typer.Option(help=named.LANGUAGE_HELP)] = None,
    season: Annotated[int | None, typer.Option(help=named.SEASON_HELP)] = None,
    episode: Annotated[int | None, typer.Option(help=named.EPISODE_HELP)] = None,
    provider: Annotated[str | None, typer.Option(help=named.PROVIDER_HELP)] = None,
    no_play: Annotated[
        bool, typer.Option("--no-play", help="Only what has happened; ask nobody.")
    ] = False,
    request: Annotated[
        str | None, typer.Option(metavar="ID", help="A request of serve, by its X-Request-Id.")
    ] = None,
    log: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The JSON log that it is in; - for stdin.")
    ] = None,
) -> int | None:
    """Follow one mapping, and play its beginning; or one request through the log of serve."""
    if (request is None) != (log is None):
        raise UsageError("--request ID and --log FILE go together")
    if request is not None and log is not None:
        return _trace_request(run, request, log)
    identity = None
    if name is None:
        if site is None or slug is None or language is None:
            raise UsageError("say which: an id, a path, or --site, --slug and --language")
        identity = Identity(site, slug, language, season, episode, provider)
    return _trace_mapping(run, name, identity, plays=not no_play)


def _trace_mapping(run: Run, name: str | None, identity: Identity | None, *, plays: bool) -> int:
    mapping, events = _found(run, name, identity)
    if mapping is not None:
        _print_mapping(run, mapping)
        identity = mapping.identity
    for event in reversed(events):
        run.output.record(event_record(event), _event_text(event))
    played = None
    if plays:
        assert identity is not None, "given, or the mapping's"
        played = _play(run, identity)
    _summarise(run, mapping, len(events), played)
    return ItemError.exit_code if played is not None and not played.plays else 0


def _found(
    run: Run, name: str | None, identity: Identity | None
) -> tuple[Mapped | None, "list[Event]"]:
    from strmctl.services.library.find import one
    from strmctl.storage.tables.events import Events
    from strmctl.storage.tables.mappings import Mappings

    with run.open_database() as database:
        mappings = Mappings(database)
        if name is not None:
            mapping: Mapped | None = one(mappings, name, run.settings.library)
        else:
            assert identity is not None, "without a name there is one"
            mapping = mappings.find(identity)
        return mapping, Events(database).of_mapping(mapping.id, _EVENTS) if mapping else []


def _print_mapping(run: Run, mapping: Mapped) -> None:
    from strmctl.services.keys.playback_urls import PlaybackUrls

    text = f"{mapping.identity}, {mapping.state}: {mapping.strm_path}\n{_age(mapping)}"
    run.output.record(mapping_record(mapping, PlaybackUrls(run.settings).of(mapping)), text)


def _age(mapping: Mapped) -> str:
    found, now = mapping.resolution, datetime.now(UTC)
    if found is None:
        return "not resolved yet"
    parts = [f"resolved by {found.provider}" if found.provider else "resolved"]
    if found.resolved_at is not None:
        parts.append(f"{_rounded(now - found.resolved_at)} ago")
    if found.expires_at is not None:
        left = found.expires_at - now
        gone = left < timedelta(0)
        parts.append(f"ended {_rounded(-left)} ago" if gone else f"{_rounded(left)} left")
    return ", ".join(parts)


def _rounded(duration: timedelta) -> str:
    """To the second, beyond an hour to the minute."""
    seconds = int(duration.total_seconds())
    return show_duration(timedelta(seconds=seconds - (seconds % 60 if seconds >= 3600 else 0)))


def _event_text(event: "Event") -> str:
    detail = ", ".join(f"{key} {value}" for key, value in event.detail.items() if value is not None)
    return f"{timestamp(event.at)}  {event.kind:10}  {detail}".rstrip()


def _play(run: Run, identity: Identity) -> "Played":
    import asyncio

    from strmctl.services.playback.trace import play_beginning

    return asyncio.run(play_beginning(run.settings, identity, lambda step: _print_step(run, step)))


def _print_step(run: Run, step: "Step") -> None:
    run.output.record(
        {
            **step.fields,
            "type": "step",
            "step": step.kind,
            "after": round(step.after, 3),
            "message": step.text,
        },
        f"{1000 * step.after:7.0f} ms  {step.kind:10}  {step.text}",
    )


def _summarise(run: Run, mapping: Mapped | None, events: int, played: "Played | None") -> None:
    record: dict[str, object] = {"id": mapping.id if mapping else None, "events": events}
    if played is None:
        run.output.summary({**record, "plays": None})
        return
    record |= {
        "plays": played.plays,
        "reason": played.reason,
        "seconds": round(played.seconds, 3),
        "steps": played.steps,
    }
    verdict = "plays" if played.plays else f"does not play: {played.reason}"
    run.output.summary(record, f"{verdict}, after {1000 * played.seconds:.0f} ms")


def _trace_request(run: Run, request: str, log: Path) -> int | None:
    from strmctl.services.playback.trace import lines_of_request

    count = 0
    with _opened(log) as file:
        for line in lines_of_request(file, request):
            count += 1
            run.output.record({**line, "type": "line"}, _line_text(line))
    if not count:
        raise ItemError(
            f"no line of request {request} in {log}: it needs a log written with "
            'serve.log_format = "json"'
        )
    run.output.summary({"request_id": request, "count": count})
    return None


@contextmanager
def _opened(log: Path) -> Iterator[TextIO]:
    if str(log) == "-":
        yield sys.stdin
        return
    try:
        # A log that was rotated by size may begin in the middle of a character.
        file = log.open(encoding="utf-8", errors="replace")
    except OSError as error:
        raise UsageError(f"{log}: cannot be read: {error.strerror}") from None
    with file:
        yield file


def _line_text(line: Mapping[str, object]) -> str:
    step = str(line.get("step") or line.get("level") or "")
    return " ".join(f"{line.get('time')}  {step:10}  {line.get('message')}".splitlines())
