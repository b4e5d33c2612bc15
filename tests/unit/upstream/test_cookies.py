"""Whose cookies go where (RFC 6265 sections 5.1.3, 5.1.4, 5.3 and 5.4)."""

import pytest
from yarl import URL

from strmctl.upstream.cookies import Cookies

SET_BY = "https://a.cdn.example/films/7/master.m3u8"


@pytest.mark.parametrize(
    ("field", "url", "sent"),
    [
        pytest.param("s=1", "https://a.cdn.example/films/7/0.ts", "s=1", id="the same folder"),
        pytest.param("s=1", "https://a.cdn.example/films/8/0.ts", "", id="another folder"),
        pytest.param("s=1; Path=/", "https://a.cdn.example/8", "s=1", id="the whole host"),
        pytest.param("s=1; Path=/films", "https://a.cdn.example/filmstar", "", id="part of a name"),
        pytest.param("s=1; Path=/", "https://b.cdn.example/", "", id="host alone"),
        pytest.param("s=1; Path=/; Domain=cdn.example", "https://b.cdn.example/", "s=1", id="site"),
        pytest.param("s=1; Path=/; Domain=.CDN.example", "https://cdn.example/", "s=1", id="dot"),
        pytest.param("s=1; Path=/; Domain=dn.example", "https://dn.example/", "", id="half a name"),
        pytest.param("s=1; Path=/; Domain=evil.test", "https://evil.test/", "", id="another site"),
        pytest.param("s=1; Path=/; Domain=example", "https://b.example/", "", id="top level"),
        pytest.param("s=1; Path=/; Secure", "http://a.cdn.example/", "", id="secure"),
        pytest.param("s=1; Path=/; HttpOnly", "http://a.cdn.example/", "s=1", id="without TLS"),
        pytest.param("s=1; Path=/; Max-Age=0", "https://a.cdn.example/", "", id="over"),
        pytest.param(
            "s=1; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
            "https://a.cdn.example/",
            "",
            id="over since long",
        ),
        pytest.param(
            "s=a b/c+d==; Path=/", "https://a.cdn.example/", "s=a b/c+d==", id="as it came"
        ),
        pytest.param("nonsense", "https://a.cdn.example/films/7/0.ts", "", id="no cookie"),
    ],
)
async def test_where_a_cookie_goes(field: str, url: str, sent: str) -> None:
    cookies = Cookies()
    cookies.learn(URL(SET_BY), [field])
    assert cookies.field(URL(url)) == sent


async def test_servers_without_a_name() -> None:
    cookies = Cookies()
    cookies.learn(URL("http://192.0.2.7:8080/a"), ["s=1"])
    assert cookies.field(URL("http://192.0.2.7/b")) == "s=1"
    assert cookies.field(URL("http://192.0.2.8/b")) == ""


async def test_the_newer_value_is_sent_once() -> None:
    cookies = Cookies()
    url = URL("https://a.cdn.example/")
    assert cookies.field(url, "s=0; other=1") == "s=0; other=1"
    cookies.learn(url, ["s=1", "t=2"])
    assert cookies.field(url, "s=0; other=1") == "other=1; s=1; t=2"
    cookies.learn(url, ["s=3"])
    assert cookies.field(url) == "s=3; t=2"
