"""The package keeps its shape: no number gets worse, and each stands beside its goal."""

from pathlib import Path

from project import shape
from project.request_depth import calls_to_the_upstream
from project.shape import Module

NOT_YET = {
    "imports, % of lines": 8.4,
}
"""How far those that miss their goal may miss it: a number here only ever comes nearer to it."""


def test_no_number_gets_worse() -> None:
    measures = {measure.name: measure for measure in shape.measures()}
    assert measures.keys() >= NOT_YET.keys()
    for name, measure in measures.items():
        assert measure.least <= measure.now <= NOT_YET.get(name, measure.goal), str(measure)
        if name in NOT_YET:
            assert not measure.is_reached, f"{measure}: no exception any more"


def test_a_request_reaches_the_upstream_in_a_few_calls() -> None:
    calls = calls_to_the_upstream()
    assert calls[-1] == "UpstreamClient.get"
    assert len(calls) <= 11, calls


def test_circles_are_found() -> None:
    imports = {"a": {"b", "json"}, "b": {"c"}, "c": {"b"}, "d": {"d"}, "e": {"a"}}
    assert shape.circles(imports) == [["b", "c"], ["d"]]


def test_a_module_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text(
        '"""A rule."""\n'
        "import json\n"
        "from os import (\n    path,\n)  # a reason\n"
        "\n"
        "@decorated\n"
        "def one() -> str:\n"
        "    # another\n"
        '    return "# none"\n'
    )
    module = Module(path)
    assert (module.lines, module.imports(), module.comments()) == (10, 4, 2)
    assert list(module.functions()) == [4]
