"""Which URLs every parser reads the same way."""

import string

import pytest
from hypothesis import given, strategies as st

from strmctl.domain.urls.upstream_url import MAX_LENGTH, check_url
from strmctl.errors import UpstreamError


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("https://cdn.example/v/a.m3u8?token=a%2Fb&e=1#t=0", id="everything"),
        pytest.param("http://cdn.example", id="host only"),
        pytest.param("hTtP://CDN.example/", id="mixed case"),
        pytest.param("http://cdn.example:8080/", id="port"),
        pytest.param("http://192.0.2.1/", id="IPv4"),
        pytest.param("http://[2001:db8::1]:80/", id="IPv6 with port"),
        pytest.param("https://xn--bcher-kva.example/", id="punycode"),
        pytest.param("https://under_score.example./", id="underscore, root dot"),
        pytest.param("https://cdn.example/Ümlaut", id="letters beyond ASCII in the path"),
        pytest.param("https://cdn.example/a@b", id="@ in the path"),
        pytest.param("https://cdn.example?url=http://x@y/", id="@ in the query"),
    ],
)
def test_taken(url: str) -> None:
    check_url(url)


@pytest.mark.parametrize(
    ("url", "what"),
    [
        pytest.param("", "http", id="empty"),
        pytest.param("cdn.example/a.mp4", "http", id="no scheme"),
        pytest.param("//cdn.example/", "http", id="protocol-relative"),
        pytest.param("http:cdn.example", "http", id="no slashes"),
        pytest.param("http:/cdn.example", "http", id="one slash"),
        pytest.param("http:///cdn.example", "no host", id="three slashes"),
        pytest.param("http://?a", "no host", id="query for a host"),
        pytest.param("http://#a", "no host", id="fragment for a host"),
        pytest.param("ftp://cdn.example/", "http", id="ftp"),
        pytest.param("file:///etc/passwd", "http", id="file"),
        pytest.param("data:text/plain,a", "http", id="data"),
        pytest.param("javascript:alert(1)", "http", id="javascript"),
        pytest.param("concat:http://a.example/", "http", id="concat"),
        pytest.param("http+unix://socket/", "http", id="http+unix"),
        pytest.param("http://user@cdn.example/", "user name", id="user"),
        pytest.param("http://user:pass@cdn.example/", "user name", id="password"),
        pytest.param("http://a@b@cdn.example/", "user name", id="two @"),
        pytest.param("http://cdn.example\\@127.0.0.1/", "backslash", id="backslash"),
        pytest.param("http://cdn.example/a\\b", "backslash", id="backslash in the path"),
        pytest.param(" http://cdn.example/", "white space", id="leading space"),
        pytest.param("http://cdn.example/ ", "white space", id="trailing space"),
        pytest.param("http:// cdn.example/", "white space", id="space before the host"),
        pytest.param("http://cdn.exa\tmple/", "control", id="tab in the host"),
        pytest.param("ht\ntp://cdn.example/", "control", id="newline in the scheme"),
        pytest.param("http://cdn.example/\r\nX: 1", "control", id="CR LF"),
        pytest.param("http://cdn.example/\0", "control", id="NUL"),
        pytest.param("http://cdn.example/\x7f", "control", id="DEL"),
        pytest.param("http://cdn.example/\u2028", "white space", id="line separator"),
        pytest.param("http://cdn.example/\u200b", "control", id="zero-width space"),
        pytest.param("http://local\u00adhost/", "control", id="soft hyphen"),
        pytest.param("http://cdn.example/\ud800", "control", id="lone surrogate"),
        pytest.param("http://127.0.0.1%2f.example/", "malformed", id="percent in the host"),
        pytest.param("http://127。0。0。1/", "malformed", id="ideographic full stops"),
        pytest.param("http://\uff11\uff12\uff17.0.0.1/", "malformed", id="fullwidth digits"),
        pytest.param("http://ⓛocalhost/", "malformed", id="circled letter"),
        pytest.param("http://bücher.example/", "xn--", id="name beyond ASCII"),
        pytest.param("http://::1/", "malformed", id="IPv6 without brackets"),
        pytest.param("http://[::1/", "malformed", id="one bracket"),
        pytest.param("http://[::1%25lo]/", "malformed", id="zone"),
        pytest.param("http://[1:2]/", "IPv6", id="IPv6 too short"),
        pytest.param("http://cdn.example:/", "malformed", id="empty port"),
        pytest.param("http://cdn.example:0/", "malformed", id="port 0"),
        pytest.param("http://cdn.example:080/", "malformed", id="port with a leading zero"),
        pytest.param("http://cdn.example:65536/", "65535", id="port too high"),
        pytest.param("http://cdn.example:80:80/", "malformed", id="two ports"),
        pytest.param("http://cdn.example:٨٠/", "malformed", id="Arabic digits"),
        pytest.param("http://cdn.example/" + "a" * MAX_LENGTH, "longer", id="too long"),
    ],
)
def test_refused(url: str, what: str) -> None:
    with pytest.raises(UpstreamError, match=what) as caught:
        check_url(url)
    assert "example" not in str(caught.value)


@given(st.text(string.printable + "@\\\u3002é", max_size=40))
def test_whatever_is_taken_has_a_plain_authority(rest: str) -> None:
    try:
        check_url(f"http://{rest}")
    except UpstreamError:
        return
    authority = rest.split("/")[0].split("?")[0].split("#")[0]
    assert authority
    assert set(authority) <= set(string.ascii_letters + string.digits + "._-:[]")
