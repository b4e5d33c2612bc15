"""Flag > environment > strmctl.toml > default; one wrong key or value is one clear line."""

import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from msgspec import Struct, structs

from strmctl.discreet import Discreet
from strmctl.errors import SettingsError, UsageError
from strmctl.settings import environment
from strmctl.settings.model import NotifySettings, NotifyType, Settings
from strmctl.settings.names import KEYS, SECTIONS, TABLE_KEYS, TABLES, Key, table_key
from strmctl.settings.values import Kind

FILE_NAME = "strmctl.toml"
_FLAG = "flag"
DEFAULT = "default"
_ENV = "env "
_FLAGS = {"proxy.public_base_url": "--base-url", "maintain.keep_events": "--older-than"}
"""Flags that are not called as their key is."""
_TABLE_NAME = r"[A-Za-z0-9_-]+"


class Value(Discreet, frozen=True):
    """One effective setting; `source` is "default", a file, "env NAME" or "flag"."""

    hidden = ("value", "kind")

    key: str
    value: object
    source: str
    kind: Kind

    @property
    def shown(self) -> object:
        """Fit for JSON and for people: secrets are masked."""
        return self.kind.show(self.value)


class Loaded(Struct, frozen=True):
    """The settings in force, the file they came from if there is one, and every single value."""

    settings: Settings
    file: Path | None
    values: Sequence[Value]

    def origin(self, key: str) -> str:
        """Where somebody has set the key, or the others of its table: the file, or a variable."""
        table = key.rpartition(".")[0] + "."
        near = [it for it in self.values if it.key.startswith(table) and it.source != DEFAULT]
        said = next((it.source for it in near if it.key == key), None)
        source = said or next((it.source for it in near), str(self.file or "settings"))
        return f"environment: {source.removeprefix(_ENV)}" if source.startswith(_ENV) else source


class _Given(Struct, frozen=True):
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
    given |= _from_environment(environ, {section: _names(section, given) for section in TABLES})
    given |= _from_flags(overrides)
    values = [_value(key, given.get(key.name), folder) for key in KEYS.values()]
    tables: dict[str, Sequence[object]] = {}
    table_values: list[Value] = []
    for section in TABLES:
        tables[section], own = _tables(section, given, folder)
        table_values += own
    return Loaded(_settings(values, tables), file, [*values, *table_values])


def find_file(config: Path | None, environ: Mapping[str, str]) -> Path | None:
    """The settings file in force; raises SettingsError when the one asked for is missing."""
    named = config or (Path(path) if (path := environ.get("STRMCTL_CONFIG")) else None)
    if named is not None:
        if not _is_file(named):
            raise SettingsError(f"{named}: no such settings file: make one with `strmctl init`")
        return named.absolute()
    usual = (Path(FILE_NAME), environment.config_folder(environ) / FILE_NAME)
    return next((path.absolute() for path in usual if _is_file(path)), None)


def _is_file(path: Path) -> bool:
    """Also False where nobody may look: `su` leaves HOME at another user's, and Path.is_file would
    raise PermissionError."""
    try:
        return path.is_file()
    except OSError:
        return False


def _from_file(file: Path) -> Iterator[tuple[str, _Given]]:
    for name, raw in _flatten(_read_toml(file), file):
        if name not in KEYS and name.partition(".")[0] not in TABLES:
            hint = did_you_mean(name, [*KEYS, *SECTIONS, *TABLES]) or _accepted(name)
            raise SettingsError(f"{file}: unknown key {name!r}{hint}")
        yield name, _Given(raw, str(file), f"{file}: {name}", file.parent)


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        # tomllib refuses a BOM, which editors on Windows write.
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        raise SettingsError(f"{file}: not UTF-8 text: save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file}: not TOML: {error}") from None
    except OSError as error:
        raise SettingsError(f"{file}: cannot be read: {error.strerror}") from None


def _flatten(document: Mapping[str, Any], file: Path) -> Iterator[tuple[str, object]]:
    for name, raw in document.items():
        if name not in SECTIONS and name not in TABLES:
            yield name, raw
            continue
        for key, value in _table(raw, name, file).items():
            if name in TABLES and f"{name}.{key}" not in KEYS:
                _check_table_name(name, key, str(file))
                table = _table(value, f"{name}.{key}", file)
                yield from ((f"{name}.{key}.{option}", item) for option, item in table.items())
            else:
                yield f"{name}.{key}", value


def _table(raw: object, name: str, file: Path) -> Mapping[str, Any]:
    if not isinstance(raw, dict):
        raise SettingsError(f"{file}: {name} is a table: write [{name}] above its keys")
    return raw


def _from_environment(
    environ: Mapping[str, str], tables: Mapping[str, Sequence[str]]
) -> Iterator[tuple[str, _Given]]:
    for variable, raw in environment.variables(environ):
        name = environment.key_of(variable, tables)
        if name is None:
            hint = did_you_mean(variable, environment.NAMES)
            raise SettingsError(f"environment: {variable} names no setting{hint}")
        yield name, _Given(raw, f"{_ENV}{variable}", f"environment: {variable}", Path.cwd())


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
        return Value(key.name, _absolute(key.default, folder), DEFAULT, key.kind)
    try:
        value = key.kind.read(given.raw)
    except (ValueError, TypeError, OverflowError):
        # People who ask for help paste this line.
        shown = "***" if key.kind.secret else _hide_tokens(repr(given.raw))
        # The exit code says where to look: 2 for the command line, 3 for the settings.
        wrong = UsageError if given.source == _FLAG else SettingsError
        raise wrong(f"{given.where} = {shown}: it takes {key.kind.accepts}") from None
    return Value(key.name, _absolute(value, given.folder), given.source, key.kind)


def _tables(
    section: str, given: Mapping[str, _Given], folder: Path
) -> tuple[tuple[object, ...], list[Value]]:
    """The tables `[section.NAME]`, and each of their values."""
    tables: list[object] = []
    values: list[Value] = []
    for name in _names(section, given):
        prefix = f"{section}.{name}."
        options = [key.removeprefix(prefix) for key in given if key.startswith(prefix)]
        _check_complete(section, name, options, given[prefix + options[0]].source)
        own = {
            option: _value(
                _known_key(section, name, option, given), given.get(prefix + option), folder
            )
            for option in dict.fromkeys((*TABLE_KEYS[section], *options))
        }
        if "command" in own and own["type"].value == "command":
            origin = given[f"{prefix}command"].folder
            program = _beside(own["command"].value, origin)
            own["command"] = structs.replace(own["command"], value=program)
        values += own.values()
        arguments: dict[str, Any] = {key: own.pop(key).value for key in TABLE_KEYS[section]}
        if own:
            arguments["options"] = {option: value.value for option, value in own.items()}
        tables.append(TABLES[section](name=name, **arguments))
        if section == "notify":
            _check_media_server_url(arguments, given[f"{prefix}url"])
    return tuple(tables), values


def _beside(command: object, folder: Path) -> object:
    """A resolver's program that is given as a path counts from `folder`, a bare name from PATH."""
    if isinstance(command, list) and command and _is_relative(command[0]):
        return [str(folder / command[0]), *command[1:]]
    return _line_beside(command, folder) if isinstance(command, str) else command


def _line_beside(command: str, folder: Path) -> str:
    import shlex  # Few settings hold a command line.

    try:
        program = next(iter(shlex.split(command)), "")
    except ValueError:
        return command  # What is wrong with it is said by its kind.
    if not _is_relative(program):
        return command
    return f"{shlex.quote(str(folder))}/{command.lstrip()}"


def _is_relative(program: object) -> bool:
    return isinstance(program, str) and "/" in program and not program.startswith(("/", "~"))


def _check_media_server_url(table: Mapping[str, Any], given: _Given) -> None:
    if table["type"] is not NotifyType.APPRISE and not re.match("https?://", table["url"]):
        raise SettingsError(f"{given.where} = ***: it takes an http:// or https:// URL")


def _known_key(section: str, table: str, option: str, given: Mapping[str, _Given]) -> Key:
    key = table_key(section, table, option)
    if key is None:
        name = f"{section}.{table}.{option}"
        known = TABLE_KEYS[section]
        hint = did_you_mean(option, known) or f"; it takes {', '.join(known)}"
        raise SettingsError(f"{given[name].where}: unknown key{hint}")
    return key


def _names(section: str, given: Mapping[str, object]) -> tuple[str, ...]:
    own = (key for key in given if key not in KEYS and key.startswith(f"{section}."))
    names = (key.split(".")[1] for key in own)
    return tuple(dict.fromkeys(names))


def _check_complete(section: str, name: str, options: Sequence[str], source: str) -> None:
    for key in TABLE_KEYS[section].values():
        if key.required and key.name not in options:
            accepts = key.kind.accepts
            raise SettingsError(
                f"{source}: {section}.{name}.{key.name} is missing: it takes {accepts}"
            )


def _check_table_name(section: str, name: str, where: str) -> None:
    if not re.fullmatch(_TABLE_NAME, name):
        raise SettingsError(f"{where}: {section}.{name!r}: a name takes letters, digits, - and _")


def _settings(values: Sequence[Value], tables: Mapping[str, Sequence[object]]) -> Settings:
    arguments: dict[str, Any] = {key: own for key, own in tables.items() if key not in SECTIONS}
    notified = [it for it in tables["notify"] if isinstance(it, NotifySettings)]
    arguments["people"] = tuple(it for it in notified if it.type is NotifyType.APPRISE)
    arguments["notify"] = tuple(it for it in notified if it.type is not NotifyType.APPRISE)
    sections: dict[str, dict[str, Any]] = {name: {} for name in SECTIONS}
    for section in SECTIONS.keys() & tables.keys():
        sections[section]["servers"] = tables[section]
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
    import difflib  # Only for what is misspelt: it is a sixth of the start of a light command.

    near = difflib.get_close_matches(name, names, 1, 0.75) or [
        short[word] for word in difflib.get_close_matches(name.rpartition(".")[2], short, 1, 0.75)
    ]
    return f"; did you mean {near[0]!r}?" if near else ""


def _accepted(name: str) -> str:
    """What stands beside a key that is unknown."""
    section = name.rpartition(".")[0]
    if section:
        known = (key.rpartition(".")[2] for key in KEYS if key.startswith(f"{section}."))
        return f"; [{section}] takes {', '.join(known)}"
    plain = [key for key in KEYS if "." not in key]
    return f"; known are {', '.join(plain)} and the tables {', '.join({**SECTIONS, **TABLES})}"


def _hide_tokens(text: str) -> str:
    """Text that may hold URLs, without their credentials and queries, cut to a line."""
    return re.sub(r"//[^/\s]*@", "//***@", re.sub(r"\?[^\s'\"]+", "?***", text))[:120]
