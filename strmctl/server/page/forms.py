"""What a button of the page asks for, as the command line that does it."""

from dataclasses import dataclass
from datetime import datetime

from strmctl.domain.job import Job, JobRequest
from strmctl.domain.mapping import LinkState
from strmctl.domain.selection import Selection
from strmctl.errors import UsageError
from strmctl.server.page.answering import Form, whole
from strmctl.settings.model import Settings
from strmctl.storage.database import Database
from strmctl.storage.mappings import Mappings

COMMANDS = ("refresh", "probe")
CAUSE = "page"

_FLAGS = ("stale", "force")
_FIELDS = ("site", "series", "season", "id", "state", *_FLAGS)


@dataclass(frozen=True, slots=True)
class Asked:
    """One of the commands for a selection; `force` lets it pass the brake."""

    command: str
    site: str | None
    slug: str | None
    season: int | None
    ids: tuple[int, ...]
    states: tuple[LinkState, ...]
    stale: bool
    force: bool

    def arguments(self) -> tuple[str, ...]:
        """With `=`, so that a value that begins with a dash is no option; as the API has them, so
        that the same job is not begun twice."""
        named = {"site": self.site, "series": self.slug, "season": self.season}
        return (
            *(f"--{name}={value}" for name, value in named.items() if value is not None),
            *([f"--state={','.join(self.states)}"] if self.states else []),
            *(["--stale"] if self.stale else []),
            *(f"--id={number}" for number in self.ids),
            *(["--force"] if self.force else []),
        )

    def selection(self, settings: Settings, now: datetime) -> Selection:
        return Selection(
            site=self.site,
            slug=self.slug,
            season=self.season,
            ids=self.ids,
            states=self.states,
            stale_before=now - settings.probe.stale_after if self.stale else None,
        )


def asked(form: Form) -> Asked:
    """Raises UsageError for what no button asks for."""
    command = _text(form, "do")
    if command not in COMMANDS:
        raise UsageError("the form does not say what to do")
    found = Asked(
        command=command,
        site=_text(form, "site"),
        slug=_text(form, "series"),
        season=whole(form.get("season", []), "season"),
        ids=tuple(number for text in form.get("id", []) if (number := whole([text], "id"))),
        states=tuple(_state(text) for texts in form.get("state", []) for text in texts.split(",")),
        stale=_text(form, "stale") is not None,
        force=_text(form, "force") is not None,
    )
    if not any((found.site, found.slug, found.ids, found.states, found.stale)):
        raise UsageError("the form does not say which links")
    return found


def request(settings: Settings, database: Database, wanted: Asked, now: datetime) -> JobRequest:
    selection = wanted.selection(settings, now)
    is_a_play = wanted.command == "refresh" and selection.is_a_few_ids
    return JobRequest(
        wanted.command,
        wanted.arguments(),
        CAUSE,
        Mappings(database).count(selection),
        alone=not is_a_play,
    )


def state_of(text: str | None) -> LinkState | None:
    """Raises UsageError for what is none."""
    return _state(text) if text else None


def _state(text: str) -> LinkState:
    try:
        return LinkState(text)
    except ValueError:
        raise UsageError(f"no such state: {text[:20]!r}") from None


def _text(form: Form, name: str) -> str | None:
    text = form[name][0] if form.get(name) else None
    if text and "\x00" in text:
        raise UsageError(f"{name} is nothing that a command can be told")
    return text


def fields_of(job: Job) -> list[tuple[str, str]] | None:
    """What a form sends to begin this job again; None for what no form can say."""
    fields = []
    for argument in job.arguments:
        name, _, value = argument.removeprefix("--").partition("=")
        if name not in _FIELDS or (not value and name not in _FLAGS):
            return None
        fields.append((name, value or "1"))
    return fields
