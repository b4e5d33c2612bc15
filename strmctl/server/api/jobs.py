"""Refresh and probe as jobs: started, followed line by line, cancelled."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from msgspec import Struct

from strmctl.domain.job import JobLine
from strmctl.server.api import arguments, models
from strmctl.server.api.mappings import location
from strmctl.server.api.paging import Cursor, Limit, cursor_of, id_in
from strmctl.server.api.problems import answers
from strmctl.server.api.security import AdmittedRoute
from strmctl.server.api.starting import (
    Examining,
    Importing,
    Probing,
    Pruning,
    Refreshing,
    Rewriting,
    Running,
    Undoing,
)
from strmctl.services.reports.records import Record, job_record
from strmctl.services.threads import in_thread
from strmctl.storage.database.rows import LARGEST

router = APIRouter(route_class=AdmittedRoute, tags=["jobs"])

JobId = Annotated[models.Id, Path()]
_STARTED: dict[str, Any] = {
    "status_code": 202,
    "response_model": models.Job,
    "response_description": "It is started, or waits for its turn; `Location` says where it is.",
    "responses": {
        200: {"model": models.Job, "description": "The same is under way already: that job."},
        **answers(400, 413, 429),
    },
}
_STREAM = {
    "description": "`line`: one document of the run's `--json`, its number as id. "
    "`job`: the job, when it has changed; the last one is over.",
    "content": {"text/event-stream": {}},
}


class Starting(Struct, frozen=True):
    """What starting a job takes."""

    settings: arguments.Settings
    database: arguments.Database
    jobs: arguments.Jobs
    response: Response

    async def start(self, command: str, wanted: Running) -> Record:
        request = await in_thread(
            wanted.request, self.settings, self.database, command, cause="api"
        )
        started, is_new = await self.jobs.start_or_join(request)
        # 202: accepted and not complete (RFC 9110 section 15.3.3).
        self.response.status_code = 202 if is_new else 200
        self.response.headers["Location"] = location(self.settings, f"jobs/{started.id}")
        return job_record(started)


@router.post("/refresh", **_STARTED)
async def refresh(wanted: Refreshing, starting: Annotated[Starting, Depends()]) -> Record:
    """Resolve the selected mappings again and store the answers that play."""
    return await starting.start("refresh", wanted)


@router.post("/probe", **_STARTED)
async def probe(wanted: Probing, starting: Annotated[Starting, Depends()]) -> Record:
    """Check the selected links and move their states; without a selection, those that are due."""
    return await starting.start("probe", wanted)


@router.post("/import", **_STARTED)
async def import_(wanted: Importing, starting: Annotated[Starting, Depends()]) -> Record:
    """Adopt .strm files of the library; find its own that were moved or renamed."""
    return await starting.start("import", wanted)


@router.post("/rewrite", **_STARTED)
async def rewrite(wanted: Rewriting, starting: Annotated[Starting, Depends()]) -> Record:
    """Bring .strm files to what the settings say."""
    return await starting.start("rewrite", wanted)


@router.post("/prune", **_STARTED)
async def prune(wanted: Pruning, starting: Annotated[Starting, Depends()]) -> Record:
    """Forget mappings whose file is gone, and remove files whose mapping is gone."""
    return await starting.start("prune", wanted)


@router.post("/undo", **_STARTED)
async def undo(wanted: Undoing, starting: Annotated[Starting, Depends()]) -> Record:
    """Take back the last run that changed the library, or the one that is named."""
    return await starting.start("undo", wanted)


@router.post("/doctor", **_STARTED)
async def doctor(wanted: Examining, starting: Annotated[Starting, Depends()]) -> Record:
    """Examine the installation; its findings are the job's lines."""
    return await starting.start("doctor", wanted)


@router.get("/jobs", response_model=models.Jobs, responses=answers(400))
async def list_jobs(jobs: arguments.Jobs, limit: Limit = 100, cursor: Cursor = None) -> Record:
    """List the runs, the newest first."""
    found = await jobs.newest(limit, before=id_in(cursor))
    is_last = len(found) < limit
    return {
        "items": [job_record(it) for it in found],
        "next_cursor": None if is_last else cursor_of(found[-1].id),
    }


@router.get("/jobs/{job_id}", response_model=models.Job, responses=answers(404))
async def show_job(job_id: JobId, jobs: arguments.Jobs) -> Record:
    """Show one run."""
    return job_record(await jobs.get(job_id))


@router.post("/jobs/{job_id}/cancel", response_model=models.Job, responses=answers(404))
async def cancel_job(job_id: JobId, jobs: arguments.Jobs) -> Record:
    """Ask it to end; one that is over stays as it is."""
    return job_record(await jobs.cancel(job_id))


async def _known(job_id: JobId, jobs: arguments.Jobs) -> int:
    """Before the stream begins, while there can still be another answer."""
    jobs.check_place()
    return (await jobs.get(job_id)).id


@router.get(
    "/jobs/{job_id}/events",
    response_class=EventSourceResponse,
    responses={200: _STREAM, **answers(404, 429)},
)
async def follow_job(
    known: Annotated[int, Depends(_known)],
    jobs: arguments.Jobs,
    last_event_id: Annotated[
        # A browser's EventSource sends it by itself when it connects again.
        int, Header(ge=0, le=LARGEST, description="Goes on behind that line.")
    ] = 0,
) -> AsyncIterator[ServerSentEvent]:
    """What it says, as server-sent events, until it is over."""
    async for news in jobs.follow(known, after=last_event_id):
        if isinstance(news, JobLine):
            yield ServerSentEvent(event="line", id=str(news.number), data=news.document)
        else:
            yield ServerSentEvent(event="job", data=models.Job.model_validate(job_record(news)))
