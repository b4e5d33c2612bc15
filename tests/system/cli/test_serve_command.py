"""`serve` says that it serves once nothing that it can know keeps it from doing so."""

from pathlib import Path

import pytest

from stage.command_line import Strmctl
from strmctl.cli.serve import is_loopback

BROKEN = {
    "no key": ("[proxy]\nsecret_file = 'missing.key'\n", 3),
    "no database": ("database = 'strmctl.toml'\n", 4),
    "no resolver of that type": ("[resolvers.x]\ntype = 'unheard-of'\nsites = ['*']\n", 3),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_nothing_is_said_before_it_can_serve(strmctl: Strmctl, library: Path, broken: str) -> None:
    text, code = BROKEN[broken]
    (library / "strmctl.toml").write_text(text)
    ended = strmctl("serve", "--port", "0", code=code)
    assert "strmctl serves" not in ended.err
    assert ended.err.count("\n") == 1


@pytest.mark.parametrize(
    ("host", "code", "told"),
    [
        pytest.param("0.0.0.0", 3, "--insecure", id="everywhere"),
        pytest.param("::", 3, "--insecure", id="everywhere, IPv6"),
        pytest.param("127.0.0.1", 4, "whoever reaches", id="loopback"),
        pytest.param("0x7f000001", 4, "whoever reaches", id="loopback in hexadecimal"),
        pytest.param("localhost", 4, "whoever reaches", id="loopback by name"),
    ],
)
def test_what_is_bound_decides_about_auth_none(
    strmctl: Strmctl, library: Path, host: str, code: int, told: str
) -> None:
    # The database is none: what passes the check of the address ends there.
    (library / "strmctl.toml").write_text("database = 'strmctl.toml'\n[proxy]\nauth = 'none'\n")
    assert told in strmctl("serve", "--host", host, "--port", "0", code=code).err


@pytest.mark.parametrize(
    ("address", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("::1f", False),
        ("::", False),
        ("0.0.0.0", False),
        ("192.168.1.2", False),
        ("fe80::1%eth0", False),
    ],
)
def test_loopback(address: str, loopback: bool) -> None:
    assert is_loopback(address) == loopback


def test_an_address_of_another_machine(strmctl: Strmctl, library: Path) -> None:
    """203.0.113.0/24 is nobody's (RFC 5737)."""
    ended = strmctl("serve", "--host", "203.0.113.9", "--port", 0, code=3)
    assert "203.0.113.9:0: this machine has no such address: correct serve.host" in ended.err
