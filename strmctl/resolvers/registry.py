"""One resolver answers for a site: named exactly, else by a glob, else by `*`."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from fnmatch import fnmatchcase
from importlib import import_module
from urllib.parse import urlsplit

from msgspec import structs

from strmctl import tracing
from strmctl.discreet import Discreet
from strmctl.domain.mapping import Resolution
from strmctl.domain.urls import address
from strmctl.errors import ResolverError, SettingError, UsageError
from strmctl.resolvers import plugin
from strmctl.resolvers.answer import checked
from strmctl.resolvers.catalogue import Catalogue, Listing
from strmctl.resolvers.contract import Factory, Resolver, ResolveRequest, no_resolver
from strmctl.settings.model import ResolverSettings, Settings

KINDS: Mapping[str, tuple[str, str]] = {
    "http": ("strmctl.resolvers.http", "HttpResolver"),
    "command": ("strmctl.resolvers.command", "CommandResolver"),
    "template": ("strmctl.resolvers.template", "TemplateResolver"),
    "ytdlp": ("strmctl.resolvers.ytdlp", "YtdlpResolver"),
    "stremio": ("strmctl.resolvers.stremio", "StremioResolver"),
}
"""Module and class of each type; every other one is the name of an entry point."""

Answered = Callable[[float, int], None]
"""Hears of every answer: the seconds that it took, and 200 or what the ResolverError says."""

log = logging.getLogger(__name__)


def _unheard(seconds: float, http_status: int) -> None:
    return


_OF_HOMES = (".lan", ".home", ".home.arpa")
"""What routers call a network's own machines (RFC 8375); a public name server knows none."""


class NamedResolver(Discreet, frozen=True, eq=False):
    """A resolver under its settings' name: within its deadline, its answer checked.

    Every ResolverError begins with the name, so that one line tells which resolver it was.
    """

    hidden = ("egress",)

    name: str
    timeout: timedelta
    resolver: Resolver
    egress: str = ""
    answered: Answered = _unheard

    async def resolve(self, request: ResolveRequest) -> Resolution:
        started = time.monotonic()
        try:
            answer = await self._answer(request)
        except ResolverError as error:
            self._report(time.monotonic() - started, error.http_status, str(error))
            raise
        self._report(time.monotonic() - started, 200, f"resolver {self.name!r}: answered")
        return answer

    def _report(self, seconds: float, http_status: int, what: str) -> None:
        self.answered(seconds, http_status)
        tracing.step(
            log,
            "resolver",
            "%s (%d ms)",
            what,
            1000 * seconds,
            level=logging.INFO,
            resolver=self.name,
            status=http_status,
            seconds=round(seconds, 4),
        )

    async def listing(self, name: str) -> Listing:
        """What its catalogue says; raises UsageError where it has none."""
        catalogue = self.resolver
        if not isinstance(catalogue, Catalogue):
            raise UsageError(
                f"[resolvers.{self.name}] has no catalogue (stremio and ytdlp do): give a list of "
                "the episodes, --from FILE.csv"
            )
        with _named(self):
            async with asyncio.timeout(self.timeout.total_seconds()):
                return await catalogue.listing(name)

    async def _answer(self, request: ResolveRequest) -> Resolution:
        with _named(self):
            # asyncio.timeout cancels the resolver, which then ends what it has started.
            async with asyncio.timeout(self.timeout.total_seconds()):
                answer = checked(await self.resolver.resolve(request))
        return replace(answer, provider=answer.provider or request.identity.provider)

    async def aclose(self) -> None:
        await self.resolver.aclose()


@contextmanager
def _named(resolver: NamedResolver) -> Iterator[None]:
    """Its failures begin with its name."""
    try:
        yield
    except TimeoutError:
        seconds = resolver.timeout.total_seconds()
        raise ResolverError(
            f"resolver {resolver.name!r}: no answer within {seconds:g} s", http_status=504
        ) from None
    except ResolverError as error:
        raise ResolverError(
            f"resolver {resolver.name!r}: {error}",
            http_status=error.http_status,
            retry_after=error.retry_after,
            unasked=error.unasked,
            by_egress=error.by_egress,
        ) from error


class Registry:
    """Every resolver of the settings; `aclose` gives back what they hold."""

    def __init__(self, by_pattern: Mapping[str, NamedResolver]) -> None:
        self._exact = {key: value for key, value in by_pattern.items() if not _is_glob(key)}
        globs = [key for key in by_pattern if _is_glob(key)]
        # sorted() is stable: among globs the settings' order counts, `*` comes last.
        self._globs = {key: by_pattern[key] for key in sorted(globs, key=lambda key: key == "*")}

    @classmethod
    def from_settings(cls, settings: Settings, answered: Answered = _unheard) -> "Registry":
        """Raises SettingsError for a table that cannot be used."""
        by_pattern: dict[str, NamedResolver] = {}
        for table in settings.resolvers:
            # Its links leave by `table.egress`, None of which is `upstream.egress` by itself.
            kind = _factory(table)(leaving(table, settings))
            resolver = NamedResolver(table.name, table.timeout, kind, table.egress, answered)
            for pattern in _patterns(table):
                other = by_pattern.setdefault(pattern, resolver)
                if other is not resolver:
                    raise SettingError(
                        f"resolvers.{table.name}.sites",
                        f"{pattern!r} is in [resolvers.{other.name}] as well: keep one of them",
                    )
        return cls(by_pattern)

    def all(self) -> Sequence[NamedResolver]:
        return list(dict.fromkeys([*self._exact.values(), *self._globs.values()]))

    def has(self, site: str) -> bool:
        return self._find(site) is not None

    def egress(self, site: str) -> str | None:
        """The egress that the site's resolver has of its own, None where it has none."""
        resolver = self._find(site)
        return resolver.egress or None if resolver else None

    def for_site(self, site: str) -> NamedResolver:
        """Raises ResolverError where no table names the site."""
        resolver = self._find(site)
        if resolver is None:
            raise ResolverError(no_resolver(site))
        return resolver

    async def aclose(self) -> None:
        for resolver in self.all():
            await resolver.aclose()

    def _find(self, site: str) -> NamedResolver | None:
        exact = self._exact.get(site)
        if exact is not None or not self._globs:
            return exact
        globs = (value for key, value in self._globs.items() if fnmatchcase(site, key))
        return next(globs, None)


def _patterns(table: ResolverSettings) -> Sequence[str]:
    patterns = list(dict.fromkeys(pattern.strip().lower() for pattern in table.sites))
    if not patterns or "" in patterns:
        raise SettingError(f"resolvers.{table.name}.sites", 'name a site, or "*" for all')
    return patterns


def _is_glob(pattern: str) -> bool:
    return any(char in pattern for char in "*?[")


def _factory(table: ResolverSettings) -> Factory:
    """Modules are imported when a table asks for their kind: not every one needs httpx."""
    if table.type in KINDS:
        module, name = KINDS[table.type]
        factory: Factory = getattr(import_module(module), name)
        return factory
    return plugin.find(table, known=list(KINDS))


def leaving(table: ResolverSettings, settings: Settings) -> ResolverSettings:
    """The table with the egress that its resolver is asked through: by the way of its links.

    Providers bind a link to the address that resolved it, and a site's name is nobody's business
    on the way. What listens here or in a private network is asked directly: the egress does not
    lead there.
    """
    egress = settings.upstream.egress
    if table.egress or not egress or _is_here(_host(table), settings.upstream.allow):
        return table
    return structs.replace(table, egress=egress)


def _host(table: ResolverSettings) -> str:
    """The URL of the endpoint, page or manifest that it asks; "" where a program asks."""
    url = table.options.get("url")
    try:
        host = urlsplit(url).hostname if isinstance(url, str) else None
    except ValueError:
        # The kind says what is wrong with it.
        return ""
    return (host or "").rstrip(".")


def _is_here(host: str, allowed: Sequence[str]) -> bool:
    literal = address.parse_literal(host)
    if literal is not None:
        return not address.is_public(literal)
    is_local = address.is_local_name(host) or host.endswith(_OF_HOMES) or host in allowed
    return bool(host) and is_local
