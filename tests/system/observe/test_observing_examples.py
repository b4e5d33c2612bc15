"""Alerts, dashboard and page name what there is, and Prometheus' own tool accepts them."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from system.observe.numbers import names

ROOT = Path(__file__).parents[3]
ALERTS = ROOT / "examples" / "prometheus" / "alerts.yml"
CONFIG = ROOT / "examples" / "prometheus" / "prometheus.yml"
DASHBOARD = ROOT / "examples" / "grafana" / "strmctl.json"
PAGE = ROOT / "docs" / "observing.md"

_METRIC = re.compile(r"\b(?:strmctl_[a-z_]+|up)(?=[{\[\s)]|$)", re.MULTILINE)


def promtool(*arguments: object) -> None:
    run = subprocess.run(
        ["promtool", *map(str, arguments)], capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 0, run.stdout + run.stderr


def of_dashboard() -> Iterator[str]:
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        yield from (target["expr"] for target in panel["targets"])


def of_alerts() -> Iterator[str]:
    text = ALERTS.read_text()
    yield from re.findall(r"expr: (?!\|)(.+)", text)
    yield from re.findall(r"expr: \|\n((?: {10,}.+\n)+)", text)


@pytest.mark.parametrize("expressions", [of_alerts, of_dashboard])
def test_every_expression_names_metrics_that_there_are(
    expressions: Callable[[], Iterator[str]], lived: str
) -> None:
    known = names(lived) | {"up"}
    for expression in expressions():
        named = set(_METRIC.findall(expression))
        assert named, expression
        assert named <= known, expression


def test_the_page_names_every_metric_and_no_other(lived: str) -> None:
    table = re.findall(r"`(strmctl_[a-z_]+)", PAGE.read_text())
    families = {re.sub("_(bucket|count|sum)$", "", name) for name in names(lived)}
    assert set(table) == families


def test_promtool_accepts_the_rules_and_the_configuration() -> None:
    assert len(list(of_alerts())) == ALERTS.read_text().count("alert:")
    promtool("check", "rules", ALERTS)
    promtool("check", "config", CONFIG)


def test_each_alert_fires_when_it_should_and_else_keeps_quiet() -> None:
    promtool("test", "rules", Path(__file__).with_name("alerts.yml"))


def test_promtool_reads_every_expression_of_the_dashboard(tmp_path: Path) -> None:
    rules = [
        {"record": f"panel:{number}", "expr": expression.replace("$__rate_interval", "5m")}
        for number, expression in enumerate(of_dashboard())
    ]
    assert len(rules) > 20
    # JSON is YAML.
    file = tmp_path / "dashboard.yml"
    file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    promtool("check", "rules", file)


def test_panels_do_not_cover_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells
