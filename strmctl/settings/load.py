"""Flag > environment > strmctl.toml > default; one wrong key or value is one clear line."""

import difflib
import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from strmctl.errors import SettingsError, UsageError
from strmctl.settings import environment
from strmctl.settings.keys import KEYS, RESOLVER_KEYS, SECTIONS, Key, resolver_key
from strmctl.settings.model import ResolverSettings, Settings
from strmctl.settings.values import Kind

FILE_NAME = "strmctl.toml"
_FLAG = "flag"
_FLAGS = {"proxy.public_base_url": "--base-url"}
"""Flags that are not called as their key is."""
_RESOLVER_NAME = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Value:
    """One effective setting; `source` is "default", a file, "env NAME" or "flag"."""

    key: str
    value: object = field(repr=False)
    source: str
    kind: Kind = field(repr=False)

    @property
    def shown(self) -> object:
        """Fit for JSON and for people: secrets are masked."""
        return self.kind.show(self.value)


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings in force, the file they came from if there is one, and every single value."""

    settings: Settings
    file: Path | None
    values: Sequence[Value]


@dataclass(frozen=True, slots=True)
class _Given:
    """What somebody wrote for a key; relative paths count from `folder`."""

    raw: object
    source: str
    where: str
    folder: Path


def load(
    config: Path | None = None,
    overrides: Mapping[str, str] = MappingProxyType({}),
    environ: Mapping[str, str] = os.environ,
) -> Loaded:
    """`overrides` are flags, keyed like settings ("serve.port").

    Raises SettingsError for a missing or broken file, an unknown key and a bad value; that of
    a flag is a UsageError.
    """
    file = find_file(config, environ)
    folder = Path.cwd() if file is None else file.parent
    given = dict(_from_file(file) if file is not None else ())
    given |= _from_environment(environ, _resolver_names(given))
    given |= _from_flags(overrides)
    values = [_value(key, given.get(key.name), folder) for key in KEYS.values()]
    resolvers, resolver_values = _resolvers(given, folder)
    return Loaded(_settings(values, resolvers), file, [*values, *resolver_values])


def find_file(config: Path | None, environ: Mapping[str, str]) -> Path | None:
    """The settings file in force; raises SettingsError when the one asked for is missing."""
    named = config or (Path(path) if (path := environ.get("STRMCTL_CONFIG")) else None)
    if named is not None:
        if not named.is_file():
            raise SettingsError(f"{named}: no such settings file: make one with `strmctl init`")
        return named.absolute()
    usual = (Path(FILE_NAME), environment.config_folder(environ) / FILE_NAME)
    return next((path.absolute() for path in usual if path.is_file()), None)


def _from_file(file: Path) -> Iterator[tuple[str, _Given]]:
    for name, raw in _flatten(_read_toml(file), file):
        if name not in KEYS and not name.startswith("resolvers."):
            raise SettingsError(f"{file}: unknown key {name!r}{did_you_mean(name, KEYS)}")
        yield name, _Given(raw, str(file), f"{file}: {name}", file.parent)


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: not TOML: {error}") from None
    except OSError as error:
        raise SettingsError(f"{file}: cannot be read: {error.strerror}") from None


def _flatten(document: Mapping[str, Any], file: Path) -> Iterator[tuple[str, object]]:
    for name, raw in document.items():
        if name not in SECTIONS and name != "resolvers":
            yield name, raw
            continue
        for key, value in _table(raw, name, file).items():
            if name == "resolvers":
                _check_resolver_name(key, str(file))
                resolver = _table(value, f"{name}.{key}", file)
                yield from ((f"{name}.{key}.{option}", item) for option, item in resolver.items())
            else:
                yield f"{name}.{key}", value


def _table(raw: object, name: str, file: Path) -> Mapping[str, Any]:
    if not isinstance(raw, dict):
        raise SettingsError(f"{file}: {name} is a table: write [{name}] above its keys")
    return raw


def _from_environment(
    environ: Mapping[str, str], resolvers: Iterable[str]
) -> Iterator[tuple[str, _Given]]:
    known = tuple(resolvers)
    for variable, raw in environment.variables(environ):
        name = environment.key_of(variable, known)
        if name is None:
            hint = did_you_mean(variable, environment.NAMES)
            raise SettingsError(f"environment: {variable} names no setting{hint}")
        yield name, _Given(raw, f"env {variable}", f"environment: {variable}", Path.cwd())


def _from_flags(overrides: Mapping[str, str]) -> Iterator[tuple[str, _Given]]:
    for name, raw in overrides.items():
        if name not in KEYS:
            raise KeyError(name)
        yield name, _flag(name, raw)


def _flag(name: str, raw: object) -> _Given:
    option = _FLAGS.get(name) or "--" + name.rpartition(".")[2].replace("_", "-")
    return _Given(raw, _FLAG, option, Path.cwd())


def checked_flag(name: str, raw: str) -> object:
    """What a flag means for the setting `name`; raises UsageError for a bad value."""
    return _value(KEYS[name], _flag(name, raw), Path.cwd()).value


def _value(key: Key, given: _Given | None, folder: Path) -> Value:
    if given is None:
        return Value(key.name, _absolute(key.default, folder), "default", key.kind)
    try:
        value = key.kind.read(given.raw)
    except (ValueError, TypeError, OverflowError):
        shown = "***" if key.kind.secret else _hide_tokens(repr(given.raw))
        wrong = UsageError if given.source == _FLAG else SettingsError
        raise wrong(f"{given.where} = {shown}: it takes {key.kind.accepts}") from None
    return Value(key.name, _absolute(value, given.folder), given.source, key.kind)


def _resolvers(
    given: Mapping[str, _Given], folder: Path
) -> tuple[tuple[ResolverSettings, ...], list[Value]]:
    resolvers: list[ResolverSettings] = []
    values: list[Value] = []
    for name in _resolver_names(given):
        prefix = f"resolvers.{name}."
        options = [key.removeprefix(prefix) for key in given if key.startswith(prefix)]
        _check_complete(name, options, given[prefix + options[0]].source)
        own = {
            option: _value(resolver_key(name, option), given.get(prefix + option), folder)
            for option in dict.fromkeys((*RESOLVER_KEYS, *options))
        }
        values += own.values()
        known = {option: own.pop(option).value for option in RESOLVER_KEYS}
        rest = {option: value.value for option, value in own.items()}
        arguments: dict[str, Any] = {"name": name, **known, "options": rest}
        resolvers.append(ResolverSettings(**arguments))
    return tuple(resolvers), values


def _resolver_names(given: Mapping[str, object]) -> tuple[str, ...]:
    names = (key.split(".")[1] for key in given if key.startswith("resolvers."))
    return tuple(dict.fromkeys(names))


def _check_complete(name: str, options: Sequence[str], source: str) -> None:
    for key in RESOLVER_KEYS.values():
        if key.required and key.name not in options:
            accepts = key.kind.accepts
            raise SettingsError(
                f"{source}: resolvers.{name}.{key.name} is missing: it takes {accepts}"
            )


def _check_resolver_name(name: str, where: str) -> None:
    if not _RESOLVER_NAME.fullmatch(name):
        raise SettingsError(f"{where}: resolvers.{name!r}: a name takes letters, digits, - and _")


def _settings(values: Sequence[Value], resolvers: Sequence[ResolverSettings]) -> Settings:
    arguments: dict[str, Any] = {"resolvers": resolvers}
    sections: dict[str, dict[str, Any]] = {name: {} for name in SECTIONS}
    for value in values:
        section, _, name = value.key.rpartition(".")
        (sections[section] if section else arguments)[name] = value.value
    return Settings(**arguments, **{name: SECTIONS[name](**sections[name]) for name in SECTIONS})


def _absolute(value: object, folder: Path) -> object:
    return folder / value if isinstance(value, Path) else value


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'proxy.mode'?`, or nothing where no known name comes near."""
    names = list(known)
    short = {key.rpartition(".")[2]: key for key in names}
    near = difflib.get_close_matches(name, names, 1, 0.75) or [
        short[word] for word in difflib.get_close_matches(name.rpartition(".")[2], short, 1, 0.75)
    ]
    return f"; did you mean {near[0]!r}?" if near else ""


def _hide_tokens(text: str) -> str:
    """Text that may hold URLs, without their credentials and queries, cut to a line."""
    return re.sub(r"//[^/\s]*@", "//***@", re.sub(r"\?[^\s'\"]+", "?***", text))[:120]
