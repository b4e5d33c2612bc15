"""One link added, changed, muted or removed by a form; `strmctl undo` takes each of them back."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from strmctl.errors import StrmctlError, UsageError
from strmctl.server.api.changing import values
from strmctl.server.api.models import Changes, NewMapping
from strmctl.server.api.problems import reasons
from strmctl.server.page.answering import Form, form_of, seen, whole
from strmctl.server.page.library import current, mapping_page, show_mapping
from strmctl.server.page.rendering import link, shown
from strmctl.services.changing.remove import remove_one
from strmctl.services.changing.set_ import set_one
from strmctl.services.reports import browsing
from strmctl.services.threads import in_thread
from strmctl.services.writing.batch import batches
from strmctl.services.writing.entry import Fields, entry
from strmctl.services.writing.plan import Outcome
from strmctl.services.writing.write import Written
from strmctl.settings.model import Settings

_WAIT = timedelta(seconds=2)
_TEXTS = ("title", "provider", "language", "imdb_id")
_NUMBERS = ("year", "tvdb_id", "tmdb_id")
_NEW_TEXTS = ("site", "slug", "language", "provider", "title", "tvdb_id", "tmdb_id", "imdb_id")
_NEW_NUMBERS = ("season", "episode", "year")
_DONE = {Outcome.CREATED: "added", Outcome.UPDATED: "changed", Outcome.UNCHANGED: "as it was"}


async def change(request: Request) -> Response:
    """Only what differs is set; what is refused stays in the form, with the reason."""
    form = await form_of(request)
    found = await mapping_page(request, whole(form.get("id", []), "id"))
    mapping_id = found.mapping.id
    now, given = current(found.mapping), {name: _text(form, name) for name in form}
    try:
        changes = {name: it for name, it in _sent(form).items() if str(it or "") != now.get(name)}
        if not changes:
            return seen(link("mapping", id=mapping_id, done="as it was"))
        await _set(request.state.settings, mapping_id, changes)
    except StrmctlError as error:
        return await show_mapping(request, found, {**now, **given}, error)
    done = "muted" if changes.get("mute", "off") != "off" else "changed"
    return seen(link("mapping", id=mapping_id, done=done))


async def remove(request: Request) -> Response:
    """Asked by GET, so that a slip of the thumb removes nothing; done by POST."""
    state = request.state
    if request.method != "POST":
        mapping_id = whole(request.query_params.getlist("id"), "id") or 0
        found = await in_thread(browsing.mapping, state.settings, state.database, mapping_id)
        return await shown(request, "remove.html", mapping=found.mapping)
    mapping_id = whole((await form_of(request)).get("id", []), "id") or 0
    await in_thread(remove_one, state.settings, mapping_id, wait=_WAIT)
    return seen(link("jobs", done="removed"))


async def add(request: Request) -> Response:
    """What is refused stays in the form, with the reason."""
    if request.method != "POST":
        given = {name: request.query_params.get(name, "") for name in _NEW_TEXTS}
        return await shown(request, "add.html", given=given, problem=None)
    form = await form_of(request)
    try:
        sidecars = bool(form.get("sidecars"))
        written = await in_thread(_write, request.state.settings, _new(form), sidecars)
    except StrmctlError as error:
        given = {name: _text(form, name) for name in form}
        return await shown(
            request, "add.html", status=error.http_status, given=given, problem=str(error)
        )
    return seen(link("mapping", id=written.mapping.id, done=_DONE[written.outcome]))


async def _set(settings: Settings, mapping_id: int, changes: Mapping[str, Any]) -> None:
    checked = _checked(Changes, changes)
    wanted = values(checked.model_dump(exclude_unset=True))
    await in_thread(set_one, settings, mapping_id, wanted, wait=_WAIT)


def _write(settings: Settings, fields: Fields, sidecars: bool) -> Written:
    item = entry(fields)
    # The subtitles are in an answer, so it has to be asked for.
    with batches(settings, resolve=sidecars, sidecars=sidecars) as opened:
        return opened.write_one(item)


def _sent(form: Form) -> dict[str, str | int | None]:
    """By the names of the API; a field that is empty takes the value away."""
    found: dict[str, str | int | None] = {}
    found |= {name: _text(form, name) or None for name in _TEXTS if name in form}
    found |= {name: whole([_text(form, name)], name) for name in _NUMBERS if name in form}
    if found.get("language", "") is None:
        raise UsageError("language: it cannot be empty")
    if "mute" in form:
        found["mute"] = _text(form, "mute")
    return found


def _new(form: Form) -> Fields:
    given: dict[str, str | int | None] = {name: _text(form, name) for name in _NEW_TEXTS}
    given |= {name: whole([_text(form, name)], name) for name in _NEW_NUMBERS}
    # Headers and passwords of a URL are kept, as `write` keeps them; no page shows them again.
    given["url"] = _text(form, "url")
    filled = {name: value for name, value in given.items() if value not in ("", None)}
    checked = _checked(NewMapping, filled)
    return checked.model_dump(exclude={"resolve", "force", "sidecars"}, exclude_none=True)


def _checked(model: type[BaseModel], given: Mapping[str, Any]) -> BaseModel:
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise UsageError(reasons(error)) from None


def _text(form: Form, name: str) -> str:
    return " ".join(form.get(name, [""])[0].split())
