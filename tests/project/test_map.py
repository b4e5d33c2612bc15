"""docs/architecture.md is true: its picture is drawn from the code, its paths are there."""

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "architecture.md").read_text()
MAP = runpy.run_path(str(ROOT / "docs" / "make_map.py"))


def test_the_picture_shows_the_code_as_it_is() -> None:
    drawn = MAP["draw"](MAP["imports"]())
    assert (ROOT / "docs" / "architecture.svg").read_text() == drawn, "run `make docs`"


def test_the_packages_of_services_are_all_explained() -> None:
    packages = {path.parent.name for path in (ROOT / "strmctl" / "services").glob("*/__init__.py")}
    section = DOCUMENT.partition("### The packages of services")[2].partition("\n## ")[0]
    assert set(re.findall(r"`([a-z_]+)/`", section)) == packages


def test_a_circle_of_packages_is_found() -> None:
    circle = {"services.a": {"services.b"}, "services.b": {"services.a"}}
    with pytest.raises(ValueError, match="circle"):
        MAP["floors"](circle)


@pytest.mark.parametrize("document", ["docs/architecture.md", "CONTRIBUTING.md"])
def test_every_path_that_is_named_is_there(document: str) -> None:
    named = re.findall(r"`([\w.-]+/[\w/.-]*)`", (ROOT / document).read_text())
    beginnings = [ROOT, ROOT / "strmctl", *(ROOT / "strmctl").glob("*/"), *ROOT.glob("docs/")]
    beginnings += (ROOT / "strmctl" / "services").glob("*/")
    missing = [
        path
        for path in named
        if "NAME" not in path and "NNNN" not in path
        if not any((beginning / path).exists() for beginning in beginnings)
    ]
    assert missing == []
