"""Which request fields are sent."""

import pytest

from strmctl.domain.http.request_fields import NOT_SENT, fields_beside, request_fields
from strmctl.errors import UpstreamError


def test_valid_fields_are_kept_as_they_are() -> None:
    given = {"Referer": "https://a.example/", "x-token": " a b\t", "Empty": ""}
    assert request_fields(given) == {
        "Referer": "https://a.example/",
        "x-token": "a b",
        "Empty": "",
    }


@pytest.mark.parametrize("name", sorted(NOT_SENT))
def test_fields_of_the_connection_are_left_out(name: str) -> None:
    assert request_fields({name.title(): "x", "Referer": "r"}) == {"Referer": "r"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("", "x", id="empty name"),
        pytest.param("A B", "x", id="space in the name"),
        pytest.param("A:", "x", id="colon in the name"),
        pytest.param("A\r\nB", "x", id="line break in the name"),
        pytest.param("Ä", "x", id="name beyond ASCII"),
        pytest.param("A", "secret\r\nB: c", id="CR LF"),
        pytest.param("A", "secret\n", id="LF at the end"),
        pytest.param("A", "secret\0", id="NUL"),
        pytest.param("A", "secret\x7f", id="DEL"),
        pytest.param("A", "secret €", id="beyond Latin-1"),
        pytest.param("A", 1, id="number"),
        pytest.param("A", None, id="null"),
        pytest.param("A", ["secret"], id="list"),
    ],
)
def test_what_is_no_field_is_refused_without_its_value(name: str, value: object) -> None:
    with pytest.raises(UpstreamError) as caught:
        request_fields({name: value})
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "target", "sent"),
    [
        pytest.param("https://a.example/x", "https://a.example/y", True, id="the same host"),
        pytest.param("http://a.example/x", "https://A.example/y", True, id="with TLS now"),
        pytest.param("https://a.example/x", "http://a.example/y", False, id="without TLS"),
        pytest.param("https://a.example/x", "https://b.example/y", False, id="another host"),
        pytest.param("https://a.example/x", "https://sub.a.example/y", False, id="one below"),
    ],
)
def test_a_login_is_for_its_host_alone(url: str, target: str, sent: bool) -> None:
    public = {"Referer": "https://site/", "User-Agent": "x"}
    login = {"Cookie": "a=b", "Authorization": "Basic x", "X-Api-Key": "k"}
    assert fields_beside(url, target, {**public, **login}) == {**public, **(login if sent else {})}
