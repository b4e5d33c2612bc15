"""`resolver new` writes a resolver that runs as it is, and its table; it overwrites when asked."""

import json
import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from importlib import resources
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct, structs

from strmctl.discreet import Discreet
from strmctl.errors import SettingError, SettingsError, UsageError
from strmctl.resolvers.registry import KINDS, Registry
from strmctl.services.installation.settings_file import put_resolver, resolver_text
from strmctl.settings.model import ResolverSettings, Settings

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


class Kind(StrEnum):
    HTTP = "http"
    COMMAND = "command"
    PYTHON = "python"
    """An entry point, named as the resolver is."""
    TEMPLATE = "template"
    YTDLP = "ytdlp"
    STREMIO = "stremio"


_URLS = {
    Kind.HTTP: "http://127.0.0.1:9000/",
    Kind.TEMPLATE: "https://media.example/{slug}/S{season:02}E{episode:02}.mkv",
    Kind.YTDLP: "https://video.example/watch/{slug}/{season}/{episode}",
    Kind.STREMIO: "https://addon.example/manifest.json",
}


class Wanted(Struct, frozen=True):
    """`media` is where the files are that a new script answers with."""

    name: str
    kind: Kind
    sites: Sequence[str] = ()
    url: str | None = None
    media: str = "https://media.example"

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise UsageError(
                f"{self.name[:40]!r}: a resolver's name takes letters, digits, - and _"
            )
        if self.kind is Kind.PYTHON and self.name in KINDS:
            raise UsageError(f"{self.name!r} is a type of strmctl's own: give it another name")
        if self.url is not None and self.kind not in _URLS:
            raise UsageError(
                f"--url is of no use to type {self.kind}: `--media` is where files are"
            )

    @property
    def module(self) -> str:
        return f"{re.sub('[^a-z0-9]', '_', self.name.lower())}_resolver"


class New(Discreet, frozen=True):
    """`text` is the table for the settings file; `files` are beside it."""

    hidden = ("files",)

    files: Mapping[Path, str]
    table: Mapping[str, object]
    text: str
    start: str | None = None
    """The command that is needed before the resolver can be asked."""

    @property
    def sites(self) -> Sequence[str]:
        sites = self.table["sites"]
        assert isinstance(sites, list)
        return sites


class Written(Struct, frozen=True):
    """`kept`: files that were there; `why_not`: why the table is not in the settings yet."""

    kept: Sequence[Path]
    has_table: bool
    why_not: str | None = None


def new_resolver(wanted: Wanted, folder: Path) -> New:
    """What `write` would write below `folder`."""
    files: dict[Path, str] = {}
    table: dict[str, object] = {"sites": list(wanted.sites or [wanted.name])}
    start = None
    script = folder / f"{wanted.module}.py"
    match wanted.kind:
        case Kind.COMMAND:
            files[script] = _filled("command", wanted)
            table |= {"type": "command", "command": ["python3", str(script)]}
        case Kind.HTTP:
            url = wanted.url or _URLS[Kind.HTTP]
            # A service that runs elsewhere already needs no script.
            if _is_here(url):
                files[script] = _filled("http", wanted, url)
                start = f"python3 {script}"
            table |= {"type": "http", "url": url}
        case Kind.PYTHON:
            package = folder / _package(wanted)
            files[package / "pyproject.toml"] = _filled("pyproject", wanted)
            files[package / f"{wanted.module}.py"] = _filled("python", wanted)
            table["type"] = wanted.name
            start = f"pip install {package}"
        case kind:
            table |= {"type": str(kind), "url": wanted.url or _URLS[kind]}
    return New(files, table, resolver_text(wanted.name, table), start)


def write(
    wanted: Wanted, new: New, settings_file: Path | None, settings: Settings, *, force: bool = False
) -> Written:
    """Raises UsageError, before anything is written, where the table is there already or what was
    said of it makes none that can be used."""
    others = [table for table in settings.resolvers if table.name != wanted.name]
    if settings_file is not None:
        if not force and len(others) < len(settings.resolvers):
            raise UsageError(f"[resolvers.{wanted.name}] is there already: --force replaces it")
        _check_sites(new, others)
    why_not = _why_not(wanted, new, structs.replace(settings, resolvers=tuple(others)))
    kept = [path for path in new.files if path.exists() and not force]
    for path, text in new.files.items():
        if path not in kept:
            _write(path, text)
    if settings_file is None or why_not is not None:
        return Written(kept, False, why_not if settings_file is not None else None)
    put_resolver(settings_file, wanted.name, new.table)
    return Written(kept, True)


def _why_not(wanted: Wanted, new: New, settings: Settings) -> str | None:
    """What has to be installed first: a table that cannot be used keeps commands from running."""
    resolvers = (*settings.resolvers, _as_settings(wanted, new))
    try:
        Registry.from_settings(structs.replace(settings, resolvers=resolvers))
    except SettingError as error:
        table, _, option = error.key.rpartition(".")
        if table != f"resolvers.{wanted.name}":
            raise
        if option != "type":
            flag = "site" if option == "sites" else option
            raise UsageError(f"--{flag}: {error.what}") from None
        return str(error)
    return None


def _as_settings(wanted: Wanted, new: New) -> ResolverSettings:
    options = {key: value for key, value in new.table.items() if key not in ("sites", "type")}
    kind = str(new.table["type"])
    return ResolverSettings(wanted.name, new.sites, kind, options=options)


def _check_sites(new: New, others: Sequence[ResolverSettings]) -> None:
    for table in others:
        both = {site.strip().lower() for site in table.sites} & {site.lower() for site in new.sites}
        if both:
            raise UsageError(
                f"[resolvers.{table.name}] answers for {min(both)} already: choose another --site"
            )


def _is_here(url: str) -> bool:
    try:
        host = urlsplit(url).hostname
    except ValueError:
        # Python's own words would show a password in it.
        raise UsageError(
            "--url: it is no URL that can be read: needs http://… or https://…"
        ) from None
    return host in ("127.0.0.1", "::1", "localhost")


def _package(wanted: Wanted) -> str:
    return wanted.module.replace("_", "-")


def _filled(template: str, wanted: Wanted, url: str = "http://127.0.0.1:9000/") -> str:
    parts = urlsplit(url)
    values = {
        # First: it holds another of these.
        "FIND": "\n" + _template("find"),
        "MEDIA": json.dumps(wanted.media.rstrip("/"))[1:-1],
        "NAME": wanted.name,
        "MODULE": wanted.module,
        "FOLDER": _package(wanted),
        "FILE": f"{wanted.module}.py",
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or 80),
    }
    text = _template(template)
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text


def _template(name: str) -> str:
    folder = resources.files("strmctl.services.installation").joinpath("scaffold")
    return folder.joinpath(f"{name}.txt").read_text("utf-8")


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        if text.startswith("#!"):
            path.chmod(0o755)
    except OSError as error:
        raise SettingsError(f"{path}: cannot be written: {error.strerror}") from None
