"""What the API takes and answers, as its document shows it; unknown names are refused."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)

from strmctl.domain.counted import timestamp
from strmctl.domain.job import JobState
from strmctl.domain.library.arr_event import Sender
from strmctl.domain.mapping import LinkState
from strmctl.services.writing.plan import Outcome
from strmctl.storage.database.rows import LARGEST

_Moment = Annotated[
    datetime,
    PlainSerializer(timestamp),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
Name = Annotated[
    str, StringConstraints(min_length=1, max_length=5000, pattern=r"^[^\x00-\x1f\x7f]+$")
]
Number = Annotated[int, Field(ge=0, le=99_999)]
Id = Annotated[int, Field(ge=1, le=LARGEST)]
Duration = Annotated[
    str,
    StringConstraints(max_length=24, pattern=r"^([0-9]{1,5}(s|m|h|d)){1,4}$"),
    Field(examples=["2h"]),
]


class ExternalIds(BaseModel):
    """What other catalogues call the series or film."""

    imdb: str | None
    tvdb: int | None
    tmdb: int | None


class Mapping(BaseModel):
    """As `strmctl list --json` prints it."""

    type: Literal["mapping"]
    id: int
    strm_path: str = Field(description="Relative to the library.")
    site: str
    slug: str
    season: int | None
    episode: int | None
    language: str
    provider: str | None = Field(description="The one that was asked for.")
    provider_used: str | None
    state: LinkState
    resolved_at: _Moment | None
    expires_at: _Moment | None
    last_probed_at: _Moment | None
    fail_count: int
    playback_url: str
    muted_until: _Moment | None = Field(None, description="Only where it is muted.")
    last_reason: str | None = Field(None, description="Only where it does not play.")
    title: str | None
    year: int | None
    ids: ExternalIds
    episode_title: str | None
    quality: str | None
    release_group: str | None
    resolved_url: str | None = Field(None, description="Only with `reveal`.")
    headers: dict[str, str] | None = Field(None, description="Only with `reveal`.")


class Written(Mapping):
    outcome: Outcome
    unresolved: str | None = Field(description="Why the resolver gave no URL, where it was asked.")
    incomplete: str | None = Field(description="Which sidecars could not be had, and why.")


class Mappings(BaseModel):
    items: list[Mapping]
    total: int = Field(description="How many the whole selection has.")
    next_cursor: str | None = Field(description="Asks for what follows; null at the end.")
    next: str | None = Field(description="The path and query of what follows; null at the end.")


class Event(BaseModel):
    type: Literal["event"]
    id: int
    mapping_id: int | None = Field(description="Null where the mapping is gone.")
    at: _Moment
    kind: str
    detail: dict[str, object]


class Events(BaseModel):
    items: list[Event] = Field(description="The newest first.")
    next_cursor: str | None


class Job(BaseModel):
    """One run of the command line that the server has started."""

    type: Literal["job"]
    id: int
    command: str
    arguments: list[str]
    cause: str = Field(description="Who started it, such as `api` or `maintain`.")
    state: JobState
    total: int | None = Field(description="How many mappings it is about.")
    done: int
    counts: dict[str, int] = Field(description="Of the run's summary, once it is over.")
    exit_code: int | None = Field(description="As in `strmctl --help`; negative: a signal.")
    message: str | None = Field(description="The error that ended it.")
    cancel_requested: bool
    created_at: _Moment
    started_at: _Moment | None
    finished_at: _Moment | None


class Jobs(BaseModel):
    items: list[Job] = Field(description="The newest first.")
    next_cursor: str | None


_States = dict[LinkState, int]


class SiteStats(BaseModel):
    site: str
    mappings: int
    states: _States


class ProviderStats(BaseModel):
    provider: str | None
    mappings: int
    states: _States


class GroupStats(ProviderStats):
    site: str


class Happened(BaseModel):
    event: str
    cause: str | None
    times: int


class Attention(BaseModel):
    """What is wrong: links that are unknown or do not play, runs that failed."""

    kind: str = Field(description="`unknown`, `run`, a link state, or `stale`.")
    reason: str | None
    links: int | None = None
    site: str | None = None
    series: str | None = None
    id: int | None = Field(None, description="The job's.")
    command: str | None = None
    at: _Moment | None = None


class Counts(BaseModel):
    """Since `counts_since`, of all processes; `/metrics` says the same numbers."""

    heals: dict[str, int]
    resumes: dict[str, int]
    resolves: dict[str, int]
    address_changes: int
    plays: int
    bytes: dict[str, int] = Field(description="Sent to clients, by what was asked for.")


class ResolverHealth(BaseModel):
    """`failures` came in a row since its last answer."""

    resolver: str
    last_answer_at: _Moment | None
    failures: int
    failing_since: _Moment | None
    reason: str | None


class Stats(BaseModel):
    """As `strmctl stats --json` prints it."""

    type: Literal["stats"]
    attention: list[Attention]
    mappings: int
    states: _States
    sites: list[SiteStats]
    providers: list[ProviderStats]
    groups: list[GroupStats]
    expired: int
    expiring: int
    expiring_within: float = Field(description="In seconds.")
    stale: int
    healed: int
    resolvers: list[ResolverHealth]
    history_since: _Moment | None
    history: list[Happened]
    counts: Counts
    counts_since: _Moment | None


class Health(BaseModel):
    status: Literal["ok", "ready"]
    version: str


class FileOutcome(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    strm_path: str
    outcome: str = Field(description="`moved`, `created`, `removed`, `unchanged`, `not_found` ….")
    reason: str
    mapping_id: int | None


class Received(BaseModel):
    """What a webhook came to."""

    model_config = ConfigDict(from_attributes=True)

    sender: Sender
    event: str
    ignored: bool = Field(description="It concerns no .strm file.")
    waiting: bool = Field(description="It is done once the run has ended that holds the lock.")
    files: list[FileOutcome]


_EPISODE: dict[str, JsonValue] = {
    "site": "media.example",
    "slug": "one-piece",
    "season": 1,
    "episode": 2,
    "language": "German Dub",
    "title": "One Piece",
    "year": 1999,
}


class NewMapping(BaseModel):
    """What `strmctl write` takes."""

    model_config = ConfigDict(
        extra="forbid", strict=True, json_schema_extra={"examples": [_EPISODE]}
    )

    site: Name
    slug: Name
    language: Name
    season: Number | None = Field(None, description="With `episode`; a movie has neither.")
    episode: Number | None = None
    provider: Name | None = None
    title: Name | None = None
    year: Annotated[int, Field(ge=1, le=9999)] | None = None
    tvdb_id: Annotated[str, StringConstraints(pattern="^[0-9]{1,12}$")] | None = None
    tmdb_id: Annotated[str, StringConstraints(pattern="^[0-9]{1,12}$")] | None = None
    imdb_id: Annotated[str, StringConstraints(pattern="^tt[0-9]{5,12}$")] | None = None
    path: Name | None = Field(None, description="Of the .strm, relative to the library.")
    url: Annotated[str, StringConstraints(min_length=1, max_length=16_384)] | None = Field(
        None, description="What it resolves to now."
    )
    headers: dict[Name, Annotated[str, StringConstraints(max_length=4096)]] | None = Field(
        None, max_length=64, description="What the upstream wants to see with that URL."
    )
    resolve: bool = Field(False, description="Ask the resolver now what it resolves to.")
    force: bool = Field(False, description="Overwrite a file that holds something else.")
    sidecars: bool = Field(
        False, description="Also a .nfo beside it, and the subtitles of an answer."
    )


class NewMappings(BaseModel):
    """Many at once; a bad one does not stop the others."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"examples": [{"items": [_EPISODE, {**_EPISODE, "episode": 3}]}]},
    )

    items: Annotated[list[dict[str, JsonValue]], Field(min_length=1, max_length=1000)] = Field(
        description="Each as `POST /mappings` takes it, without `resolve`, `force`, `sidecars`."
    )
    resolve: bool = Field(False, description="Ask resolvers now what each one resolves to.")
    force: bool = Field(False, description="Overwrite files that hold something else.")
    sidecars: bool = Field(
        False, description="Also a .nfo beside each, and the subtitles of the answers."
    )


class WrittenItem(BaseModel):
    """What became of one, in the order of the items."""

    item: int = Field(description="Which one, from 1.")
    outcome: str = Field(description="`created`, `updated`, `unchanged` or `failed`.")
    id: int | None
    strm_path: str | None
    reason: str | None = Field(description="Why it failed, or why the resolver gave no URL.")


class WrittenItems(BaseModel):
    items: list[WrittenItem]
    counts: dict[str, int] = Field(description="By outcome, those that did not happen with 0.")


class Changes(BaseModel):
    """What `strmctl set` takes: what is absent stays, null takes a value away."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        json_schema_extra={"examples": [{"title": "One Piece", "year": 1999}, {"mute": "30d"}]},
    )

    title: Name | None = None
    year: Annotated[int, Field(ge=1, le=9999)] | None = None
    provider: Name | None = None
    language: Name | None = Field(None, description="Null leaves it.")
    imdb_id: Annotated[str, StringConstraints(pattern="^tt[0-9]{5,12}$")] | None = None
    tvdb_id: Annotated[int, Field(ge=1, le=999_999_999)] | None = None
    tmdb_id: Annotated[int, Field(ge=1, le=999_999_999)] | None = None
    path: Name | None = Field(None, description="Where its file shall be; null leaves it.")
    mute: Duration | Literal["forever", "off"] | None = Field(
        None, description="How long nobody is reminded of it; `off` or null ends that."
    )
