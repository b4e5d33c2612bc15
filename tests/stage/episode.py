"""An episode on the stage: a file behind nginx, a resolver that signs it, a `.strm` for it."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from stage.media import FILM, Media
from stage.nginx import Nginx
from stage.resolver import Answer, Question, Resolver
from stage.strmctl import Strmctl

HEADERS = {"Referer": "https://made.up/watch/2", "User-Agent": "MadeUp/1.0"}
_LONG = 3600.0
_numbers = itertools.count(1)


@dataclass(slots=True)
class Episode:
    """What the resolver answers from now on, and what it has answered.

    `lifetime`: in seconds; None for URLs that last until they are made to `expire`. `told`:
    whether its URLs tell when they end, in a form that strmctl reads.
    """

    path: str
    slug: str
    resolver: Resolver
    nginx: Nginx
    lifetime: float | None = None
    rate: str = ""
    told: bool = False
    playback_url: str = ""
    upstream_urls: list[str] = field(default_factory=list)

    def answer(self) -> Answer:
        if self.path == FILM:
            sign = partial(self.nginx.file_url, rate=self.rate)
        else:
            sign = partial(self.nginx.folder_url)
        # No two that last end in the same second: they would be one token.
        seconds = _LONG + next(_numbers) if self.lifetime is None else self.lifetime
        url = sign(self.path, seconds=seconds, told=self.told)
        self.upstream_urls.append(url)
        return {"url": url, "headers": HEADERS, "provider": "VOE", "expires_at": None}

    def questions(self) -> list[Question]:
        return self.resolver.asked(self.slug)

    def expire(self) -> None:
        """The URL in use is dead on return; the next one lasts."""
        if self.lifetime is None:
            self.nginx.end(self.upstream_urls[-1])
        else:
            self.nginx.wait_expired(self.upstream_urls[-1])
        self.lifetime = None


@dataclass(frozen=True, slots=True)
class Stage:
    media: Media
    nginx: Nginx
    resolver: Resolver
    strmctl: Strmctl
    _lasting: dict[str, Episode] = field(default_factory=dict)

    def lasting(self, path: str) -> Episode:
        """An episode of this file that does not expire, already resolved, for all who ask."""
        if path not in self._lasting:
            self._lasting[path] = self.episode(path, "--resolve")
        return self._lasting[path]

    def episode(
        self,
        path: str,
        *arguments: str,
        lifetime: float | None = None,
        rate: str = "",
        told: bool = False,
        environ: Mapping[str, str] | None = None,
    ) -> Episode:
        """`strmctl write` of a series of its own; `playback_url` is read from the `.strm`."""
        slug = f"show-{next(_numbers)}"
        episode = Episode(path, slug, self.resolver, self.nginx, lifetime, rate, told)
        self.resolver.answers[slug] = episode.answer
        mapping = self.strmctl.write(slug, *arguments, environ=environ)
        episode.playback_url = self.strmctl.strm_text(mapping).strip()
        return episode
