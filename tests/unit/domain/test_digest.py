"""Many links are few lines: one for each group of series, state and reason."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from strmctl.domain.digest import (
    FAILED,
    MOST_LINES,
    Finding,
    due,
    general,
    grouped,
    lasting,
    lines,
    shortened,
)

ALL = "strmctl list --state dead"
NO_EPISODE = "the resolver says: no such episode"


def finding(
    series: str, reason: str = "HTTP 404", *, links: int = 1, state: str = "dead"
) -> Finding:
    return Finding("a.to", series, state, reason, links)


@pytest.mark.parametrize(
    ("findings", "expected"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param(
            [finding("series-05", NO_EPISODE)] * 48,
            [f"series-05: 48 episodes dead, {NO_EPISODE}"],
            id="one series, one reason",
        ),
        pytest.param([finding("x", "")], ["x: 1 episode dead"], id="no reason"),
        pytest.param(
            [finding("x"), finding("x", "HTTP 410", links=2)],
            ["x: 2 episodes dead, HTTP 410", "x: 1 episode dead, HTTP 404"],
            id="two reasons, the larger first",
        ),
        pytest.param(
            [finding("x"), finding("x", state="blocked")],
            ["x: 1 episode blocked, HTTP 404", "x: 1 episode dead, HTTP 404"],
            id="two states",
        ),
        pytest.param(
            [finding("x", "later, in 53 s"), finding("x", "later, in 7 s")],
            ["x: 2 episodes dead, later, in 53 s"],
            id="times differ",
        ),
        pytest.param(
            [
                finding("x", "resolver 'r': no such episode: a.to/x S01E02 (German Dub)"),
                finding("x", "resolver 'r': no such episode: a.to/x S01E03 (German Dub, VOE)"),
            ],
            ["x: 2 episodes dead, resolver 'r': no such episode"],
            id="the link's own name differs",
        ),
        pytest.param(
            [Finding("a.to", "Film", "dead", "HTTP 404", is_film=True)],
            ["Film: dead, HTTP 404"],
            id="a film",
        ),
        pytest.param(
            [finding("x", links=1200)], ["x: 1,200 episodes dead, HTTP 404"], id="thousands"
        ),
    ],
)
def test_one_line_for_each_group(findings: list[Finding], expected: list[str]) -> None:
    assert lines(grouped(findings), ALL) == expected


@pytest.mark.parametrize(
    ("series", "last"),
    [
        pytest.param(MOST_LINES, "s-19: 1 episode dead, HTTP 404", id="just as many as fit"),
        pytest.param(MOST_LINES + 1, f"… and 1 more group: `{ALL}`", id="one more"),
        pytest.param(MOST_LINES + 12, f"… and 12 more groups: `{ALL}`", id="12 more"),
    ],
)
def test_no_more_lines_than_people_read(series: int, last: str) -> None:
    found = lines(grouped(finding(f"s-{number:02}") for number in range(series)), ALL)
    assert found[-1] == last
    assert len(found) == min(series, MOST_LINES + 1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("short", "short", id="short"),
        pytest.param("x" * 40, "x" * 40, id="just fits"),
        pytest.param(
            "The Extraordinary Journey of the Very Long Name S2 (2021)",
            "The Extraordinary Jo…Long Name S2 (2021)",
            id="both ends stay",
        ),
    ],
)
def test_names_are_cut_in_the_middle(text: str, expected: str) -> None:
    assert shortened(text) == expected


@given(st.text(), st.integers(min_value=5, max_value=60))
def test_a_cut_name_fits(text: str, most: int) -> None:
    assert len(shortened(text, most)) <= max(most, 0)


@given(st.text(max_size=300))
def test_a_reason_is_one_line_and_stays_as_it_is(reason: str) -> None:
    once = general(reason)
    assert "\n" not in once
    assert len(once) <= 120


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        pytest.param("3 of 17 hosts failed at once", "# hosts failed at once", id="counts"),
        pytest.param("canary 1: no answer in 10.0 s", "canary 1: no answer in # s", id="seconds"),
        pytest.param("later, in 3,600 s", "later, in # s", id="thousands"),
        pytest.param("the egress http://a:8080 is", "the egress http://a:8080 is", id="a port"),
    ],
)
def test_numbers_that_differ_from_run_to_run(reason: str, expected: str) -> None:
    assert lasting(reason) == expected


@given(
    st.lists(
        st.builds(finding, st.sampled_from("abc"), st.sampled_from(["", "x", "y"])), max_size=60
    )
)
def test_no_link_is_lost_or_told_twice(findings: list[Finding]) -> None:
    assert sum(group.links for group in grouped(findings)) == len(findings)


NOW = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)
WEEK = timedelta(days=7)


@pytest.mark.parametrize(
    ("told", "is_due"),
    [
        pytest.param({}, True, id="never told"),
        pytest.param({("7", "dead"): NOW - timedelta(days=1)}, False, id="yesterday"),
        pytest.param({("7", "dead"): NOW - WEEK}, True, id="a week ago"),
        pytest.param({("7", "blocked"): NOW}, True, id="another state"),
        pytest.param({("8", "dead"): NOW}, True, id="another link"),
        pytest.param({("7", "dead"): NOW + WEEK}, True, id="the clock was set back"),
    ],
)
def test_what_is_told_again(told: dict[tuple[str, str], datetime], is_due: bool) -> None:
    each = Finding("a.to", "x", "dead", "HTTP 404", ids=(7,))
    assert due([each], told, NOW, WEEK) == ([each] if is_due else [])


def test_what_is_no_link_has_a_line_of_its_own() -> None:
    host = Finding("", "host cdn.test:443", FAILED, links=9, line="host cdn.test:443: 9 links")
    assert lines(grouped([host]), ALL) == ["host cdn.test:443: 9 links"]
    assert due([host], {("host cdn.test:443", FAILED): NOW}, NOW, WEEK) == []
