"""What a button of the page asks for, in the words of the API."""

from collections.abc import Sequence

from pydantic import ValidationError

from strmctl.domain.job import Job
from strmctl.domain.mapping import LinkState
from strmctl.errors import UsageError
from strmctl.server.api.starting import Probing, Refreshing
from strmctl.server.page.answering import Form, whole

CAUSE = "page"

_KINDS: dict[str, type[Refreshing | Probing]] = {"refresh": Refreshing, "probe": Probing}
_NAMES = ("site", "series")
_FLAGS = ("stale", "force")
# The box beside both buttons belongs to one of them.
_FLAGS_OF = {"refresh": (*_FLAGS, "sidecars"), "probe": _FLAGS}
_FIELDS = (*_NAMES, "season", "id", "state", *_FLAGS_OF["refresh"])


def asked(form: Form) -> tuple[str, Refreshing | Probing]:
    """The command and for which links; raises UsageError for what no button asks for."""
    command = _text(form, "do")
    if command not in _KINDS:
        raise UsageError("the form does not say what to do")
    try:
        wanted = _KINDS[command].model_validate(_given(form, _FLAGS_OF[command]))
    except ValidationError:
        raise UsageError("the form says what no button says") from None
    if not any((wanted.site, wanted.series, wanted.id, wanted.state, wanted.stale)):
        raise UsageError("the form does not say which links")
    return command, wanted


def _given(form: Form, flags: Sequence[str]) -> dict[str, object]:
    states = [text for texts in form.get("state", []) for text in texts.split(",") if text]
    return {
        **{name: text for name in _NAMES if (text := _text(form, name))},
        **{name: True for name in flags if _text(form, name)},
        "season": whole(form.get("season", []), "season"),
        "id": [number for text in form.get("id", []) if (number := whole([text], "id"))],
        "state": [_state(text) for text in states],
    }


def state_of(text: str | None) -> LinkState | None:
    """Raises UsageError for what is none."""
    return _state(text) if text else None


def _state(text: str) -> LinkState:
    try:
        return LinkState(text)
    except ValueError:
        raise UsageError(f"no such state: {text[:20]!r}") from None


def _text(form: Form, name: str) -> str | None:
    return form[name][0] if form.get(name) else None


def fields_of(job: Job) -> list[tuple[str, str]] | None:
    """What a form sends to begin this job again; None for what no form can say."""
    if job.asked is None or not job.asked.keys() <= set(_FIELDS):
        return None
    return [(name, text) for name, value in job.asked.items() for text in _texts(value)]


def _texts(value: object) -> list[str]:
    if isinstance(value, list):
        return [str(it) for it in value]
    return ["1" if value is True else str(value)]
