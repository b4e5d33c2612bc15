"""What of an upstream's answer a player may see."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strmctl.domain.http.response_fields import allowed_fields, printable, unsatisfied_range


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        pytest.param('"v1"', True, id="entity tag"),
        pytest.param("Mon, 16 Nov 2026 10:00:00 GMT", True, id="date"),
        pytest.param("a\tb", True, id="tab"),
        pytest.param("", False, id="empty"),
        pytest.param('"\xe9"', False, id="latin-1"),
        pytest.param('"\u4e2d"', False, id="beyond latin-1"),
        pytest.param('"\udcff"', False, id="bytes that are no text"),
        pytest.param('"a\x00"', False, id="NUL"),
        pytest.param('"a\x7f"', False, id="DEL"),
        pytest.param('"a\r\nSet-Cookie: b"', False, id="another field"),
        pytest.param('"' + "a" * 5000 + '"', False, id="endless"),
    ],
)
def test_59_values_in_printable_ascii(value: str, kept: bool) -> None:
    assert printable(value) == (value if kept else "")
    assert allowed_fields({"ETag": value}) == ({"ETag": value} if kept else {})


@pytest.mark.parametrize("name", ["Set-Cookie", "Server", "X-Url", "Location", "Link", "Via"])
def test_59_other_fields_stay_here(name: str) -> None:
    assert allowed_fields({name: "a", "etag": '"v"'}) == {"etag": '"v"'}


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("bytes */500", True),
        ("bytes */*", False),
        ("bytes 0-1/2", False),
        ("bytes */\u0665", False),
        ("bytes */500\xe9", False),
        ("", False),
    ],
)
def test_59_the_length_told_with_416(value: str, kept: bool) -> None:
    assert unsatisfied_range(value) == ({"Content-Range": value} if kept else {})


@given(st.dictionaries(st.sampled_from(["ETag", "Content-Type", "X"]), st.text()))
def test_59_whatever_comes_can_be_sent(fields: dict[str, str]) -> None:
    for value in allowed_fields(fields).values():
        value.encode("ascii")
