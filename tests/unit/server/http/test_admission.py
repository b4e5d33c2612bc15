"""Who is let in: a table of requests, with a token set and without one."""

import asyncio
import base64
from collections.abc import Mapping
from typing import Any

import pytest
from starlette.requests import HTTPConnection

from strmctl.errors import DatabaseError
from strmctl.server.http.admission import COOKIE, Admission, NotAdmittedError, admission
from strmctl.settings.model import ProxySettings, ServeSettings, Settings

TOKEN = "s3cret-töken"
BASE = "http://127.0.0.1:8888"
SESSION = "an-id-of-its-own"


async def is_session(value: str) -> bool:
    return value == SESSION


WITH_TOKEN = Admission(TOKEN, BASE, is_session)
WITHOUT = Admission("", BASE, is_session)
AT_HOME = {"host": "127.0.0.1:8888"}


def connection(
    headers: Mapping[str, str | bytes],
    *,
    method: str = "GET",
    client: str | None = "127.0.0.1",
    version: str = "1.1",
) -> HTTPConnection:
    scope: dict[str, Any] = {
        "type": "http",
        "method": method,
        "http_version": version,
        "client": None if client is None else (client, 50_000),
        "headers": [
            (name.encode(), value if isinstance(value, bytes) else value.encode())
            for name, value in headers.items()
        ],
    }
    return HTTPConnection(scope)


def refusal(admission: Admission, asked: HTTPConnection) -> int:
    """Its status; 0 where it is let in."""
    try:
        asyncio.run(admission.check(asked))
    except NotAdmittedError as error:
        return error.http_status
    return 0


def basic(text: str | bytes) -> dict[str, str | bytes]:
    data = text if isinstance(text, bytes) else text.encode()
    return {"authorization": b"Basic " + base64.b64encode(data)}


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        pytest.param({"authorization": f"Bearer {TOKEN}"}, 0, id="bearer"),
        pytest.param({"authorization": f"bearer  {TOKEN} "}, 0, id="bearer in other spelling"),
        pytest.param({"authorization": f"Bearer {TOKEN}x"}, 401, id="longer token"),
        pytest.param({"authorization": f"Bearer {TOKEN[:-1]}"}, 401, id="shorter token"),
        pytest.param({"authorization": f"Bearer {TOKEN.upper()}"}, 401, id="other case"),
        pytest.param({"authorization": "Bearer"}, 401, id="no token behind bearer"),
        pytest.param({"authorization": b"Bearer \xff\xfe\x00"}, 401, id="no text at all"),
        pytest.param({"authorization": TOKEN}, 401, id="token without a scheme"),
        pytest.param({"authorization": f"Digest {TOKEN}"}, 401, id="other scheme"),
        pytest.param(basic(f"sonarr:{TOKEN}"), 0, id="basic"),
        pytest.param(basic(f":{TOKEN}"), 0, id="basic without a name"),
        pytest.param(basic(f"a:b:{TOKEN}"), 401, id="basic with a colon in the password"),
        pytest.param(basic(f"{TOKEN}:"), 401, id="basic with the token as name"),
        pytest.param(basic(TOKEN), 401, id="basic without a colon"),
        pytest.param(basic(b"a:\xff"), 401, id="basic that is no UTF-8"),
        pytest.param({"authorization": "Basic ***"}, 401, id="basic that is no base64"),
        pytest.param({"authorization": "Basic ä"}, 401, id="basic that is no ASCII"),
        pytest.param({"cookie": f"{COOKIE}={SESSION}"}, 0, id="session"),
        pytest.param({"cookie": f"a=b; {COOKIE}={SESSION}; c=d"}, 0, id="among other cookies"),
        pytest.param({"cookie": f"{COOKIE}={TOKEN}"}, 401, id="the token as a session"),
        pytest.param({"cookie": f"{COOKIE}="}, 401, id="empty session"),
        pytest.param({"cookie": f"{COOKIE}=ä"}, 401, id="session that is no ASCII"),
        pytest.param({"cookie": f"{COOKIE}=another-id"}, 401, id="no session of this server"),
        pytest.param(
            {"authorization": "Bearer wrong", "cookie": f"{COOKIE}={SESSION}"},
            401,
            id="wrong token beside a session",
        ),
        pytest.param({}, 401, id="nothing"),
    ],
)
def test_with_a_token(headers: Mapping[str, str | bytes], expected: int) -> None:
    assert refusal(WITH_TOKEN, connection({**AT_HOME, **headers})) == expected
    assert refusal(WITH_TOKEN, connection(headers, client="203.0.113.7")) == expected


@pytest.mark.parametrize(
    ("headers", "client", "expected"),
    [
        pytest.param(AT_HOME, "127.0.0.1", 0, id="address"),
        pytest.param({"host": "localhost:8888"}, "127.0.0.1", 0, id="localhost"),
        pytest.param({"host": "LOCALHOST"}, "127.0.0.1", 0, id="other case, no port"),
        pytest.param({"host": "[::1]:8888"}, "::1", 0, id="IPv6"),
        pytest.param(AT_HOME, "::ffff:127.0.0.1", 0, id="IPv4 in IPv6"),
        pytest.param({"host": "127.9.9.9"}, "127.0.0.2", 0, id="another loopback address"),
        pytest.param(AT_HOME, "192.168.1.7", 403, id="a client of the network"),
        pytest.param(AT_HOME, None, 403, id="nobody knows the client"),
        pytest.param({"host": "rebound.example:8888"}, "127.0.0.1", 403, id="a name"),
        pytest.param({"host": "127.0.0.1.example"}, "127.0.0.1", 403, id="a name like an address"),
        pytest.param({"host": "localhost.example"}, "127.0.0.1", 403, id="a name like localhost"),
        pytest.param({"host": "a@127.0.0.1"}, "127.0.0.1", 403, id="userinfo"),
        pytest.param({"host": "127.0.0.1/a"}, "127.0.0.1", 403, id="a path"),
        pytest.param({"host": "2130706433"}, "127.0.0.1", 403, id="a number"),
        pytest.param({"host": "192.168.1.2:8888"}, "127.0.0.1", 403, id="another address"),
        pytest.param({"host": "[::1"}, "127.0.0.1", 403, id="half a bracket"),
        pytest.param({"host": b"\xff"}, "127.0.0.1", 403, id="no text"),
        pytest.param({"host": ""}, "127.0.0.1", 403, id="empty host"),
        pytest.param({}, "127.0.0.1", 403, id="no host"),
        pytest.param({**AT_HOME, "x-forwarded-for": "127.0.0.1"}, "127.0.0.1", 403, id="XFF"),
        pytest.param({**AT_HOME, "forwarded": "for=::1"}, "127.0.0.1", 403, id="Forwarded"),
        pytest.param({**AT_HOME, "x-real-ip": "::1"}, "127.0.0.1", 403, id="X-Real-IP"),
        pytest.param({**AT_HOME, "via": "1.1 front"}, "127.0.0.1", 403, id="Via"),
        pytest.param({**AT_HOME, "x-forwarded-proto": "http"}, "127.0.0.1", 403, id="XFP"),
        pytest.param({**AT_HOME, "cf-connecting-ip": "::1"}, "127.0.0.1", 403, id="Cloudflare"),
        pytest.param({**AT_HOME, "authorization": "Bearer x"}, "127.0.0.1", 0, id="a token"),
        pytest.param({"authorization": "Bearer "}, "203.0.113.7", 403, id="an empty token"),
    ],
)
def test_without_a_token(
    headers: Mapping[str, str | bytes], client: str | None, expected: int
) -> None:
    assert refusal(WITHOUT, connection(headers, client=client)) == expected


def test_a_front_is_known_by_its_old_protocol() -> None:
    assert refusal(WITHOUT, connection(AT_HOME, version="1.0")) == 403
    assert refusal(WITH_TOKEN, connection({}, version="1.0")) == 401


@pytest.mark.parametrize(
    ("base_url", "port", "trusted", "expected"),
    [
        pytest.param("http://192.168.1.20:8888", 8888, (), 0, id="none"),
        pytest.param("http://192.168.1.20:8888", 0, (), 0, id="a free port"),
        pytest.param("http://127.0.0.1:8888", 9999, (), 0, id="another port of this machine"),
        pytest.param("https://tv.example", 8888, (), 403, id="TLS"),
        pytest.param("https://tv.example:8888", 8888, (), 403, id="TLS at the same port"),
        pytest.param("http://tv.example", 8888, (), 403, id="port 80"),
        pytest.param("http://tv.example:81/strm", 8888, (), 403, id="another port"),
        pytest.param("http://127.0.0.1:8888", 8888, ("10.0.0.1",), 403, id="trusted proxies"),
    ],
)
def test_a_front_is_known_by_the_settings(
    base_url: str, port: int, trusted: tuple[str, ...], expected: int
) -> None:
    settings = Settings(
        proxy=ProxySettings(public_base_url=base_url),
        serve=ServeSettings(port=port, trusted_proxies=trusted),
    )
    assert refusal(admission(settings, is_session), connection(AT_HOME)) == expected


def test_without_a_token_nothing_is_one() -> None:
    assert not WITHOUT.is_token("")
    assert WITH_TOKEN.is_token(TOKEN)
    assert not WITH_TOKEN.is_token("\ud800")


@pytest.mark.parametrize(
    ("headers", "is_other"),
    [
        pytest.param({}, False, id="a program"),
        pytest.param({"sec-fetch-site": "same-origin"}, False, id="the page"),
        pytest.param({"sec-fetch-site": "none"}, False, id="the address bar"),
        pytest.param({"sec-fetch-site": "cross-site"}, True, id="another site"),
        pytest.param({"sec-fetch-site": "same-site"}, True, id="another port of this site"),
        pytest.param({"sec-fetch-site": ""}, True, id="an empty word"),
        pytest.param(
            {"sec-fetch-site": "cross-site", "origin": BASE}, True, id="fetch metadata goes first"
        ),
        pytest.param({"origin": BASE}, False, id="own origin"),
        pytest.param({"origin": "http://127.0.0.1:9999"}, True, id="another port"),
        pytest.param({"origin": "https://evil.example"}, True, id="another origin"),
        pytest.param({"origin": "null"}, True, id="an opaque origin"),
        pytest.param({"origin": ""}, True, id="an empty origin"),
        pytest.param({"origin": "http://["}, True, id="no origin"),
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_other_sites_may_not_change_anything(
    headers: Mapping[str, str], is_other: bool, method: str
) -> None:
    expected = 403 if is_other else 0
    bearer = {"authorization": f"Bearer {TOKEN}"}
    asked = {**AT_HOME, **headers}
    assert refusal(WITHOUT, connection(asked, method=method)) == expected
    assert refusal(WITH_TOKEN, connection({**asked, **bearer}, method=method)) == expected
    assert refusal(WITH_TOKEN, connection(asked, method=method)) == 401
    assert refusal(WITHOUT, connection(asked)) == 0, "reading is not changing"


def test_behind_a_front_the_base_url_is_this_site_too() -> None:
    admission = Admission(TOKEN, "https://tv.example/strm", is_session)
    bearer = {"host": "127.0.0.1:8888", "authorization": f"Bearer {TOKEN}"}
    own = connection({**bearer, "origin": "https://tv.example"}, method="POST")
    other = connection({**bearer, "origin": "https://tv.example.evil"}, method="POST")
    assert (refusal(admission, own), refusal(admission, other)) == (0, 403)


def test_the_token_is_in_no_repr_and_no_message() -> None:
    assert TOKEN not in repr(WITH_TOKEN)
    wrong = connection({"authorization": f"Bearer {TOKEN}x"})
    with pytest.raises(NotAdmittedError, match=r"^the token is not that of serve\.admin_token$"):
        asyncio.run(WITH_TOKEN.check(wrong))


def test_sessions_that_cannot_be_read_are_answered_without_a_path() -> None:
    async def is_broken(value: str) -> bool:
        raise DatabaseError("/srv/strmctl.db: is no database")

    asked = connection({**AT_HOME, "cookie": f"{COOKIE}={SESSION}"})
    with pytest.raises(NotAdmittedError, match=r"^sessions cannot be read now") as raised:
        asyncio.run(Admission(TOKEN, BASE, is_broken).check(asked))
    assert raised.value.http_status == 503
