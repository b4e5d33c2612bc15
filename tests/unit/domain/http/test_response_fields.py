"""What of an upstream's answer a player may see."""

import pytest
from hypothesis import given, strategies as st

from strmctl.domain.http.response_fields import (
    allowed_fields,
    is_current,
    printable,
    strong_etag,
    unsatisfied_range,
)


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


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        pytest.param("ETag", '"https://cdn.test/film.mp4?token=s"', False, id="a URL"),
        pytest.param("ETag", 'W/"/film.mp4?token=s"', False, id="a path with its query"),
        pytest.param("ETag", '"film&expires=1&sig=s"', False, id="a query"),
        pytest.param("Last-Modified", "HTTPS://cdn.test/?t=s", False, id="no date"),
        pytest.param("Content-Type", "video/mp4; src=http://cdn.test/", False, id="a media type"),
        pytest.param("ETag", '"5f3a-62b/Ab+c=="', True, id="base64"),
        pytest.param("ETag", '"a?b"', True, id="a question mark"),
        pytest.param("Content-Type", 'text/vtt; charset="utf-8"', True, id="a parameter"),
    ],
)
def test_54_an_address_in_a_field_stays_here(name: str, value: str, kept: bool) -> None:
    assert allowed_fields({name: value}) == ({name: value} if kept else {})


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


@pytest.mark.parametrize(
    ("if_none_match", "current"),
    [
        pytest.param('"a"', True, id="the same"),
        pytest.param('W/"a"', True, id="compared weakly"),
        pytest.param('"b", "a"', True, id="in a list"),
        pytest.param('"b,\t", W/"a"', True, id="behind one with a comma"),
        pytest.param(" * ", True, id="anything"),
        pytest.param('"b"', False, id="another"),
        pytest.param("a", False, id="no entity tag"),
        pytest.param('"b, "a', False, id="torn"),
        pytest.param('"A"', False, id="in upper case"),
        pytest.param('"*"', False, id="one called so"),
        pytest.param("", False, id="none"),
    ],
)
def test_who_has_the_current_one(if_none_match: str, current: bool) -> None:
    assert is_current(if_none_match, '"a"') is current


@given(st.binary(max_size=50), st.binary(max_size=50))
def test_an_etag_is_of_its_bytes(one: bytes, other: bytes) -> None:
    assert (strong_etag(one) == strong_etag(other)) is (one == other)
    assert allowed_fields({"ETag": strong_etag(one)})
    assert is_current(f'"x", {strong_etag(one)}', strong_etag(one))


@given(st.text(max_size=40))
def test_no_text_breaks_the_comparison(text: str) -> None:
    assert is_current(text, '"nobody has this"') is (text.strip() == "*")
