"""What a captive portal answers in place of a canary is no answer of the canary's."""

import pytest

from strmctl.domain.urls import canary

ASKED = "http://canary.example/generate_204"


@pytest.mark.parametrize(
    ("asked", "status", "end"),
    [
        pytest.param(ASKED, 503, ASKED, id="an error"),
        pytest.param(ASKED, 200, ASKED, id="a page in place of 204"),
        pytest.param("http://a.example/gen_204?x", 200, "http://a.example/gen_204?x", id="gen_204"),
        pytest.param("http://a.example/", 200, "https://portal.test/?to=a", id="a login page"),
        pytest.param("http://a.example/", 200, "http://192.168.0.1/login", id="an address"),
        pytest.param("http://a.example/", 200, "http://nota.example/", id="a longer name"),
        pytest.param("http://9.9.9.9/", 200, "http://9.9.9.9:8080/", id="a port of an address"),
        pytest.param("http://9.9.9.9/", 200, "http://1.9.9.9.9.test/", id="a name like an address"),
    ],
)
def test_95_a_portal_s_answer_is_not_the_canary_s(asked: str, status: int, end: str) -> None:
    assert canary.complaint(asked, status, end)


@pytest.mark.parametrize(
    ("asked", "status", "end"),
    [
        pytest.param(ASKED, 204, ASKED, id="204"),
        pytest.param("http://a.example/", 200, "http://a.example/", id="itself"),
        pytest.param("http://a.example/", 200, "https://www.a.example/en", id="https and www"),
        pytest.param("http://www.a.example/", 200, "https://a.example/", id="without www"),
        pytest.param("http://www.a.example/", 200, "https://de.a.example/", id="a country's"),
        pytest.param("https://a.example/", 200, "https://b.test/", id="no portal is in TLS"),
        pytest.param("http://9.9.9.9/", 200, "https://9.9.9.9/", id="https of an address"),
    ],
)
def test_95_a_canary_that_answers_itself(asked: str, status: int, end: str) -> None:
    assert canary.complaint(asked, status, end) == ""
