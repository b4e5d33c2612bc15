"""Values are Structs: a dataclass needs a reason, since each costs every command its making."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "strmctl"


def dataclasses(module: str) -> Iterator[ast.ClassDef]:
    for node in ast.walk(ast.parse(module)):
        if isinstance(node, ast.ClassDef) and any(
            "dataclass" in ast.unparse(decorator) for decorator in node.decorator_list
        ):
            yield node


def has_a_reason(found: ast.ClassDef) -> bool:
    """Whether it does what a Struct cannot do."""
    decorator, text = ast.unparse(found.decorator_list[0]), ast.unparse(found)
    is_frozen = "frozen=True" in decorator
    return (
        "init=False" in text
        or "compare=False" in text
        or "cached_property" in text
        or ("repr=False" in text and not is_frozen)
    )


def test_dataclasses_are_for_what_a_struct_cannot_do() -> None:
    without = [
        f"{path.relative_to(PACKAGE)}: {found.name}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for found in dataclasses(path.read_text())
        if not has_a_reason(found)
    ]
    assert not without, "make them msgspec.Struct, or strmctl.discreet.Discreet"


@pytest.mark.parametrize(
    ("module", "well"),
    [
        pytest.param("@dataclass(frozen=True)\nclass A:\n    a: int", False, id="a value"),
        pytest.param(
            "@dataclass(frozen=True)\nclass A:\n    a: str = field(repr=False)", False, id="hides"
        ),
        pytest.param("@dataclass\nclass A:\n    a: str = field(repr=False)", True, id="changes"),
        pytest.param("@dataclass\nclass A:\n    a: str", False, id="changes, hides nothing"),
        pytest.param(
            "@dataclass(frozen=True)\nclass A:\n    a: int = field(compare=False)", True, id="=="
        ),
    ],
)
def test_the_reasons(module: str, well: bool) -> None:
    [found] = dataclasses(module)
    assert has_a_reason(found) is well
