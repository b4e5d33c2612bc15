"""Subtitles of an answer: what is unusable is left out, and a language is fit for a file's name."""

import pytest
from hypothesis import given as example_of, strategies as st

from strmctl.domain.library.sidecar import sidecars
from strmctl.domain.media import subtitles
from strmctl.domain.media.subtitles import MOST, Subtitle, extension, given, language_in_names

URL = "https://cdn.example/de.vtt?token=1"


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(None, id="null"),
        pytest.param({"url": URL}, id="no list"),
        pytest.param(URL, id="a text"),
        pytest.param([URL, None, 1, []], id="no objects"),
        pytest.param([{"language": "de"}], id="no url"),
        pytest.param([{"url": 1}], id="a number for a url"),
        pytest.param([{"url": "file:///etc/passwd"}], id="a file"),
        pytest.param([{"url": "ftp://cdn.example/de.vtt"}], id="ftp"),
        pytest.param([{"url": "//cdn.example/de.vtt"}], id="no scheme"),
        pytest.param([{"url": "https://cdn.example/a b"}], id="white space"),
        pytest.param([{"url": "https://cdn.example/" + "a" * 9000}], id="long"),
        pytest.param([{"url": "http://[::1/de.vtt"}], id="half an address"),
        pytest.param([{"url": "https:///de.vtt"}], id="no host"),
    ],
)
def test_what_is_unusable_is_left_out(value: object) -> None:
    assert given(value) == ()


def test_what_is_usable() -> None:
    ours = Subtitle("HTTP://cdn.example/en", "English")
    value = [{"url": f" {URL} ", "language": "German", "label": 1}, {"url": URL}, ours]
    assert given(value) == (Subtitle(URL, "de"), Subtitle(ours.url, "en"))


def test_there_are_not_too_many() -> None:
    assert len(given([{"url": f"{URL}{number}"} for number in range(10 * MOST)])) == MOST


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        pytest.param("de", "de", id="code"),
        pytest.param("pt-BR", "pt-br", id="region"),
        pytest.param("ger", "de", id="three letters"),
        pytest.param("Deutsch", "de", id="name"),
        pytest.param("日本語", "ja", id="in its own script"),
        pytest.param("German (forced)", "german-forced", id="more words"),
        pytest.param("../../etc/passwd", "etc-passwd", id="a path"),
        pytest.param("de\x00.vtt", "de-vtt", id="NUL"),
        pytest.param("a" * 300, "a" * 20, id="long"),
        pytest.param("…", "und", id="nothing left"),
        pytest.param(None, "und", id="null"),
        pytest.param(7, "und", id="a number"),
    ],
)
def test_language(language: object, expected: str) -> None:
    assert language_in_names(language) == expected


@example_of(st.text())
def test_any_language_is_that_of_a_sidecar(language: str) -> None:
    name = f"Film.{language_in_names(language)}.srt"
    assert sidecars("Film.strm", [name]) == [name]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(b"WEBVTT\n\n00:01.000 --> 00:02.000\nHi\n", ".vtt", id="WEBVTT"),
        pytest.param(b"\xef\xbb\xbfWEBVTT - by me\r\n", ".vtt", id="mark and title"),
        pytest.param(b"WEBVTT", ".vtt", id="no cue"),
        pytest.param(b"1\r\n00:00:01,000 --> 00:00:02,000\r\nHi\r\n", ".srt", id="SRT"),
        pytest.param(b"\n\n1\n0:00:01.0 --> 0:00:02.0\nHi\n", ".srt", id="loose SRT"),
        pytest.param("1\n00:00:01,000 --> 00:00:02,000\nHi".encode("utf-16"), ".srt", id="UTF-16"),
        pytest.param(b"", None, id="nothing"),
        pytest.param(b"WEBVTTX", None, id="another word"),
        pytest.param(b"not found --> try again", None, id="an arrow"),
        pytest.param(b"[Script Info]\nTitle: x\n", None, id="ASS"),
        pytest.param(b"<tt xmlns='http://www.w3.org/ns/ttml'></tt>", None, id="TTML"),
    ],
)
def test_the_content_says_the_form_of_subtitles(body: bytes, expected: str | None) -> None:
    assert extension(body) == expected
    assert expected is None or expected in subtitles.FORMS
