"""Expiries in URLs: a fixture for every scheme, and what is no prediction."""

import base64
import string
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from hypothesis import given, strategies as st

from stage.expiry_samples import (
    ABSOLUTE,
    CDN,
    END,
    EPOCH,
    HEX,
    ISSUED,
    JWT,
    MD5,
    POLICY,
    SHA,
    TWITCH,
    in_base64,
)
from stage.growth import grows_linearly
from strmctl.domain.expiry.expiry import Confidence, Kind, Prediction, past_end, predict
from strmctl.domain.expiry.schemes import GUESSES, SCHEMES


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("scheme", "path", "end"),
    [pytest.param(*row, id=f"{row[0]} {number}") for number, row in enumerate(ABSOLUTE)],
)
def test_84_an_end_that_the_url_names(scheme: str, path: str, end: str) -> None:
    found = predict(CDN + path, moment(end) - timedelta(hours=1))
    assert found is not None
    assert (found.scheme, found.expires_at, found.kind) == (scheme, moment(end), Kind.ABSOLUTE)
    is_guess = scheme in {guess.name for guess in GUESSES}
    assert found.confidence is (Confidence.LOW if is_guess else Confidence.HIGH)
    assert predict(CDN + path, moment(end)) is None
    assert past_end(CDN + path, moment(end)) == (None if is_guess else moment(end))
    assert past_end(CDN + path, moment(end) - timedelta(seconds=1)) is None


@pytest.mark.parametrize(
    ("scheme", "path"),
    [pytest.param(*row, id=f"{row[0]} {number}") for number, row in enumerate(ISSUED)],
)
def test_a_time_of_signing(scheme: str, path: str) -> None:
    issued = moment(END)
    expected = Prediction(None, scheme, Confidence.HIGH, Kind.ISSUE_TTL, issued)
    assert predict(CDN + path, issued + timedelta(hours=1)) == expected
    assert past_end(CDN + path, issued + timedelta(hours=1)) is None


@pytest.mark.parametrize(
    ("scheme", "path"),
    [pytest.param(*row, id=f"{row[0]} {number}") for number, row in enumerate(ISSUED)],
)
def test_a_time_of_signing_that_lies_ahead_is_one_of_expiry(scheme: str, path: str) -> None:
    expected = Prediction(moment(END), scheme, Confidence.LOW, Kind.ABSOLUTE)
    assert predict(CDN + path, moment(END) - timedelta(hours=1)) == expected


def test_every_scheme_has_a_fixture() -> None:
    tested = {row[0] for row in (*ABSOLUTE, *ISSUED)}
    assert tested == {scheme.name for scheme in (*SCHEMES, *GUESSES)}


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/v.mkv", id="nothing"),
        pytest.param("/v.mp4?expires=never", id="a word"),
        pytest.param("/v.mp4?expires=16447017600", id="the year 2491"),
        pytest.param("/v.mp4?expires=4102444800", id="2100"),
        pytest.param("/v.mp4?expires=1262303999", id="before 2010"),
        pytest.param("/v.mp4?expires=0", id="zero"),
        pytest.param(f"/v.mp4?auth_key=1262303999-0-0-{MD5}", id="signed before 2010"),
        pytest.param("/v.mp4?e=14400", id="a duration without a start"),
        pytest.param("/v.mp4?e=2&s=1", id="season and episode"),
        pytest.param(
            "/d/x.mkv?sign=LtX9_gkP4rkMZmI2oEYWrwyB7sGHxLBM4U0M0nU3Qmg=:0", id="alist's 0"
        ),
        pytest.param("/v.mp4?X-Amz-Date=20261399T000000Z&X-Amz-Expires=60", id="no such day"),
        pytest.param("/v.mp4?se=2026-02-30&sv=1&sig=x", id="no such date"),
        pytest.param("/v.mp4?se=2099-12-31T23:59:59-14:00&sv=1&sig=x", id="beyond 2100 in UTC"),
        pytest.param(f"/v.mp4#?expires={EPOCH}", id="a fragment is not sent"),
        pytest.param(f"/{EPOCH}/v.mp4", id="a number in the path"),
        pytest.param(f"/x.m3u8?token=eyJhbGciOiJIUzI1NiJ9.{in_base64({'exp': 'x'})}.s", id="JWT"),
        pytest.param("/x.m3u8?token=eyJhbGciOiJIUzI1NiJ9.a.s", id="no base64"),
        pytest.param("/v.mp4?ik-t=9999999999&ik-s=ab", id="ImageKit's never"),
        pytest.param(f"/v.mp4?from={EPOCH}&to={EPOCH + 60}", id="a span of the programme"),
        pytest.param(f"/v.mp4?start={EPOCH}-{EPOCH + 60}", id="the same in one value"),
        pytest.param(f"/catchup/{EPOCH}/3600/v.m3u8", id="the time of a programme in the path"),
        pytest.param("/v.mp4?nva=1&hash=ab", id="another nva"),
        pytest.param("/v.mp4?nva=20121399051249&hash=ab", id="no such moment"),
        pytest.param("/v.mp4?expires=8h&sign=ab", id="a life without a beginning"),
        pytest.param(f"/v.mp4?x-oss-expires=60&date={EPOCH}", id="another date"),
        pytest.param(f"/v.mp4?a={EPOCH},12", id="a number behind a time"),
        pytest.param(f"/v.mp4?id={EPOCH}_{SHA[:12]}", id="an id with a time in it"),
        pytest.param(f"/v.mp4?note=exp={EPOCH}", id="an exp in a text"),
        pytest.param(f"/v.mp4?t={MD5}-{EPOCH}", id="a hash and a time"),
        pytest.param("/v.mp4?verify=true", id="another verify"),
        pytest.param(f"/{SHA}/6a2f427e0/v.mp4", id="nine hexadecimal digits"),
    ],
)
def test_84_no_prediction(path: str) -> None:
    assert predict(CDN + path, moment(END) - timedelta(hours=1)) is None


@pytest.mark.parametrize(
    "url",
    [
        pytest.param(
            f"{CDN}/p?url={quote(f'https://a.example/v?md5=x&expires={EPOCH}', safe='')}",
            id="percent-encoded URL",
        ),
        pytest.param(
            f"{CDN}/p/{quote(f'https://a.example/v?md5=x&expires={EPOCH}', safe='')}",
            id="in the path",
        ),
        pytest.param(
            f"{CDN}/p?d="
            + base64.b64encode(f"https://a.example/v?md5=x&expires={EPOCH}".encode()).decode(),
            id="base64",
        ),
        pytest.param(f"{CDN}/p?q={quote(f'md5=x&expires={EPOCH}', safe='')}", id="a query"),
    ],
)
def test_one_level_deep(url: str) -> None:
    found = predict(url, moment(END) - timedelta(hours=1))
    assert found is not None
    assert (found.scheme, found.expires_at) == ("secure-link", moment(END))


@pytest.mark.parametrize("order", [1, -1], ids=["first", "last"])
def test_the_earliest_of_several(order: int) -> None:
    parts = [f"md5=x&expires={EPOCH - 600}", f"jwt={JWT}", f"x-expires={EPOCH + 600}"]
    found = predict(f"{CDN}/x.m3u8?{'&'.join(parts[::order])}", moment(END) - timedelta(hours=1))
    assert found is not None
    assert (found.scheme, found.expires_at) == ("secure-link", moment(END) - timedelta(minutes=10))


@pytest.mark.parametrize("order", [1, -1], ids=["first", "last"])
def test_84_the_earliest_of_several_names_alone(order: int) -> None:
    parts = [f"expires={EPOCH + 600}", f"token_exp={EPOCH}", f"valid={EPOCH + 9}"]
    found = predict(f"{CDN}/x?{'&'.join(parts[::order])}", moment(END) - timedelta(hours=1))
    assert found is not None
    assert found.expires_at == moment(END)


def test_a_scheme_comes_before_a_name_alone() -> None:
    found = predict(f"{CDN}/x?valid={EPOCH - 600}&x-expires={EPOCH}", moment(END) - timedelta(1))
    assert found is not None
    assert found.scheme == "tiktok"


def test_what_lies_ahead_comes_before_what_is_past() -> None:
    found = predict(f"{CDN}/x?md5=x&expires={EPOCH - 9}&x-expires={EPOCH + 9}", moment(END))
    assert found is not None
    assert found.scheme == "tiktok"


NAMES = sorted(
    name.strip("*") or "sign"
    for scheme in (*SCHEMES, *GUESSES)
    for names in scheme.query
    for name in names.split("|")
)
times = st.datetimes(timezones=st.just(UTC))
values = st.one_of(
    st.integers(0, 10**14).map(str),
    st.integers(1262304000, 4102444800).map(str),
    st.integers(0, 2**33).map(lambda number: f"{number:x}"),
    st.text(string.printable),
    st.datetimes().map(lambda moment: moment.isoformat()),
    st.sampled_from([JWT, POLICY, TWITCH, MD5, f"{MD5}/{HEX}", f"exp={EPOCH}~acl=/*~hmac={SHA}"]),
)
queries = st.lists(st.tuples(st.sampled_from(NAMES), values), max_size=6).map(
    lambda pairs: "&".join(f"{name}={value}" for name, value in pairs)
)
urls = st.one_of(
    st.text(),
    queries.map(lambda query: f"{CDN}/v.mp4?{query}"),
    st.lists(values).map(lambda parts: f"{CDN}/{'/'.join(parts)}/v.mp4"),
    queries.map(lambda query: f"{CDN}/?u={quote(f'{CDN}/?{query}', safe='')}"),
)


@given(urls, times)
def test_any_text_gives_a_time_ahead_or_none(url: str, now: datetime) -> None:
    found = predict(url, now)
    if found is not None and found.kind is Kind.ABSOLUTE:
        assert found.expires_at is not None
        assert now < found.expires_at < datetime(2100, 1, 1, tzinfo=UTC)
        assert found.expires_at >= datetime(2010, 1, 1, tzinfo=UTC)
    elif found is not None:
        assert found.expires_at is None
        assert found.issued_at is not None
        assert datetime(2010, 1, 1, tzinfo=UTC) <= found.issued_at <= now + timedelta(minutes=5)


@pytest.mark.parametrize("piece", ["eyJ", "_", "/", "%", "=", "&", "a.", "exp=~", "e0", "hdna="])
def test_long_urls_take_linear_time(piece: str) -> None:
    def read(size: int) -> None:
        url = f"{CDN}/?token=e" + piece * (size // len(piece))
        predict(url, moment(END))
        predict(url.replace("?token=", ""), moment(END))

    assert grows_linearly(read, 4_000)


def test_nothing_of_the_url_is_in_the_repr() -> None:
    found = predict(
        f"https://secret.example/secret?md5=secret&expires={EPOCH}", moment("2026-01-01T00:00:00Z")
    )
    assert "secret." not in repr(found)
    assert "md5" not in repr(found)
