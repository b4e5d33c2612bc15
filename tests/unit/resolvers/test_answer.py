"""What an answer may look like, whatever kind of resolver it comes from."""

import json
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st

from strmctl.domain.mapping import Resolution
from strmctl.domain.media.subtitles import Subtitle
from strmctl.errors import ResolverError
from strmctl.resolvers.answer import checked, read_answer

END = datetime(2026, 11, 22, 23, 0, 0, tzinfo=UTC)


def test_the_answer_of_the_contract() -> None:
    answer = read_answer(
        b'{"url": "https://a.example/x", "headers": {"Referer": "https://r/"}, "provider": "VOE",'
        b' "expires_at": "2026-11-22T23:00:00Z", "something": ["new"]}'
    )
    assert answer == Resolution("https://a.example/x", {"Referer": "https://r/"}, "VOE", END)


def test_subtitles() -> None:
    """None that is unusable keeps the link from being played; a plug-in's are looked at too."""
    body = {"url": "https://a.example/x", "subtitles": [{"url": "https://a.example/s"}, 1]}
    answer = read_answer(json.dumps(body).encode())
    assert answer.subtitles == (Subtitle("https://a.example/s", "und"),)
    plugged = Resolution(
        "https://a.example/x", subtitles=(Subtitle("file:///x"), *answer.subtitles)
    )
    assert checked(plugged).subtitles == answer.subtitles
    # They are never stored, so two answers are one without them.
    assert answer == Resolution("https://a.example/x")


def test_a_url_is_enough() -> None:
    assert read_answer(b'\n{"url": "https://a.example/x"}\n') == Resolution("https://a.example/x")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(None, None, id="null"),
        pytest.param("2026-11-22T23:00:00Z", END, id="Z"),
        pytest.param("2026-11-22t23:00:00z", END, id="small letters (RFC 3339 section 5.6)"),
        pytest.param("2026-11-23T00:00:00+01:00", END, id="offset"),
        pytest.param("2026-11-22T23:00:00.5Z", END.replace(microsecond=500_000), id="fraction"),
        pytest.param(1795388400, END, id="epoch seconds"),
        pytest.param(1795388400.5, END.replace(microsecond=500_000), id="epoch with a fraction"),
    ],
)
def test_expiry(value: object, expected: datetime | None) -> None:
    body = json.dumps({"url": "https://a.example/", "expires_at": value}).encode()
    assert read_answer(body).expires_at == expected


@pytest.mark.parametrize(
    ("body", "what"),
    [
        pytest.param(b"", "no JSON but nothing", id="nothing"),
        pytest.param(b"<html>secret</html>", "no JSON but HTML", id="HTML"),
        pytest.param(b"secret", "no JSON but other text", id="text"),
        pytest.param(b"\xff\xfe\x00secret", "no JSON", id="binary"),
        pytest.param(b"[" * 100_000, "no JSON", id="deep"),
        pytest.param(b'["secret"]', "not an object", id="list"),
        pytest.param(b"{}", "without a url", id="no url"),
        pytest.param(b'{"url": null}', "without a url", id="null for a url"),
        pytest.param(b'{"url": "x", "headers": ["secret"]}', "headers", id="headers a list"),
        pytest.param(b'{"url": "x", "provider": 1}', "provider", id="provider a number"),
        pytest.param(b'{"url": "x", "expires_at": "secret"}', "expires_at", id="rubbish expiry"),
        pytest.param(b'{"url": "x", "expires_at": "2026-11-22T23:00:00"}', "RFC", id="no offset"),
        pytest.param(b'{"url": "x", "expires_at": 1795388400000}', "seconds", id="milliseconds"),
        pytest.param(b'{"url": "x", "expires_at": true}', "expires_at", id="true for an expiry"),
        pytest.param(b'{"url": "x", "expires_at": NaN}', "expires_at", id="NaN for an expiry"),
        pytest.param(b'{"url": "x", "expires_at": 1e999}', "expires_at", id="infinite expiry"),
    ],
)
def test_rubbish_is_one_clear_line(body: bytes, what: str) -> None:
    with pytest.raises(ResolverError, match=what) as caught:
        read_answer(body)
    assert "secret" not in str(caught.value)
    assert caught.value.http_status == 502


@given(st.binary(max_size=60))
def test_any_bytes_are_an_answer_or_a_refusal(body: bytes) -> None:
    with suppress(ResolverError):
        read_answer(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)


@given(
    st.fixed_dictionaries(
        {"url": st.just("https://a.example/") | JSON},
        optional={"headers": JSON, "provider": JSON, "expires_at": JSON},
    )
)
def test_any_json_is_an_answer_or_a_refusal(record: dict[str, object]) -> None:
    with suppress(ResolverError):
        checked(read_answer(json.dumps(record).encode()))


def test_only_usable_headers_are_kept() -> None:
    answer = checked(Resolution("https://a.example/", {"Referer": "r", "Host": "h", "TE": "t"}))
    assert answer.headers == {"Referer": "r"}


def test_a_provider_is_one_printable_line() -> None:
    answer = checked(Resolution("https://a.example/", provider="V\r\nO\x1b[1mE\ud800"))
    assert answer.provider == "V O[1mE"
    assert checked(Resolution("https://a.example/", provider=" \0")).provider is None


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(Resolution("ftp://a.example/secret"), id="not http"),
        pytest.param(Resolution("https://secret@a.example/"), id="user name"),
        pytest.param(Resolution("https://a.example/", {"A": "secret\r\nB: c"}), id="header"),
    ],
)
def test_what_cannot_be_fetched_is_refused(answer: Resolution) -> None:
    with pytest.raises(ResolverError, match="unusable") as caught:
        checked(answer)
    assert "secret" not in str(caught.value)
