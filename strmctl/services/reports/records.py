"""The JSON of results, in the one shape that commands and API tell (DESIGN.md section 4)."""

from collections.abc import Mapping as Table, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from strmctl.domain.change import Step
    from strmctl.domain.job import Job
    from strmctl.domain.mapping import LinkState, Mapping, Resolution
    from strmctl.domain.resolver_health import ResolverHealth
    from strmctl.services.jobs.run_log import SeenRun
    from strmctl.services.reports.attention import Attention
    from strmctl.services.reports.stats import Stats
    from strmctl.services.resolving.trouble import ResolverTrouble
    from strmctl.services.writing.write import Written
    from strmctl.storage.tables.events import Event
    from strmctl.storage.tables.journal import JournalledRun

Record = dict[str, object]


def mapping_record(
    mapping: "Mapping", playback_url: str, *, reveal: bool = False, reason: str | None = None
) -> Record:
    """`reveal` adds the upstream URL and its headers, which are secrets otherwise.

    `reason` says why a link that does not play failed the last time.
    """
    resolution = mapping.resolution
    record: Record = {
        "type": "mapping",
        "id": mapping.id,
        "strm_path": mapping.strm_path,
        **mapping.identity.fields(),
        "provider_used": resolution and resolution.provider,
        "state": mapping.state,
        "resolved_at": resolution and resolution.resolved_at,
        "expires_at": resolution and resolution.expires_at,
        "last_probed_at": mapping.last_probed_at,
        "fail_count": mapping.fail_count,
        "playback_url": playback_url,
        "title": mapping.title,
        "year": mapping.year,
        "ids": mapping.ids.record(),
        "episode_title": mapping.episode_title,
        "quality": mapping.quality,
        "release_group": mapping.release_group,
    }
    # DESIGN.md's record has no such field: it comes only where it says something.
    if mapping.muted_until is not None:
        record["muted_until"] = mapping.muted_until
    if reason is not None:
        record["last_reason"] = reason
    if reveal:
        record["resolved_url"] = resolution and resolution.url
        record["headers"] = dict(resolution.headers) if resolution else None
    return record


def written_record(written: "Written") -> Record:
    record = mapping_record(written.mapping, written.playback_url)
    return {**record, "outcome": written.outcome}


def step_record(command: str, step: "Step", reason: str | None) -> Record:
    # Half of what `show` is made of would be imported for nothing.
    from strmctl.domain.change import Change, Finding

    mapping = step.mapping
    done = step.kind if isinstance(step, Finding) else step.action.value
    return {
        "type": command,
        "id": (mapping and mapping.id) or None,
        "outcome": "failed" if isinstance(step, Change) and reason else done,
        "reason": reason,
        "strm_path": step.strm_path,
        **(mapping.identity.fields() if mapping else {}),
    }


def refresh_record(
    mapping: "Mapping", resolution: "Resolution | None", outcome: str, reason: str | None = None
) -> Record:
    return {
        "type": "refresh",
        "id": mapping.id,
        "outcome": outcome,
        "reason": reason,
        "strm_path": mapping.strm_path,
        **mapping.identity.fields(),
        "provider_used": resolution and resolution.provider,
        "expires_at": resolution and resolution.expires_at,
    }


def troubles_record(found: Sequence["ResolverTrouble"]) -> Record:
    """What a summary says of resolvers in trouble; nothing where there are none."""
    records = [
        {"resolver": trouble.resolver, "links": trouble.links, "reason": trouble.reason}
        for trouble in found
    ]
    return {"resolvers": records} if records else {}


def resolver_health_record(health: "ResolverHealth") -> Record:
    return {
        "resolver": health.resolver,
        "last_answer_at": health.last_answer_at,
        "failures": health.failures,
        "failing_since": health.failing_since,
        "reason": health.reason,
    }


def run_record(seen: "SeenRun") -> Record:
    """`seconds` is how long it has taken so far, `undo` its number for `strmctl undo`."""
    lasted = seen.lasted
    return {
        **job_record(seen.job),
        "type": "run",
        "seconds": None if lasted is None else round(lasted.total_seconds(), 3),
        "undo": seen.undo,
    }


def undoable_record(run: "JournalledRun") -> Record:
    return {
        "type": "run",
        "run": run.id,
        "command": run.command,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "changes": run.changes,
    }


def event_record(event: "Event") -> Record:
    return {
        "type": "event",
        "id": event.id,
        "mapping_id": event.mapping_id,
        "at": event.at,
        "kind": event.kind,
        "detail": dict(event.detail),
    }


def job_record(job: "Job") -> Record:
    return {
        "type": "job",
        "id": job.id,
        "command": job.command,
        "arguments": list(job.arguments),
        "cause": job.cause,
        "state": job.state,
        "total": job.total,
        "done": job.done,
        "counts": dict(job.counts),
        "exit_code": job.exit_code,
        "message": job.message,
        "cancel_requested": job.cancel_requested,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
    }


def stats_record(found: "Stats", within: timedelta, wrong: "Attention | None" = None) -> Record:
    """`within` says how near the end of a link that counts as expiring is; `wrong` stands first."""
    from strmctl.domain.tally import complete

    return {
        "type": "stats",
        **({} if wrong is None else {"attention": _attention_records(wrong)}),
        "mappings": found.mappings,
        "states": found.states(),
        "sites": [_group("site", *item) for item in found.by_site().items()],
        "providers": [_group("provider", *item) for item in found.by_provider().items()],
        "groups": [
            {"site": site, **_group("provider", provider, states)}
            for (site, provider), states in found.by_site_and_provider().items()
        ],
        "expired": found.expired,
        "expiring": found.expiring,
        "expiring_within": within.total_seconds(),
        "stale": found.stale,
        "healed": found.healed,
        "history_since": found.history_since,
        "resolvers": [resolver_health_record(health) for health in found.resolvers],
        "history": [
            {"event": item.event, "cause": item.cause, "times": item.times}
            for item in found.history
        ],
        "counts": {
            name.value: numbers.get("", numbers) for name, numbers in complete(found.counts).items()
        },
        "counts_since": found.counts_since,
    }


_NO_ATTENTION: Record = dict.fromkeys(
    ("kind", "reason", "links", "site", "series", "id", "command", "at")
)


def _attention(kind: str, **values: object) -> Record:
    return _NO_ATTENTION | {"kind": kind} | values


def _attention_records(wrong: "Attention") -> list[Record]:
    """Everything that a person may want to act on, in the order in which the page shows it."""
    found: list[Record] = []
    if wrong.unknown:
        found.append(_attention("unknown", links=wrong.unknown, reason="no verdict yet"))
    found += [
        _attention(
            "run", id=job.id, command=job.command_line, reason=job.message, at=job.finished_at
        )
        for job in wrong.failed_runs
    ]
    found += [
        _attention(
            it.state, site=it.site, series=it.series, links=it.links, reason=it.reason or None
        )
        for it in wrong.groups
    ]
    if wrong.stale:
        found.append(_attention("stale", links=wrong.stale, reason="overdue for a probe"))
    return found


def _group(kind: str, name: str | None, states: "Table[LinkState, int]") -> Record:
    return {kind: name, "mappings": sum(states.values()), "states": dict(states)}
