"""Which addresses are public, whatever they are wrapped in (SECURITY.md, inputs 52 to 88)."""

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given, strategies as st

from strmctl.domain.urls import address

PRIVATE_V4 = [
    "0.0.0.0", "0.0.0.1", "0.255.255.255",
    "10.0.0.0", "10.255.255.255",
    "100.64.0.0", "100.100.100.200", "100.127.255.255",
    "127.0.0.0", "127.0.0.1", "127.0.0.2", "127.255.255.254", "127.255.255.255",
    "168.63.129.16",
    "169.254.0.0", "169.254.169.254", "169.254.255.255",
    "172.16.0.0", "172.31.255.255",
    "192.0.0.0", "192.0.0.192", "192.0.0.255",
    "192.0.2.1", "198.51.100.1", "203.0.113.1",
    "192.88.99.1",
    "192.168.0.0", "192.168.255.255",
    "198.18.0.0", "198.19.255.255",
    "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
]  # fmt: skip
PUBLIC_V4 = [
    "1.0.0.0", "1.1.1.1", "8.8.8.8",
    "9.255.255.255", "11.0.0.0",
    "100.63.255.255", "100.128.0.0",
    "126.255.255.255", "128.0.0.0",
    "168.63.129.15", "168.63.129.17",
    "169.253.255.255", "169.255.0.0",
    "172.15.255.255", "172.32.0.0",
    "191.255.255.255", "192.0.1.0", "192.88.98.255", "192.88.100.0",
    "192.167.255.255", "192.169.0.0",
    "198.17.255.255", "198.20.0.0",
    "223.255.255.255",
]  # fmt: skip
PRIVATE_V6 = [
    "::", "::1", "::127.0.0.1", "::10.0.0.1", "::8.8.8.8",
    "::ffff:0:127.0.0.1",
    "64:ff9b:1::a00:1", "64:ff9b:1:7f00:0:100::",
    "100::1",
    "2001:0:4136:e378:8000:63bf:80ff:fffe", "2001::1", "2001:20::1", "2001:2::1",
    "2001:1ff:ffff::1",
    "2001:db8::1",
    "2002:7f00:1::", "2002:a00:1::", "2002:a9fe:a9fe::", "2002:808:808::",
    "3fff::1", "3fff:fff::1",
    "5f00::1", "4000::1", "1fff::1",
    "fc00::1", "fd00:ec2::254", "fdff::1",
    "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1",
    "2606:4700::1%eth0",
    "2606:4700::5efe:7f00:1", "2606:4700::200:5efe:a00:1",
]  # fmt: skip
PUBLIC_V6 = [
    "2001:200::1", "2606:4700:4700::1111", "2a00:1450::1", "3ffe::1", "2003::1",
    "2606:4700::5efe:808:808",
]  # fmt: skip


@pytest.mark.parametrize("text", PRIVATE_V4 + PRIVATE_V6)
def test_not_public(text: str) -> None:
    assert not address.is_public(ip_address(text))


@pytest.mark.parametrize("text", PUBLIC_V4 + PUBLIC_V6)
def test_public(text: str) -> None:
    assert address.is_public(ip_address(text))


@pytest.mark.parametrize("text", PRIVATE_V4)
@pytest.mark.parametrize("prefix", ["::ffff:", "64:ff9b::"], ids=["IPv4-mapped", "NAT64"])
def test_wrapped_not_public(prefix: str, text: str) -> None:
    assert not address.is_public(ip_address(prefix + text))


@pytest.mark.parametrize("prefix", ["::ffff:", "64:ff9b::"], ids=["IPv4-mapped", "NAT64"])
def test_wrapped_public(prefix: str) -> None:
    assert address.is_public(ip_address(f"{prefix}8.8.8.8"))
    assert address.unwrapped(ip_address(f"{prefix}8.8.8.8")) == IPv4Address("8.8.8.8")


@pytest.mark.parametrize("text", ["8.8.8.8", "2606:4700::1", "2002:808:808::"])
def test_nothing_to_unwrap(text: str) -> None:
    assert address.unwrapped(ip_address(text)) == ip_address(text)


@given(st.ip_addresses(v=4), st.sampled_from(["::ffff:", "64:ff9b::"]))
def test_wrapping_changes_nothing(plain: IPv4Address, prefix: str) -> None:
    wrapped = IPv6Address(f"{prefix}{plain}")
    assert address.is_public(wrapped) == address.is_public(plain)
    assert address.unwrapped(wrapped) == plain


@given(st.ip_addresses())
def test_never_public_where_python_says_private(any_address: IPv4Address | IPv6Address) -> None:
    plain = address.unwrapped(any_address)
    assert not (plain.is_private and address.is_public(any_address))


@pytest.mark.parametrize(
    ("host", "literal"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("::1", "::1"),
        ("[::1]", "::1"),
        ("::ffff:7f00:1", "::ffff:7f00:1"),
        ("localhost", None),
        ("127.1", None),
        ("127.0.0.1.", None),
        ("0x7f.0.0.1", None),
        ("127.000.000.001", None),
        ("0177.0.0.1", None),
        ("", None),
    ],
)
def test_literal(host: str, literal: str | None) -> None:
    found = address.parse_literal(host)
    assert found == (ip_address(literal) if literal else None)


@pytest.mark.parametrize(
    "host",
    [
        "127.1", "127.0.1", "0", "0.", "0x7f.1", "0x7f000001", "0X7F.0x0.0x0.0x1", "2130706433",
        "017700000001", "0177.0.0.1", "127.000.000.001", "127.0.0.1.", "4294967297",
        "256.256.256.256", "425.510.425.510", "0x", "a.0x", "example.1", "foo.0x7F",
    ],
)  # fmt: skip
def test_numeric(host: str) -> None:
    assert address.is_numeric(host)


@pytest.mark.parametrize("host", ["cdn1.example", "1.example", "example.1a", "x0x7f", "a.x7f", ""])
def test_not_numeric(host: str) -> None:
    assert not address.is_numeric(host)


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("127.0.0.1", "127.0.0.1/32"),
        ("192.168.1.0/24", "192.168.1.0/24"),
        ("192.168.1.7/24", "192.168.1.0/24"),
        ("fd00::/8", "fd00::/8"),
        ("[::1]", "::1/128"),
        ("nas.lan", None),
        ("127.1", None),
        ("10.0.0.0/33", None),
    ],
)
def test_network(text: str, network: str | None) -> None:
    found = address.parse_network(text)
    assert (str(found) if found else None) == network
