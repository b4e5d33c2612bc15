"""The inputs of SECURITY.md that are URLs: each ends in refusal, and nobody is connected to."""

# ruff: noqa: RUF001  # The look-alikes are what is tested.

import pytest

from stage.loopback import ALLOWED, REFUSED, Names, canary, client, reply, serving
from strmctl.errors import UpstreamError
from strmctl.upstream.guard import Guard

IPV4 = [
    "127.0.0.1", "127.0.0.2", "127.255.255.254", "127.1", "127.0.1", "0", "0.0.0.0", "0.0.0.1",
    "0x7f.1", "0x7f000001", "0X7F.0x0.0x0.0x1", "2130706433", "017700000001", "0177.0.0.1",
    "0177.1", "127.000.000.001", "00000177.0.0.1", "0x7f.0.0.1", "4294967297", "256.256.256.256",
    "425.510.425.510", "127.0.0.1.", "127.0.0.1..", "127.0.0.1%00", "127.0.0.1%0d%0aX:1",
]  # fmt: skip
UNICODE = [
    "①②⑦.⓪.⓪.①", "１２７.０.０.１", "127。0。0。1", "127．0．0．1", "127｡0｡0｡1",
    "127%2e0%2e0%2e1", "127%252e0%252e0%252e1", "ⓛocalhost", "localhoſt", "local\u00adhost",
    "local\u200dhost", "xn--9h8hba.0.0.1", "local\udcffhost", "%ff", "LocalHost",
]  # fmt: skip
NAMES = [
    "localhost", "localhost.", "localhost.localdomain", "ip6-localhost", "foo.localhost",
    "metadata", "metadata.google.internal", "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local", "host.docker.internal", "hidden.onion", "site.i2p",
    "printer.local", "box.internal", "METADATA.Google.Internal.",
]  # fmt: skip
IPV6 = [
    "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:127.0.0.1]", "[::127.0.0.1]", "[::ffff:0:127.0.0.1]", "[64:ff9b::127.0.0.1]",
    "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::a00:1]", "[64:ff9b:1:7f00:0:100::]", "[2002:7f00:1::]",
    "[2002:a9fe:a9fe::]", "[2001:0:4136:e378:8000:63bf:80ff:fffe]", "[2606:4700::5efe:7f00:1]",
    "[2606:4700::200:5efe:7f00:1]", "[fe80::1%25lo]", "[fe80::1%eth0]", "[fc00::1]",
    "[fd00:ec2::254]", "[fec0::1]", "[ff02::1]", "[100::1]", "[2001:db8::1]", "[3fff::1]",
    "[5f00::1]", "::1", "[::1",
]  # fmt: skip
RANGES = [
    "10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.1",
    "169.254.169.254", "2852039166", "0xA9FEA9FE", "100.64.0.0", "100.127.255.255",
    "100.100.100.200", "168.63.129.16", "192.0.0.192", "192.0.0.1", "192.88.99.1", "198.18.0.1",
    "198.19.255.255", "192.0.2.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1",
    "255.255.255.255",
]  # fmt: skip
AUTHORITY_TRICKS = [
    "http://public.example@127.0.0.2:PORT/", "http://public.example:80@127.0.0.2:PORT/",
    "http://a@b@127.0.0.2:PORT/", "http://127.0.0.2:PORT#@public.example/",
    "http://public.example#@127.0.0.2:PORT/\\", "http://127.0.0.2:PORT\\@public.example/",
    "http://public.example\\@127.0.0.2:PORT/", "http://127.0.0.2:80\\@public.example:80/",
    "http://public.example%23@127.0.0.2:PORT", "http:127.0.0.2:PORT", "http:/127.0.0.2:PORT",
    "http:///127.0.0.2:PORT", "http:////127.0.0.2:PORT", "//127.0.0.2:PORT/",
    "http:// 127.0.0.2:PORT/", "http://127.0.0.2:PORT/ ", "http://127.0.0.2 :PORT/",
    "http://127.0.\t0.2:PORT/", "ht\ttp://127.0.0.2:PORT/", "http://127.0.0.2:PORT\r\n/",
    "http://127.0.0.2\n.public.example:PORT/", "\x00http://127.0.0.2:PORT/",
    "\x1fhttp://127.0.0.2:PORT/", "http://127.0.0.2:PORT/\x01", "HTTP://127.0.0.2:PORT/",
    "hTtP://127.0.0.2:PORT/", "http://127.0.0.2:0PORT/", "http://127.0.0.2:0/",
    "http://127.0.0.2:65536/", "http://127.0.0.2:/", "http://127.0.0.2:PORT:80/",
    "http://127.0.0.2:22/", "http://127.0.0.2:25/", "http://127.0.0.2:6379/",
    "http://127.0.0.2:11211/", "http://127.0.0.2:2375/", "https://127.0.0.2:PORT/",
]  # fmt: skip
SCHEMES = [
    "file:///etc/passwd", "file://127.0.0.2:PORT/", "ftp://127.0.0.2:PORT/",
    "gopher://127.0.0.2:PORT/_", "dict://127.0.0.2:PORT/", "data:text/plain,a",
    "jar:http://127.0.0.2:PORT/!a", "unix:/run/docker.sock", "http+unix://%2frun%2fdocker.sock/",
    "javascript:alert(1)", "crypto:http://127.0.0.2:PORT/", "concat:http://127.0.0.2:PORT/",
    "subfile,,start,0,end,9,,:http://127.0.0.2:PORT/", "tcp://127.0.0.2:PORT", "rtmp://127.0.0.2/",
    "ws://127.0.0.2:PORT/", "view-source:http://127.0.0.2:PORT/", "",
]  # fmt: skip
HOSTS = [*IPV4, *UNICODE, *NAMES, *IPV6, *RANGES]
URLS = [*(f"http://{host}:PORT/" for host in HOSTS), *AUTHORITY_TRICKS, *SCHEMES]


def readable(url: str) -> str:
    return url.encode("unicode_escape").decode()


@pytest.mark.parametrize("url", URLS, ids=readable)
async def test_refused(url: str) -> None:
    names = Names()
    async with canary() as target, client(allow=[], names=names) as upstream:
        with pytest.raises(UpstreamError) as caught:
            await upstream.get(url.replace("PORT", str(target.port)), {})
        assert str(target.port) not in str(caught.value)
    assert names.asked == [], "refused before anybody was asked for an address"


@pytest.mark.parametrize(
    "host",
    [
        host
        for host in (
            *IPV4,
            *UNICODE,
            "::1",
            "[::127.0.0.1]",
            "[2002:7f00:1::]",
            "[::ffff:0:7f00:1]",
        )
        if host not in ("127.0.0.1", "127.0.0.2")
    ],
    ids=readable,
)
def test_odd_spellings_are_refused_where_the_address_is_allowed(host: str) -> None:
    """Two parsers could read them as two addresses."""
    odd = Guard(["127.0.0.0/30"])
    with pytest.raises(UpstreamError):
        odd.check_url(f"http://{host}:8080/")


@pytest.mark.parametrize(
    "host",
    [
        "172.15.255.255", "172.32.0.0", "100.63.255.255", "100.128.0.0", "8.8.8.8",
        "[2606:4700::1111]", "[::ffff:8.8.8.8]", "cdn.example", "cdn.example.", "CDN.example",
        "1.cdn.example", "localhost.example", "metadata-cdn.example", "local.example",
    ],
)  # fmt: skip
def test_public(host: str) -> None:
    Guard().check_url(f"http://{host}:8080/a?b")
    Guard().check_url(f"HTTPS://{host}/")


@pytest.mark.parametrize(
    ("allow", "host", "expected"),
    [
        pytest.param("127.0.0.1", "127.0.0.1", True, id="address"),
        pytest.param("127.0.0.1", "127.0.0.2", False, id="address beside"),
        pytest.param("192.168.1.0/24", "192.168.1.255", True, id="network"),
        pytest.param("192.168.1.0/24", "192.168.2.0", False, id="outside the network"),
        pytest.param("192.168.1.0/24", "[::ffff:192.168.1.7]", True, id="IPv4-mapped"),
        pytest.param("192.168.1.0/24", "[64:ff9b::c0a8:107]", True, id="NAT64"),
        pytest.param("fd00::/8", "[fd00::1]", True, id="IPv6"),
        pytest.param("[::1]", "[::1]", True, id="brackets"),
        pytest.param("nas.local", "nas.local", True, id="name"),
        pytest.param("NAS", "nas", True, id="name's case"),
        pytest.param("nas", "NAS.", True, id="root dot"),
        pytest.param("nas.local", "evil.nas.local", False, id="name below"),
        pytest.param("localhost", "127.0.0.1", False, id="a name is not its address"),
    ],
)
def test_allowed(allow: str, host: str, expected: bool) -> None:
    guard = Guard([allow])
    if expected:
        guard.check_url(f"http://{host}/")
    else:
        with pytest.raises(UpstreamError):
            guard.check_url(f"http://{host}/")


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("http://127.0.0.1:8888/strm/stream", ("127.0.0.1", 8888)),
        ("http://[::ffff:127.0.0.1]:8888/", ("127.0.0.1", 8888)),
        ("http://[0:0::1]:8888/", ("[::1]", 8888)),
        ("https://STRM.example./", ("strm.example", 443)),
        ("http://strm.example/", ("Strm.example", 80)),
        ("http://localhost:8888/", ("localhost", 8888)),
    ],
)
def test_never_strmctl_itself(url: str, own: tuple[str, int]) -> None:
    allow = ["127.0.0.0/8", "::1", "localhost", "strm.example"]
    Guard(allow, [(own[0], own[1] + 1)]).check_url(url)
    with pytest.raises(UpstreamError, match="strmctl itself"):
        Guard(allow, [own]).check_url(url)


async def test_an_allowed_address_is_reached() -> None:
    """Else the refusals above would say nothing."""
    async with serving(lambda request: reply(body=b"media"), REFUSED) as target:
        async with client(allow=[REFUSED]) as upstream:
            response = await upstream.get(target.url(), {})
            assert await response.read(100) == b"media"
    assert ALLOWED != REFUSED
