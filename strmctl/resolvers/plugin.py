"""Resolvers from other distributions: entry points in the group `strmctl.resolvers`.

An entry point names a factory: ResolverSettings in, Resolver out (contract.py).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from strmctl.domain.mapping import Resolution
from strmctl.errors import ResolverError, SettingError, SettingsError, StrmctlError
from strmctl.resolvers.contract import Factory, Resolver, ResolveRequest
from strmctl.settings.model import ResolverSettings

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "strmctl.resolvers"


class PluginResolver(Struct, frozen=True):
    """Foreign code: whatever it raises fails one item, never the run."""

    resolver: Resolver

    async def resolve(self, request: ResolveRequest) -> Resolution:
        try:
            return await self.resolver.resolve(request)
        # asyncio.timeout around this call needs its TimeoutError as it is.
        except (StrmctlError, TimeoutError):
            raise
        except Exception as error:
            raise ResolverError(f"its code failed with {type(error).__name__}") from error

    async def aclose(self) -> None:
        await self.resolver.aclose()


def find(table: ResolverSettings, *, known: Sequence[str]) -> Factory:
    """The factory behind `type`; raises SettingsError where no distribution has it."""
    from importlib.metadata import entry_points  # Few have a kind of their own, each start counts.

    found = entry_points(group=GROUP, name=table.type)
    if not found:
        kinds = ", ".join([*known, *sorted({entry.name for entry in entry_points(group=GROUP)})])
        raise SettingError(f"resolvers.{table.name}.type", f"{table.type!r} is none of {kinds}")
    [entry, *_] = found
    factory = _load(entry, table)
    return lambda settings: _make(factory, settings)


def _load(entry: "EntryPoint", table: ResolverSettings) -> Factory:
    try:
        factory: Factory = entry.load()
    except Exception as error:
        raise _unusable(table, f"cannot be imported ({type(error).__name__}: {error})") from error
    return factory


def _make(factory: Factory, settings: ResolverSettings) -> Resolver:
    try:
        resolver = factory(settings)
    except SettingsError:
        raise
    except Exception as error:
        raise _unusable(settings, f"failed to start ({type(error).__name__}: {error})") from error
    for method in ("resolve", "aclose"):
        if not callable(getattr(resolver, method, None)):
            raise _unusable(settings, f"made something without {method}()")
    return PluginResolver(resolver)


def _unusable(table: ResolverSettings, what: str) -> SettingsError:
    return SettingError(
        f"resolvers.{table.name}.type",
        f"the entry point {table.type!r} {' '.join(what.split())}",
    )
