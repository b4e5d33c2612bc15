"""Jobs: begun by a form, looked at, cancelled; the script follows them where they began."""

from starlette.requests import Request
from starlette.responses import Response

from strmctl.errors import SafetyError
from strmctl.server.page import forms
from strmctl.server.page.answering import form_of, seen, whole
from strmctl.server.page.rendering import link, shown
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


async def jobs(request: Request) -> Response:
    return await shown(request, "jobs.html", jobs=await request.state.jobs.newest(_NEWEST))


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
