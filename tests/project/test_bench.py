"""The benchmarks run, measure what they say, and leave nobody out without a word."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from xml.etree import ElementTree

import httpx
import pytest

from bench.__main__ import BENCHES
from bench.measuring import (
    By,
    Comparison,
    Contender,
    Goal,
    Measured,
    NotMeasuredError,
    Reached,
    Sample,
    Work,
    call,
    command,
    measure,
)
from bench.numbers import amount
from bench.page import PAGE, NoPlaceError, filled, subjects
from bench.picture import PICTURE, SUBJECTS as SHOWN, picture
from bench.recorded import Recorded, Run
from bench.stage.peers import LYCHEE, Others
from bench.stage.upstream import FILE_SIZE, upstream
from bench.table import table

ROOT = Path(__file__).parents[2]
BURN = "sum(range(10**7))"


def taking(samples: Sequence[float]) -> Callable[[], Sample]:
    rest = iter(samples)
    return lambda: Sample(seconds := next(rest), seconds / 2, value=3 * seconds)


def race(*contenders: Contender, goals: Sequence[Goal], title: str = "Racing") -> Comparison:
    return Comparison(Work("laps", title, list(goals), 100, "laps", "MB"), contenders)


def raced(hare: float, tortoise: float, *goals: Goal, title: str = "Racing") -> Measured:
    contenders = Contender("hare", taking([hare])), Contender("tortoise", taking([tortoise]))
    return measure(race(*contenders, goals=goals, title=title), 1)


def run(*measured: Measured) -> Run:
    return Run("a machine", "a machine, 2026-01-01", list(measured))


def test_the_median_of_the_rounds_counts_against_the_goal() -> None:
    hare, tortoise = Contender("hare", taking([1, 9, 2])), Contender("tortoise", taking([4, 4, 4]))
    goal = Goal("hare", 0.4, "tortoise")
    measured = measure(race(hare, tortoise, goals=[goal]), 3)
    assert measured.samples["hare"] == Sample(2, 1, value=6)
    assert measured.reached() == [Reached(goal, 0.5)]
    assert "missed (0.5)" in table(measured)


@pytest.mark.parametrize(
    ("goal", "reached"),
    [
        pytest.param(Goal("hare", 0.5, "tortoise"), (0.5, True), id="ratio"),
        pytest.param(Goal("hare", 1.0), (2, False), id="seconds"),
        pytest.param(Goal("hare", 1.0, by=By.CPU), (1, True), id="CPU seconds"),
        pytest.param(Goal("hare", 5.0, by=By.VALUE), (6, False), id="value"),
        pytest.param(Goal("hare", None, "tortoise"), (0.5, True), id="no goal"),
        pytest.param(Goal("hare", 1.0, "snail"), None, id="nobody to compare with"),
    ],
)
def test_goals(goal: Goal, reached: tuple[float, bool] | None) -> None:
    found = [(it.value, it.is_enough) for it in raced(2, 4, goal).reached()]
    assert found == ([reached] if reached else [])


@pytest.mark.parametrize("kind", [NotMeasuredError, TimeoutError, httpx.ReadError])
def test_who_cannot_take_part_is_named(kind: type[Exception]) -> None:
    def fall() -> Sample:
        raise kind("fell asleep")

    contenders = Contender("hare", fall), Contender("tortoise", taking([4, 4]))
    goal = Goal("tortoise", 1.0, "hare", summary="racing")
    measured = measure(race(*contenders, goals=[goal]), 2)
    text = table(measured)
    assert "hare: not measured: fell asleep" in text
    assert text.endswith("unknown")
    page = filled(PARTS, {"laps": run(measured)})
    assert "Not measured: hare: fell asleep." in page
    assert "| Racing: 100 laps | 1 x | 4.0 s |  |" in page


def test_what_is_a_tenth_worse_than_recorded_is_named(tmp_path: Path) -> None:
    file, goal = tmp_path / "recorded.json", Goal("hare", 1, "tortoise")
    assert Recorded(file).worse(raced(2, 4, goal)) is None, "nothing was recorded yet"
    recorded = Recorded(file)
    recorded.put("laps", run(raced(2, 4, goal)))
    recorded.save()
    again = Recorded(file)
    assert again.runs == recorded.runs
    assert again.worse(raced(2.1, 4, goal)) is None
    assert again.worse(raced(2.4, 4, goal, title="Jumping")) is None
    assert again.worse(raced(2.4, 4, goal)) == (
        "Racing: 0.6 x its reference, 0.5 x when it was recorded"
    )


PARTS = """# By hand
<!-- measured: summary -->
<!-- /measured -->
between
<!-- measured: laps -->
old
<!-- /measured -->
why
<!-- measured: jumps -->
kept
<!-- /measured -->
"""


def test_only_what_was_measured_is_replaced_between_its_comments() -> None:
    goals = [Goal("hare", 0.4, "tortoise", summary="a lap"), Goal("hare", 7, by=By.VALUE)]
    page = filled(PARTS, {"laps": run(raced(2, 4, *goals))})
    assert (
        page
        == """# By hand
<!-- measured: summary -->
| work | goal, at most | reached |  |
| --- | --- | --- | --- |
| a lap | 0.4 x | 0.50 x | **missed** |
<!-- /measured -->
between
<!-- measured: laps -->
|  | goal | hare | tortoise |  |
| --- | --- | --- | --- | --- |
| Racing: 100 laps | 0.4 x | 0.50 x, 2.0 s | 4.0 s | **missed** |
| Racing: 100 laps | 7 MB | 6.0 MB | 12 MB | met |

a machine, 2026-01-01; medians of 1.
<!-- /measured -->
why
<!-- measured: jumps -->
kept
<!-- /measured -->
"""
    )
    assert filled(page, {"laps": run(raced(2, 4, *goals))}) == page


@pytest.mark.parametrize(
    ("hares", "row"),
    [
        pytest.param([2, 1], "| a lap | 0.4 x | 0.50 / 0.25 x | **1 of 2 met** |", id="each"),
        pytest.param([1] * 6, "| a lap | 0.4 x | 0.25 to 0.25 x | met |", id="many"),
        pytest.param([2] * 6, "| a lap | 0.4 x | 0.50 to 0.50 x | **missed** |", id="none"),
    ],
)
def test_goals_of_one_row_are_summed_up(hares: list[float], row: str) -> None:
    goal = Goal("hare", 0.4, "tortoise", summary="a lap")
    assert row in filled(PARTS, {"laps": run(*(raced(hare, 4, goal) for hare in hares))})


def test_a_subject_without_a_place_is_named() -> None:
    with pytest.raises(NoPlaceError, match="no place for what was measured: hops"):
        filled(PARTS, {"hops": run(raced(2, 4, Goal("hare", 1)))})


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        pytest.param(0.0813, "x", "0.081 x", id="less than a tenth"),
        pytest.param(2.04, "x", "2.0 x", id="a few"),
        pytest.param(12.3, "MB", "12 MB", id="tens"),
        pytest.param(1579.4, "kB", "1,579 kB", id="thousands"),
        pytest.param(0.0123, "CPU s", "12 CPU ms", id="short work"),
        pytest.param(0.5, "s", "0.50 s", id="long work"),
        pytest.param(0, "MB", "0 MB", id="nothing"),
        pytest.param(0.01, "players", "0.010 players", id="no time"),
    ],
)
def test_numbers_show_the_digits_that_count(value: float, unit: str, text: str) -> None:
    assert amount(value, unit) == text


def test_the_page_has_a_place_for_every_subject_and_shows_what_was_recorded() -> None:
    page = PAGE.read_text()
    measured = [subject for bench in BENCHES.values() for subject in bench.SUBJECTS]
    assert sorted(subjects(page)) == sorted(["summary", *measured])
    recorded = Recorded()
    assert set(recorded.runs) <= set(measured)
    assert filled(page, recorded.runs) == page
    if recorded.runs.keys() & SHOWN:
        assert picture(recorded.runs) == PICTURE.read_text()


def test_the_picture_shows_who_was_recorded() -> None:
    samples = {"nginx, tuned": 1.0, "strmctl": 1.1, "mediaflow-proxy": 530.0}
    goal = Goal("strmctl", 1.5, "nginx, tuned", By.CPU)

    def of(subject: str, title: str) -> Run:
        every = {name: Sample(cpu, cpu) for name, cpu in samples.items()}
        return run(Measured(Work(subject, title, [goal]), 1, every, {}))

    runs = {"films": of("films", "1 film <plain>"), "start": of("start", "Starting")}
    drawn = ElementTree.fromstring(picture(runs))
    texts = [element.text for element in drawn.iter() if element.text]
    assert {"1 film <plain>", "strmctl: 1.1", "mediaflow-proxy: 530"} <= set(texts)
    assert not {"hls-proxy: 530", "Starting"} & set(texts)


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
    assert len(tables) == 36
    for text in tables:
        assert "\ngoal: " in text
        assert "strmctl" not in [line.split(" ")[0] for line in not_measured(text)], text


def not_measured(text: str) -> list[str]:
    return [line for line in text.splitlines() if ": not measured: " in line]
