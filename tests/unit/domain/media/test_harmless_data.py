"""Data beside a playlist holds no address and no token; what is harmless stays as it is."""

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from strmctl.domain.media.harmless_data import harmless

TOKEN = "tok3nS3cretX9Zq7"
URL = f"https://cdn.example/a.m3u8?t={TOKEN}"
STAYS: list[bytes] = [
    b'{"title": "made up",\r\n "n": [1, 2.5, true, null]}\n',
    b'\xef\xbb\xbf{ "a" : "English/French" }',
    b'["a", ["b"], {}]',
    b'{"token": null, "key": true, "n": 1.7976931348623157e+308}',
    b'"A sentence, with a comma."',
    b"7",
    b"",
    "Grüße".encode("utf-16"),
    b"A sentence in Latin-1: caf\xe9",
    b"\x89PNG\r\n\x1a\n\x00" + URL.encode(),
    bytes(range(256)),
]
HIDDEN = {
    "a value beside a control character": ({"x": "\x7f", "u": URL}, {"x": "\x7f", "u": ""}),
    "a value": ({"url": URL, "n": 1}, {"url": "", "n": 1}),
    "a path": ({"url": f"/hls/{TOKEN}/a.ts"}, {"url": ""}),
    "a file": ({"poster": "poster.jpg"}, {"poster": ""}),
    "a name": ({URL: 1, "b": "c"}, {"b": "c"}),
    "in a list": ([URL, "a"], ["", "a"]),
    "deep": ({"a": [{"b": [URL]}]}, {"a": [{"b": [""]}]}),
    "the whole": (URL, ""),
    "a token": ({"id": TOKEN}, {"id": ""}),
    "a short token": ({"token": "a1b2"}, {"token": ""}),
    "tokens in a list": (
        {"token": ["a1b2", {"x": "c3"}], "x": "c3"},
        {"token": ["", {"x": ""}], "x": "c3"},
    ),
    "a token in parts": (
        {"token": {"value": "a1b2", "n": [1]}},
        {"token": {"value": "", "n": [""]}},
    ),
    "a number for a token": ({"session": 12345, "n": 1.7e300}, {"session": "", "n": 1.7e300}),
    "an interstitial": (
        {"ASSETS": [{"URI": URL, "DURATION": 3}]},
        {"ASSETS": [{"URI": "", "DURATION": 3}]},
    ),
    "steering": (
        {"VERSION": 1, "TTL": 300, "RELOAD-URI": URL, "PATHWAY-PRIORITY": ["A", "B"]},
        {"VERSION": 1, "TTL": 300, "RELOAD-URI": "", "PATHWAY-PRIORITY": ["A", "B"]},
    ),
}
WITHHELD = {
    "an address": URL.encode(),
    "a path": b"seg-1/a1b2c3d4/2.ts?x=1",
    "JSON in pieces": f'{{"url": "{URL}"'.encode(),
    "two documents": f'{{}}\n{{"url": "{URL}"}}'.encode(),
    "XML": f"<a><b>{URL}</b></a>".encode(),
    "pictures to seek by": b"WEBVTT\n\n00:00.000 --> 00:05.000\nthumbs.jpg#xywh=0,0,160,90\n",
    "a control character": b"A text.\x7f " + URL.encode(),
    "a NUL at its end": URL.encode() + b"\0",
    "JSON, with a NUL at its end": f'{{"url": "{URL}"}}'.encode() + b"\0",
    "UTF-32": f'{{"url": "{URL}"}}'.encode("utf-32"),
    "UTF-32 without a mark": URL.encode("utf-32-le"),
    "UTF-16": URL.encode("utf-16"),
    "UTF-16 without a mark": URL.encode("utf-16-le"),
    "Latin-1": b"caf\xe9 " + URL.encode(),
    "too deep to read": b"[" * 100_000 + b'"' + URL.encode() + b'"' + b"]" * 100_000,
    "a number that nobody reads": b"[" + b"9" * 5000 + b', "' + URL.encode() + b'"]',
}


@pytest.mark.parametrize("data", STAYS)
def test_what_is_harmless_stays(data: bytes) -> None:
    assert harmless(data) == data


@pytest.mark.parametrize(("document", "shown"), HIDDEN.values(), ids=HIDDEN)
@pytest.mark.parametrize("escaped", [False, True], ids=["as it is", "escaped"])
def test_what_leads_elsewhere_is_empty(document: Any, shown: Any, escaped: bool) -> None:
    text = json.dumps(document)
    data = harmless((text.replace("/", "\\/") if escaped else text).encode())
    assert data is not None
    assert json.loads(data) == shown


@pytest.mark.parametrize("data", WITHHELD.values(), ids=WITHHELD)
def test_other_text_that_leads_elsewhere_is_withheld(data: bytes) -> None:
    assert harmless(data) is None


def test_of_equal_names_none_hides_another() -> None:
    data = harmless(f'{{"a": "{URL}", "a": "b"}}'.encode())
    assert data == b'{"a":"b"}'


_VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.just(URL), st.just(TOKEN)),
    lambda each: st.one_of(
        st.lists(each), st.dictionaries(st.one_of(st.text(), st.just(URL)), each)
    ),
    max_leaves=8,
)


@given(_VALUES, st.booleans())
def test_no_document_holds_the_token(document: Any, is_ascii: bool) -> None:
    data = harmless(json.dumps(document, ensure_ascii=is_ascii).encode("utf-8", "surrogatepass"))
    assert data is None or TOKEN.encode() not in data
