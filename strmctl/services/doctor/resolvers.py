"""Every site has a resolver, and each resolver answers; nothing it says is stored."""

import asyncio
import shlex
import shutil
from collections.abc import Iterator, Sequence
from contextlib import aclosing, suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from msgspec import structs

from strmctl.domain.counted import counted
from strmctl.domain.http.unanswered import why_unanswered
from strmctl.domain.mapping import Mapping
from strmctl.domain.resolver_health import in_use
from strmctl.errors import ResolverError, SettingsError
from strmctl.resolvers.contract import Reason, ResolveRequest
from strmctl.resolvers.endpoint import NO_ANSWER, tls
from strmctl.resolvers.registry import NamedResolver, Registry, leaving
from strmctl.services.doctor.clock import note_skew
from strmctl.services.doctor.finding import Finding, Severity, of_error
from strmctl.services.doctor.installation import Installation
from strmctl.settings.model import ResolverSettings, Settings
from strmctl.storage.database.integrity import DatabaseHealth, Site
from strmctl.storage.tables.resolver_health import ResolverHealthTable

_SECONDS = 5.0


def tables_usable(installation: Installation) -> Iterator[Finding]:
    """Each by itself, so that one broken table does not hide another; then together."""
    settings = installation.settings
    broken = [error for table in settings.resolvers if (error := _broken(settings, [table]))]
    together = None if broken else _broken(settings, settings.resolvers)
    for error in [*broken, *([together] if together else [])]:
        yield of_error(error, "resolver", "resolvers")


def every_site_has_one(installation: Installation) -> Iterator[Finding]:
    sites = _sites(installation)
    if sites and not installation.settings.resolvers:
        yield _no_resolver(sum(site.unresolved for site in sites))
        return
    registry = _registry(installation)
    if registry is not None:
        yield from (_without_resolver(site) for site in sites if not registry.has(site.name))


def resolvers_answer(installation: Installation) -> Iterator[Finding]:
    registry = _registry(installation)
    if registry is not None and installation.settings.resolvers:
        yield from asyncio.run(_ask_all(installation, registry))


def resolvers_have_answered(installation: Installation) -> Iterator[Finding]:
    """What the runs and plays before this one have seen."""
    database = installation.usable_database()
    known = ResolverHealthTable(database).all() if database else ()
    for health in in_use(known, installation.settings.resolver_names):
        if health.is_failing:
            since = f"{health.failing_since:%Y-%m-%d %H:%M} UTC"
            yield Finding(
                Severity.INFO,  # whether it fails now is what the check before this one says
                "resolver",
                health.resolver,
                f"{health.in_a_row} since {since}, the last one: {health.reason}",
                "links that have expired wait for it: their states stay",
            )


async def _ask_all(installation: Installation, registry: Registry) -> list[Finding]:
    tables = {table.name: table for table in installation.settings.resolvers}
    samples = _samples(installation, registry)
    async with aclosing(registry):
        answers = await asyncio.gather(
            *(
                _ask(installation, tables[resolver.name], resolver, samples.get(resolver.name))
                for resolver in registry.all()
            )
        )
    return [finding for finding in answers if finding is not None]


async def _ask(
    installation: Installation,
    table: ResolverSettings,
    resolver: NamedResolver,
    sample: Mapping | None,
) -> Finding | None:
    """A real question where the library has one; else only whether somebody is there."""
    missing = await _missing(installation, table)
    if missing or sample is None:
        return missing
    try:
        request = ResolveRequest(sample.identity, Reason.PROBE)
        await resolver.resolve(request.knowing(sample.title, sample.year, sample.ids))
    except ResolverError as error:
        return _judged(resolver.name, error)
    return None


def _judged(name: str, error: ResolverError) -> Finding | None:
    """To say that there is no such episode is an answer, and so is to ask for patience."""
    if error.http_status == 404:
        return None
    if error.unasked:
        return Finding.warning("resolver", name, str(error))
    # "Later" is an answer: it lives.
    if error.http_status == 503:
        return Finding.info("resolver", name, str(error))
    return Finding.error("resolver", name, str(error), f"check [resolvers.{name}] and what it asks")


async def _missing(installation: Installation, table: ResolverSettings) -> Finding | None:
    table = leaving(table, installation.settings)
    match table.type:
        case "http":
            return await _unreachable(installation, table)
        case "command":
            return _not_executable(table)
        case "stremio":
            return await _without_streams(table)
        case _:
            return None


async def _unreachable(installation: Installation, table: ResolverSettings) -> Finding | None:
    """Any answer will do; OPTIONS asks for nothing (RFC 9110 section 9.3.7)."""
    url = str(table.options.get("url", ""))
    try:
        async with httpx.AsyncClient(
            proxy=table.egress or None, timeout=_SECONDS, trust_env=False, verify=tls()
        ) as client:
            # A resolver may count or charge each question.
            response = await client.options(url)
    except (*NO_ANSWER, httpx.InvalidURL) as error:
        where = urlsplit(url).netloc.rpartition("@")[2]
        reason = f"resolver {table.name!r}: {where} does not answer ({why_unanswered(error)})"
        remedy = f"start what listens there, or correct resolvers.{table.name}.url"
        return Finding.error("resolver", table.name, reason, remedy)
    note_skew(installation, f"resolver {table.name!r}", response.headers.get("Date"))
    return None


async def _without_streams(table: ResolverSettings) -> Finding | None:
    """The manifest says what an addon is for; a catalogue alone gives no links."""
    from strmctl.resolvers.addon import offers
    from strmctl.resolvers.stremio import StremioResolver

    remedy = f"check resolvers.{table.name}.url: it ends in /manifest.json"
    try:
        async with asyncio.timeout(_SECONDS), aclosing(StremioResolver(table)) as addon:
            if offers(await addon.manifest(), "stream"):
                return None
        what = "its manifest does not offer `stream`: it has no links"
        remedy = "take an addon that offers streams"
    except TimeoutError:
        what = f"its manifest does not come within {_SECONDS:g} s"
    except ResolverError as error:
        what = f"its manifest: {error}"
    return Finding.error("resolver", table.name, f"resolver {table.name!r}: {what}", remedy)


def _not_executable(table: ResolverSettings) -> Finding | None:
    given = table.options.get("command")
    words = shlex.split(given) if isinstance(given, str) else given
    assert isinstance(words, Sequence), "a registry has read it"
    # No shell starts it, so nobody else would read the ~.
    program = str(Path(words[0]).expanduser())
    if shutil.which(program):
        return None
    return Finding.error(
        "resolver",
        table.name,
        f"resolver {table.name!r}: {program} is not there or cannot be executed",
        f"install it, `chmod +x` it, or correct resolvers.{table.name}.command",
    )


def _samples(installation: Installation, registry: Registry) -> dict[str, Mapping]:
    """One mapping for each resolver that has any, by the resolver's name."""
    database = installation.usable_database()
    found: dict[str, Mapping] = {}
    for site in _sites(installation):
        if database is None or not registry.has(site.name):
            continue
        name = registry.for_site(site.name).name
        if name not in found and (mapping := DatabaseHealth(database).one_of(site.name)):
            found[name] = mapping
    return found


def _sites(installation: Installation) -> Sequence[Site]:
    database = installation.usable_database()
    return DatabaseHealth(database).sites() if database else ()


def _registry(installation: Installation) -> Registry | None:
    """None where another check tells what is wrong with the tables."""
    with suppress(SettingsError):
        return Registry.from_settings(installation.settings)
    return None


def _broken(settings: Settings, tables: Sequence[ResolverSettings]) -> SettingsError | None:
    try:
        Registry.from_settings(structs.replace(settings, resolvers=tuple(tables)))
    except SettingsError as error:
        return error
    return None


def _no_resolver(unresolved: int) -> Finding:
    what = "there is none: links that die stay dead"
    if unresolved:
        what += f", and {counted(unresolved, 'mapping')} without a URL cannot play"
    severity = Severity.WARNING if unresolved else Severity.INFO
    remedy = "write one: `strmctl resolver new NAME --type T --site SITE`"
    return Finding(severity, "resolver", "resolvers", what, remedy)


def _without_resolver(site: Site) -> Finding:
    """Links that have a URL play until it dies."""
    severity = Severity.WARNING if site.unresolved else Severity.INFO
    return Finding(
        severity,
        "resolver",
        site.name,
        f"no resolver for its {counted(site.mappings, 'mapping')}, "
        f"{site.unresolved} of them without a URL",
        f'add a [resolvers.NAME] table with sites = ["{site.name}"] to the settings: '
        f"`strmctl resolver new NAME --type T --site {site.name}`",
    )
