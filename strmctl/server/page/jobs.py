"""Jobs: begun by a form, looked at, cancelled; the script follows them where they began."""

from starlette.requests import Request
from starlette.responses import Response

from strmctl.errors import SafetyError, UsageError
from strmctl.server.api.starting import Undoing
from strmctl.server.page import forms
from strmctl.server.page.answering import done_of, form_of, seen, whole
from strmctl.server.page.rendering import link, shown
from strmctl.services.changing.undo import last_run
from strmctl.services.jobs.run_log import runs as newest_runs
from strmctl.services.threads import in_thread
from strmctl.storage.tables.jobs import JobRecords

_NEWEST = 50
_LINES = 500


async def begin(request: Request) -> Response:
    command, wanted = forms.asked(await form_of(request))
    state = request.state
    wish = await in_thread(wanted.request, state.settings, state.database, command, forms.CAUSE)
    job, _ = await state.jobs.start_or_join(wish)
    return seen(link("job", id=job.id))


async def cancel(request: Request) -> Response:
    job_id = whole((await form_of(request)).get("id", []), "id") or 0
    await request.state.jobs.cancel(job_id)
    return seen(link("job", id=job_id))


async def undo(request: Request) -> Response:
    """Undo the run that the button named: there may be a newer one by now."""
    number = whole((await form_of(request)).get("run", []), "run")
    if not number or number < 1:
        raise UsageError("the form does not say which run")
    state = request.state
    wanted = Undoing(run=number, dry_run=False, force=False)
    wish = await in_thread(wanted.request, state.settings, state.database, "undo", forms.CAUSE)
    job, _ = await state.jobs.start_or_join(wish)
    return seen(link("job", id=job.id))


async def jobs(request: Request) -> Response:
    """Whoever began them: cron, a terminal, the API, the page or the schedule."""
    database = request.state.database
    return await shown(
        request,
        "jobs.html",
        runs=await in_thread(newest_runs, database, _NEWEST),
        last=await in_thread(last_run, database),
        done=done_of(request),
    )


async def job(request: Request) -> Response:
    """The last lines of what it has said."""
    job_id = whole(request.query_params.getlist("id"), "id") or 0
    found = await request.state.jobs.get(job_id)
    records = JobRecords(request.state.database)
    lines = await in_thread(records.last_lines, job_id, _LINES)
    return await shown(
        request,
        "job.html",
        job=found,
        lines=[line.document for line in lines],
        again=forms.fields_of(found) if found.exit_code == SafetyError.exit_code else None,
    )
