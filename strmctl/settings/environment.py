"""Which environment variables name a setting: STRMCTL_SECTION_KEY, and older STRM_* names."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from strmctl.settings.names import KEYS, TABLES

PREFIX = "STRMCTL_"
CONFIG = "STRMCTL_CONFIG"
JOB = "_STRMCTL_JOB"
"""It tells a run that a server has started it, and records it."""
WATCHES_STDIN = "watched"
"""Its value for a run whose stdin ends when its server does: by kill -9, too."""
_REQUEST_ID = "STRMCTL_REQUEST_ID"
# Kubernetes names a service's address so, for the service called `strmctl`.
_SERVICE = ("STRMCTL_PORT_", "STRMCTL_SERVICE_")

OLDER_NAMES = {
    "STRM_PROXY_MODE": "proxy.mode",
    "STRM_PUBLIC_BASE_URL": "proxy.public_base_url",
    "STRM_PROXY_AUTH": "proxy.auth",
    "STRM_PROXY_SECRET": "proxy.secret",
    "STRM_PROXY_UPSTREAM_ALLOWLIST": "upstream.allow",
    "STRM_PROXY_CACHE_TTL_SECONDS": "proxy.cache_ttl",
}
"""Names of the project that the idea comes from; the STRMCTL_ name wins over them."""

NAMES = {PREFIX + key.upper().replace(".", "_"): key for key in KEYS}


def variables(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Variables that mean strmctl, weaker ones first; an empty one counts as not set."""
    older = [name for name in OLDER_NAMES if name in environ]
    own = sorted(name for name in environ if name.startswith(PREFIX) and not _is_other(name))
    # Docker Compose writes an unset `${NAME}` as an empty one.
    return ((name, environ[name]) for name in (*older, *own) if environ[name])


def _is_other(name: str) -> bool:
    """Not a setting: the name of the settings file, what a resolver that calls strmctl was given,
    or what Kubernetes and Docker tell containers about a service that is called strmctl."""
    return name in (CONFIG, _REQUEST_ID, "STRMCTL_PORT") or name.startswith(_SERVICE)


def key_of(variable: str, tables: Mapping[str, Sequence[str]]) -> str | None:
    """The key that a variable sets, None where there is none.

    `STRMCTL_RESOLVERS_NAME_KEY` sets any key of a resolver in `tables["resolvers"]`; a name that
    is not among them makes a new one, whose key is the last word. So it is for `notify`.
    """
    if variable in NAMES:
        return NAMES[variable]
    for section in TABLES:
        prefix = f"{PREFIX}{section.upper()}_"
        if variable.startswith(prefix):
            return _key_of_table(section, variable.removeprefix(prefix), tables[section])
    return OLDER_NAMES.get(variable)


def _key_of_table(section: str, rest: str, tables: Sequence[str]) -> str | None:
    # The longest first: of `nas` and `nas_two` both begin STRMCTL_RESOLVERS_NAS_TWO_URL.
    for table in sorted(tables, key=len, reverse=True):
        # Names of variables hold no hyphen (POSIX, chapter 8).
        prefix = table.upper().replace("-", "_") + "_"
        if rest.startswith(prefix):
            return f"{section}.{table}.{rest.removeprefix(prefix).lower()}"
    name, _, key = rest.lower().rpartition("_")
    return f"{section}.{name}.{key}" if name and key else None


def config_folder(environ: Mapping[str, str]) -> Path:
    """Where the platform keeps a program's settings (XDG base directories, or macOS's)."""
    home = Path(environ.get("HOME") or Path.home())
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "strmctl"
    return Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "strmctl"
