"""Status, length and range of an answer fit each other, whatever part is wanted."""

import pytest
from hypothesis import given, strategies as st

from strmctl.domain.http.ranges import ContentRange
from strmctl.services.playback.fetching.body import Body
from strmctl.services.playback.media import answer, unsatisfiable

FIELDS = {"Content-Type": "video/mp2t"}
BODY = Body(None, length=0)


def test_all_of_a_known_length() -> None:
    made = answer(10, None, FIELDS, BODY)
    assert (made.status, dict(made.fields)) == (200, {**FIELDS, "Content-Length": "10"})


def test_an_unknown_length_is_not_stated() -> None:
    made = answer(None, None, FIELDS, BODY)
    assert (made.status, dict(made.fields)) == (200, FIELDS)


@given(first=st.integers(0, 10**12), length=st.integers(1, 10**12), rest=st.integers(0, 10**12))
def test_a_part_states_its_own_length_and_where_it_lies(first: int, length: int, rest: int) -> None:
    last, total = first + length - 1, first + length + rest
    made = answer(total, ContentRange(first, last, total), FIELDS, BODY)
    assert made.status == 206
    assert made.fields["Content-Length"] == str(length)
    assert made.fields["Content-Range"] == f"bytes {first}-{last}/{total}"


def test_the_given_fields_stay_as_they_are() -> None:
    given_fields = dict(FIELDS)
    answer(10, ContentRange(0, 1, 10), given_fields, BODY)
    assert given_fields == FIELDS


@pytest.mark.parametrize("total", [0, 1, 10**12])
def test_what_cannot_be_had_says_how_long_it_is(total: int) -> None:
    made = unsatisfiable(total)
    assert (made.status, made.body) == (416, None)
    assert made.fields == {"Content-Range": f"bytes */{total}"}
    made.close()
