"""A show: files at the upstream behind tokens that die, a resolver for it, a playback URL."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from stage.routes import FORBIDDEN
from stage.upstream import Answer, Exchange, Request, Route, Upstream

Question = Mapping[str, Any]
_numbers = itertools.count(1)


@dataclass(slots=True)
class Show:
    """What lies at `<upstream>/<slug>/<token>/<name>` is `routes[name]`, while the token lives.

    Each resolve answers the address of `entry` with a new token and these `headers`, or the
    address `elsewhere`; it takes as long as `resolver_waits_for` is false, half a second at
    most. `refusal` is what a dead token is answered, and everything once the show `is_dead`.
    """

    upstream: Upstream
    entry: str = "index.m3u8"
    slug: str = field(default_factory=lambda: f"show-{next(_numbers)}")
    routes: dict[str, Route] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    elsewhere: str = ""
    refusal: Answer = FORBIDDEN
    is_dead: bool = False
    questions: list[Question] = field(default_factory=list)
    resolver_waits_for: Callable[[], bool] = lambda: True
    _tokens: list[str] = field(default_factory=list)

    @property
    def token(self) -> str:
        return self._tokens[-1]

    def url(self, name: str) -> str:
        """The upstream's own address of a file, with the newest token."""
        return f"{self.upstream.url}/{self.slug}/{self.token}/{name}"

    def expire(self, refusal: Answer = FORBIDDEN) -> None:
        """All tokens so far are dead; the next resolve brings one that lives."""
        self.refusal = refusal
        self._tokens.clear()

    def resolve(self, question: Question) -> Answer:
        self.questions.append(question)
        self._tokens.append(f"token{len(self.questions)}")
        url = self.elsewhere or self.url(self.entry)
        answer = {"url": url, "headers": self.headers, "provider": "VOE", "expires_at": None}
        return Answer(200, lambda: self._in_its_time(json.dumps(answer).encode()))

    async def _in_its_time(self, content: bytes) -> AsyncIterator[bytes]:
        for _ in range(50):
            if self.resolver_waits_for():
                break
            await asyncio.sleep(0.01)
        yield content

    def __call__(self, request: Request) -> Answer:
        _, _, token, name = request.path.split("/", 3)
        if self.is_dead or token not in self._tokens:
            return self.refusal
        route = self.routes.get(name)
        return route(replace(request, path=name)) if route else Answer(404)

    def exchanges(self, name: str | None = None) -> list[Exchange]:
        """What was asked for below the show, or of one file."""
        found = [e for e in self.upstream.exchanges if e.request.path.split("/")[1] == self.slug]
        return [e for e in found if name is None or e.request.path.split("/", 3)[3] == name]

    def asked(self, name: str | None = None) -> list[Request]:
        return [exchange.request for exchange in self.exchanges(name)]


class Resolver:
    """`POST /resolve`: answers for the shows that it knows, 404 for others."""

    def __init__(self, upstream: Upstream) -> None:
        self.url = f"{upstream.url}/resolve"
        self.requests: list[Request] = []
        self._upstream = upstream
        self._shows: dict[str, Show] = {}
        upstream.sites["resolve"] = self

    def new_show(self) -> Show:
        show = Show(self._upstream)
        self._upstream.sites[show.slug] = self._shows[show.slug] = show
        return show

    def __call__(self, request: Request) -> Answer:
        self.requests.append(request)
        if request.method != "POST":
            return Answer(405)
        question = json.loads(request.body)
        show = self._shows.get(question["slug"])
        return show.resolve(question) if show else Answer(404)
