"""Imports run one way, nothing imports what the project bans, and files stay short."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "strmctl"

MAY_IMPORT: dict[str, set[str]] = {
    "domain": {"domain", "errors", "discreet", "newest"},
    "settings": {"settings", "errors", "discreet"},
    "tracing": set(),
    "storage": {"storage", "domain", "settings", "errors", "discreet"},
    "upstream": {"upstream", "domain", "settings", "tracing", "errors", "discreet", "newest"},
    "resolvers": {"resolvers", "domain", "settings", "tracing", "errors", "discreet"},
    "services": {
        "services",
        "storage",
        "upstream",
        "resolvers",
        "domain",
        "settings",
        "tracing",
        "errors",
        "discreet",
        "newest",
    },
    "server": {
        "server",
        "services",
        "storage",
        "upstream",
        "resolvers",
        "domain",
        "settings",
        "tracing",
        "errors",
        "discreet",
        "collector",
    },
    "cli": {
        "cli",
        "server",
        "demo",
        "services",
        "storage",
        "upstream",
        "resolvers",
        "domain",
        "settings",
        "tracing",
        "errors",
        "discreet",
        "collector",
    },
    "demo": {
        "demo",
        "services",
        "storage",
        "upstream",
        "resolvers",
        "domain",
        "settings",
        "tracing",
        "errors",
        "discreet",
    },
    "errors": set(),
    "discreet": set(),
    "collector": set(),
    "newest": set(),
}
"""The package itself (`strmctl.__version__`) may be imported by all but the domain."""

BETWEEN_SERVICES: dict[str, set[str]] = {
    "adding": {"writing"},
    "alerting": {"jobs"},
    "arr": {"changing", "library"},
    "changing": {"keys", "library", "resolving"},
    "checking": set(),
    "doctor": {"alerting", "arr", "changing", "jobs", "keys", "library", "notifying"},
    "installation": {"keys", "library"},
    "jobs": set(),
    "keys": set(),
    "library": {"keys"},
    "notifying": set(),
    "playback": {"keys", "resolving"},
    "probing": {"alerting", "checking", "library", "reports", "resolving"},
    "reports": {"jobs", "keys", "resolving", "writing"},
    "resolving": {"alerting", "checking", "library"},
    "writing": {"keys", "library", "resolving"},
}
"""The packages of services/; its single files serve all of them and import none."""

HOLD_STORAGE = {
    "cli": {
        "backup",
        "frame/changing",
        "frame/digest",
        "frame/notify_after",
        "frame/run",
        "frame/selection",
        "list",
        "refresh",
        "resolve",
        "show",
        "trace",
        "undo",
    },
    "server": {
        "api/arguments",
        "api/history",
        "api/jobs",
        "api/mappings",
        "api/models",
        "api/paging",
        "api/starting",
        "app",
        "context",
        "metrics/metrics",
        "page/jobs",
        "page/library",
        "page/overview",
    },
}
"""Those that import storage although services should stand between; nothing is added here."""

SQL = re.compile(
    r"\b(SELECT\s.*|DELETE\s+FROM\s|UPDATE\s+\w+\s+SET\s|INSERT\s+(OR\s+\w+\s+)?INTO\s"
    r"|CREATE\s+(TABLE|INDEX|VIEW|TRIGGER)\s|PRAGMA\s+\w|BEGIN\s+IMMEDIATE)",
    re.DOTALL,
)

OUTSIDE_OF_DOMAIN = {
    "logging",
    "os",
    "pathlib",
    "socket",
    "sqlite3",
    "subprocess",
    "threading",
    "time",
    "asyncio",
    "random",
    "secrets",
    "httpx",
    "aiohttp",
    "sqlite_utils",
    "starlette",
    "uvicorn",
    "rich",
    "typer",
}
HEAVY = {"httpx", "aiohttp", "starlette", "uvicorn", "rich", "sqlite_utils", "m3u8", "uvloop"}


def modules(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*.py")) if ".venv" not in path.parts)


@cache
def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text())


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import"
            yield node.module or ""
            if node.module == "strmctl":
                yield from (f"strmctl.{alias.name}" for alias in node.names)


def at_the_top(tree: ast.Module) -> Iterator[str]:
    """What is imported as soon as the module is."""
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from imported(node)


def layer_of(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if parts[0] == "strmctl" and len(parts) > 1 else None


@pytest.mark.parametrize("layer", sorted(MAY_IMPORT))
def test_imports_run_one_way(layer: str) -> None:
    place = PACKAGE / layer
    files = list(modules(place)) if place.is_dir() else [place.with_suffix(".py")]
    assert files
    wrong = [
        f"{file.relative_to(ROOT)}: {module}"
        for file in files
        for module in imported(parsed(file))
        if (other := layer_of(module)) and other != "__version__" and other not in MAY_IMPORT[layer]
    ]
    assert wrong == []


def services_of(package: str) -> Iterator[tuple[str, str]]:
    """Each module of the package, with each other package of services that it imports."""
    for file in modules(PACKAGE / "services" / package):
        for module in imported(parsed(file)):
            parts = module.split(".")
            if parts[:2] == ["strmctl", "services"] and len(parts) > 2:
                if parts[2] in BETWEEN_SERVICES and parts[2] != package:
                    yield str(file.relative_to(PACKAGE)), parts[2]


@pytest.mark.parametrize("package", sorted(BETWEEN_SERVICES))
def test_services_import_each_other_one_way(package: str) -> None:
    found, may = set(services_of(package)), BETWEEN_SERVICES[package]
    assert {(file, other) for file, other in found if other not in may} == set()
    assert {other for _, other in found} == may, "a way that nobody goes is none"


def test_every_package_of_services_has_its_ways() -> None:
    folders = {path.parent.name for path in (PACKAGE / "services").glob("*/__init__.py")}
    assert folders == set(BETWEEN_SERVICES)
    seen: set[str] = set()
    while floor := {it for it, may in BETWEEN_SERVICES.items() if may <= seen} - seen:
        seen |= floor
    assert seen == set(BETWEEN_SERVICES), "a circle"


def test_what_all_services_share_imports_none_of_them() -> None:
    wrong = [
        f"{file.name}: {module}"
        for file in (PACKAGE / "services").glob("*.py")
        for module in imported(parsed(file))
        if module.startswith("strmctl.services.") and module.split(".")[2] in BETWEEN_SERVICES
    ]
    assert wrong == []


@pytest.mark.parametrize("layer", sorted(HOLD_STORAGE))
def test_services_stand_between_storage_and_the_edge(layer: str) -> None:
    """A file that needs storage no longer is to be struck off the list."""
    holding = {
        str(file.relative_to(PACKAGE / layer).with_suffix(""))
        for file in modules(PACKAGE / layer)
        if "storage" in map(layer_of, imported(parsed(file)))
    }
    assert holding - HOLD_STORAGE[layer] == set()
    assert HOLD_STORAGE[layer] - holding == set(), "strike these off"


def texts(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_sql_is_in_storage_alone() -> None:
    holding = {
        str(file.relative_to(PACKAGE).with_suffix(""))
        for file in modules(PACKAGE)
        if file.relative_to(PACKAGE).parts[0] != "storage"
        for text in texts(parsed(file))
        if SQL.match(text.strip())
    }
    assert holding == set()


def test_databases_are_opened_in_storage_alone() -> None:
    wrong = [
        f"{file.relative_to(PACKAGE)}: {module}"
        for file in modules(PACKAGE)
        if file.relative_to(PACKAGE).parts[0] != "storage"
        for module in imported(parsed(file))
        if module.split(".")[0] in ("sqlite3", "sqlite_utils")
    ]
    assert wrong == []


def test_every_layer_is_known() -> None:
    folders = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()}
    assert folders <= set(MAY_IMPORT)


def test_the_domain_is_pure() -> None:
    wrong = [
        f"{file.name}: {module}"
        for file in modules(PACKAGE / "domain")
        for module in imported(parsed(file))
        if module.split(".")[0] in OUTSIDE_OF_DOMAIN
    ]
    assert wrong == []


def test_migrations_import_no_application_code() -> None:
    wrong = [
        f"{file.name}: {module}"
        for file in modules(ROOT / "migrations")
        for module in imported(parsed(file))
        if module.split(".")[0] == "strmctl"
    ]
    assert wrong == []


def test_commands_import_nothing_heavy_before_they_run() -> None:
    wrong = [
        f"{file.name}: {module}"
        for file in modules(PACKAGE / "cli")
        for module in at_the_top(parsed(file))
        if module.split(".")[0] in HEAVY
    ]
    assert wrong == []


@pytest.mark.parametrize("folder", ["strmctl", "migrations", "tests", "examples"])
def test_files_can_be_read_in_one_sitting(folder: str) -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in modules(ROOT / folder)}
    assert {str(path): length for path, length in lengths.items() if length > 350} == {}


def test_every_module_states_its_rule() -> None:
    silent = [
        str(file.relative_to(ROOT))
        for file in modules(PACKAGE)
        if ast.get_docstring(parsed(file)) is None
    ]
    assert silent == []
