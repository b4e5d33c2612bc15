"""The benchmarks run, measure what they say, and leave nobody out without a word."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from xml.etree import ElementTree

import httpx
import pytest

from bench.measuring import (
    Comparison,
    Contender,
    Goal,
    NotMeasuredError,
    Sample,
    call,
    command,
    measure,
)
from bench.peers import LYCHEE, Others
from bench.picture import picture
from bench.recorded import Recorded
from bench.table import table
from bench.upstream import FILE_SIZE, upstream

ROOT = Path(__file__).parents[2]
BURN = "sum(range(10**7))"


def taking(samples: Sequence[float]) -> Callable[[], Sample]:
    rest = iter(samples)
    return lambda: Sample(seconds := next(rest), seconds / 2)


def comparison(*contenders: Contender, goal: Goal) -> Comparison:
    return Comparison("Racing", contenders, goal, 100, "laps")


def test_the_median_of_the_rounds_counts_against_the_goal() -> None:
    hare, tortoise = Contender("hare", taking([1, 9, 2])), Contender("tortoise", taking([4, 4, 4]))
    measured = measure(comparison(hare, tortoise, goal=Goal("hare", 0.4, "tortoise")), 3)
    assert measured.samples["hare"] == Sample(2, 1)
    assert measured.goal() == (0.5, False)
    assert "missed (0.5)" in table(measured)


@pytest.mark.parametrize(
    ("goal", "reached"),
    [
        pytest.param(Goal("hare", 0.5, "tortoise"), (0.5, True), id="ratio"),
        pytest.param(Goal("hare", 1.0), (2, False), id="seconds"),
        pytest.param(Goal("hare", 1.0, by_cpu=True), (1, True), id="CPU seconds"),
        pytest.param(Goal("hare", 1.0, "snail"), None, id="nobody to compare with"),
    ],
)
def test_goals(goal: Goal, reached: tuple[float, bool] | None) -> None:
    contenders = Contender("hare", taking([2])), Contender("tortoise", taking([4]))
    assert measure(comparison(*contenders, goal=goal), 1).goal() == reached


def test_who_cannot_take_part_is_named() -> None:
    def fall() -> Sample:
        raise NotMeasuredError("fell asleep")

    contenders = Contender("hare", fall), Contender("tortoise", taking([4, 4]))
    text = table(measure(comparison(*contenders, goal=Goal("tortoise", 1.0, "hare")), 2))
    assert "hare: not measured: fell asleep" in text
    assert text.endswith("unknown")


def test_what_is_a_tenth_worse_than_recorded_is_named(tmp_path: Path) -> None:
    def race(hare: float, file: Path) -> str | None:
        contenders = Contender("hare", taking([hare])), Contender("tortoise", taking([4]))
        recorded = Recorded(file)
        said = recorded.put(measure(comparison(*contenders, goal=Goal("hare", 1, "tortoise")), 1))
        recorded.save()
        return said

    file = tmp_path / "recorded.json"
    assert race(2, file) is None, "nothing was recorded yet"
    assert json.loads(file.read_text()) == {"Racing": {"hare": 0.5, "tortoise": 1.0}}
    assert race(2.1, file) is None
    assert race(2.4, file) == "Racing: 0.6 x its reference, 0.525 x when it was recorded"


def test_the_picture_shows_who_was_recorded() -> None:
    drawn = picture(
        {
            "1 film(s) <plain>": {"nginx, tuned": 1.0, "strmctl": 1.1, "mediaflow-proxy": 530.0},
            "Rewriting": {"strmctl": 0.1, "m3u8": 1.0},
        }
    )
    texts = [element.text for element in ElementTree.fromstring(drawn).iter() if element.text]
    assert {"1 film(s) <plain>", "strmctl", "1.1", "mediaflow-proxy", "530"} <= set(texts)
    assert not {"hls-proxy", "Rewriting"} & set(texts)


def test_who_is_left_out_says_why() -> None:
    with pytest.raises(NotMeasuredError, match="left out of a quick run"):
        LYCHEE.path(Others.NONE)


def test_cpu_seconds_are_those_of_the_work() -> None:
    sample = command(sys.executable, "-c", BURN)
    assert sample.cpu >= 0.05
    assert call(lambda: sum(range(10**7))).cpu >= 0.05
    with pytest.raises(NotMeasuredError, match=r"exit code 3: no"):
        command(sys.executable, "-c", "import sys; sys.stderr.write('no'); sys.exit(3)")


def test_the_upstream_counts_what_it_sees() -> None:
    with (
        upstream(0.01) as server,
        httpx.Client(trust_env=False, verify=False, timeout=30) as client,
    ):
        assert client.head(server.link(1)).headers["Content-Length"] == str(FILE_SIZE)
        part = client.get(server.link(1), headers={"Range": "bytes=0-1023"})
        assert (part.status_code, len(part.content)) == (206, 1024)
        assert len(client.get(server.link(2)).content) == FILE_SIZE
        seen = server.seen()
        assert (seen.requests, seen.links, seen.at_once) == (3, 2, 1)
        assert server.seen().requests == 0
        assert client.get(server.page(3)).text.count("<a href=") == 3


@pytest.mark.slow
def test_every_benchmark_runs() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "bench", "--size", "0.002", "--rounds", "1", "--offline"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    tables = run.stdout.strip().split("\n\n")
    assert len(tables) == 24
    for text in tables:
        assert "\ngoal: " in text
        assert "strmctl" not in [line.split(" ")[0] for line in not_measured(text)], text


def not_measured(text: str) -> list[str]:
    return [line for line in text.splitlines() if ": not measured: " in line]
