"""Signing out ends the session on the server: its cookie opens nothing afterwards, nowhere."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest
from msgspec.structs import replace

from stage.proxy import running_proxy
from strmctl.settings.model import Settings

TOKEN = "a-long-random-text"
COOKIE = "strmctl_session"
ADDRESSES = ("/", "/library", "/api/v1/stats")


@pytest.fixture
def guarded(settings: Settings) -> Settings:
    return replace(settings, serve=replace(settings.serve, admin_token=TOKEN))


@pytest.fixture
def workers(guarded: Settings) -> Iterator[tuple[str, str]]:
    """Two applications on the same database, as two worker processes are."""
    with running_proxy(guarded) as one, running_proxy(guarded) as another:
        yield one.url, another.url


def signed_in(client: httpx.Client, url: str) -> dict[str, str]:
    answer = client.post(f"{url}/login", data={"token": TOKEN})
    assert answer.status_code == 303, answer.text
    value = answer.headers["set-cookie"].partition(";")[0]
    client.cookies.clear()
    return {"Cookie": value}


def statuses(client: httpx.Client, url: str, fields: dict[str, str]) -> list[int]:
    return [client.get(f"{url}{path}", headers=fields).status_code for path in ADDRESSES]


LET_IN, REFUSED = [200, 200, 200], [303, 303, 401]


def test_the_cookie_of_who_signed_out_is_refused_by_every_worker(
    workers: tuple[str, str], client: httpx.Client
) -> None:
    one, another = workers
    fields, others = signed_in(client, one), signed_in(client, another)
    assert fields != others
    assert statuses(client, one, fields) == statuses(client, another, fields) == LET_IN
    assert client.post(f"{one}/logout", headers=fields).status_code == 303
    client.cookies.clear()
    assert statuses(client, one, fields) == statuses(client, another, fields) == REFUSED
    assert client.post(f"{another}/logout", headers=fields).status_code == 401
    assert statuses(client, one, others) == LET_IN, "the other browser goes on"


def test_a_session_outlives_a_restart_but_no_other_token(
    guarded: Settings, client: httpx.Client
) -> None:
    with running_proxy(guarded) as proxy:
        fields = signed_in(client, proxy.url)
    with running_proxy(guarded) as proxy:
        assert statuses(client, proxy.url, fields) == LET_IN
    other = replace(guarded, serve=replace(guarded.serve, admin_token="another"))
    with running_proxy(other) as proxy:
        assert statuses(client, proxy.url, fields) == REFUSED


def test_another_site_signs_nobody_out(workers: tuple[str, str], client: httpx.Client) -> None:
    one, _ = workers
    fields = signed_in(client, one)
    evil = {**fields, "Sec-Fetch-Site": "cross-site"}
    assert client.post(f"{one}/logout", headers=evil).status_code == 403
    assert statuses(client, one, fields) == LET_IN


def test_sessions_that_cannot_be_read_let_nobody_in_and_name_no_path(
    guarded: Settings, client: httpx.Client
) -> None:
    with running_proxy(guarded) as proxy:
        with closing(sqlite3.connect(guarded.database)) as connection:
            connection.execute("DROP TABLE session")
        for path in ADDRESSES:
            answer = client.get(f"{proxy.url}{path}", headers={"Cookie": f"{COOKIE}=forged"})
            assert answer.status_code == 503
            assert "strmctl.db" not in answer.text
            assert str(guarded.database.parent) not in answer.text


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(TOKEN, id="the token"),
        pytest.param("x" * 43, id="an id of that length"),
        pytest.param(b"\xff\xfe", id="no text"),
        pytest.param("", id="nothing"),
    ],
)
def test_a_forged_cookie_is_refused(
    workers: tuple[str, str], client: httpx.Client, value: str | bytes
) -> None:
    one, _ = workers
    signed_in(client, one)
    sent = value if isinstance(value, bytes) else value.encode()
    for path, expected in zip(ADDRESSES, REFUSED, strict=True):
        fields = [(b"Cookie", COOKIE.encode() + b"=" + sent)]
        assert client.get(f"{one}{path}", headers=fields).status_code == expected
