"""Spaces and logins of a URL as it is given; what two parsers could read in two ways stays."""

import pytest
from hypothesis import given as any_of, strategies as st

from strmctl.domain.urls.given_url import given, without_spaces


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://cdn.example/a b.mp4", "https://cdn.example/a%20b.mp4"),
        ("https://cdn.example/a  b?c=d e#f g", "https://cdn.example/a%20%20b?c=d%20e#f%20g"),
        ("https://cdn.example/a%20b c", "https://cdn.example/a%20b%20c"),
        ("https://cdn.example/a", "https://cdn.example/a"),
        ("https://cdn .example/a", "https://cdn .example/a"),
        ("https://a.example/ https://b.example/", "https://a.example/ https://b.example/"),
        ("/mnt/a b.mkv", "/mnt/a b.mkv"),
    ],
    ids=["path", "everywhere", "some are", "none", "host", "two URLs", "no URL"],
)
def test_spaces(url: str, expected: str) -> None:
    assert without_spaces(url) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://u:p@h.example:81/x?y@z", ("http://h.example:81/x?y@z", "Basic dTpw")),
        ("HTTPS://u:@h.example", ("HTTPS://h.example", "Basic dTo=")),
        ("http://%75:%C3%BC@h.example/", ("http://h.example/", "Basic dTrDvA==")),
        ("http://u:p@[::1]:8/x", ("http://[::1]:8/x", "Basic dTpw")),
    ],
    ids=["plain", "no password", "percent", "IPv6"],
)
def test_a_login_becomes_a_header(url: str, expected: tuple[str, str]) -> None:
    assert given(url, {}) == (expected[0], {"Authorization": expected[1]})


@pytest.mark.parametrize(
    "url",
    [
        "http://u@h.example/", "http://a@b@h.example/", "http://u:p@h.example\\@o.example/",
        "http://u:p\\@h.example/", "http://h.example/u:p@x", "http://h.example#u:p@x",
        "ftp://u:p@h.example/", "http://u:p@",
    ],
)  # fmt: skip
def test_what_is_no_login_stays(url: str) -> None:
    assert given(url, {"Referer": "r"}) == (url, {"Referer": "r"})


def test_an_authorization_that_is_given_counts() -> None:
    headers = {"authorization": "Bearer x"}
    assert given("http://u:p@h.example/", headers) == ("http://h.example/", headers)


@any_of(st.text())
def test_any_text_is_taken(text: str) -> None:
    given(text, {})


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param(
            "http://h/a|Referer=https://b/", ("http://h/a", {"Referer": "https://b/"}), id="one"
        ),
        pytest.param("http://h/a|!X=1&y=a%20b", ("http://h/a", {"X": "1", "y": "a b"}), id="two"),
        pytest.param("http://h/a|seekable=0", ("http://h/a", {}), id="kodi's own"),
        pytest.param("http://h/a|b.mp4", ("http://h/a|b.mp4", {}), id="no options"),
    ],
)
def test_options_for_kodi_become_headers(url: str, expected: tuple[str, dict[str, str]]) -> None:
    assert given(url, {}) == expected


def test_a_header_that_is_given_counts_before_options() -> None:
    assert given("http://h/a|Referer=theirs", {"referer": "mine"})[1] == {"referer": "mine"}
