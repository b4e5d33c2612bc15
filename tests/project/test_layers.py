"""Imports run one way, nothing imports what the project bans, and files stay short."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "strmctl"

MAY_IMPORT: dict[str, set[str]] = {
    "domain": {"domain", "errors"},
    "settings": {"settings", "errors"},
    "tracing": set(),
    "storage": {"storage", "domain", "settings", "errors"},
    "upstream": {"upstream", "domain", "settings", "tracing", "errors"},
    "resolvers": {"resolvers", "domain", "settings", "tracing", "errors"},
    "services": {
        "services",
        "storage",
        "upstream",
        "resolvers",
        "domain",
        "settings",
        "tracing",
        "errors",
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
    },
    "errors": set(),
}
"""The package itself (`strmctl.__version__`) may be imported by all but the domain."""

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
        for module in imported(ast.parse(file.read_text()))
        if (other := layer_of(module)) and other != "__version__" and other not in MAY_IMPORT[layer]
    ]
    assert wrong == []


def test_every_layer_is_known() -> None:
    folders = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()}
    assert folders <= set(MAY_IMPORT)


def test_the_domain_is_pure() -> None:
    wrong = [
        f"{file.name}: {module}"
        for file in modules(PACKAGE / "domain")
        for module in imported(ast.parse(file.read_text()))
        if module.split(".")[0] in OUTSIDE_OF_DOMAIN
    ]
    assert wrong == []


def test_migrations_import_no_application_code() -> None:
    wrong = [
        f"{file.name}: {module}"
        for file in modules(ROOT / "migrations")
        for module in imported(ast.parse(file.read_text()))
        if module.split(".")[0] == "strmctl"
    ]
    assert wrong == []


def test_commands_import_nothing_heavy_before_they_run() -> None:
    wrong = [
        f"{file.name}: {module}"
        for file in modules(PACKAGE / "cli")
        for module in at_the_top(ast.parse(file.read_text()))
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
        if ast.get_docstring(ast.parse(file.read_text())) is None
    ]
    assert silent == []
