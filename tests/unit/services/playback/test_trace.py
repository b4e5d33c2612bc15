"""The lines of one request are found in any log, with what is no line of ours between them."""

import json

import pytest

from strmctl.services.playback.trace import lines_of_request


def line(request: object, text: str = "") -> str:
    return json.dumps({"request_id": request, "message": text}) + "\n"


def test_those_of_one_request_in_their_order() -> None:
    log = [line("a", "1"), line("b", "of a?"), line("a", "2"), line("ab", "3")]
    assert [found["message"] for found in lines_of_request(log, "a")] == ["1", "2"]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param("a: started\n", id="text"),
        pytest.param('["a"]\n', id="no object"),
        pytest.param('{"request_id": "a"', id="cut off"),
        pytest.param('{"a": ' * 5000, id="too deep"),
        pytest.param(line(None, "a"), id="no request"),
        pytest.param("\n", id="empty"),
    ],
)
def test_everything_else_is_left_out(other: str) -> None:
    assert list(lines_of_request([other, line("a", "1")], "a")) == [
        {"request_id": "a", "message": "1"}
    ]
