"""Signatures: rotation, purposes, and that nothing but the very text verifies."""

import base64

import pytest
from hypothesis import given, strategies as st

from strmctl.domain.urls.signature import Key, Keyring, Unsigned, base64url

OLD, NEW = b"the old secret of this server", b"the new secret of this server"
MESSAGE = "aniworld.to\none-piece"


@given(st.binary(min_size=1, max_size=64), st.text("abc\né/=", max_size=40))
def test_what_was_signed_verifies(secret: bytes, message: str) -> None:
    ring = Keyring([secret])
    assert ring.verify("playback", message, ring.sign("playback", message))


def test_a_signature_is_a_key_id_and_128_bits() -> None:
    key_id, mac = Keyring([NEW]).sign("playback", MESSAGE).split(".")
    assert key_id == Key(NEW).id
    assert len(base64.urlsafe_b64decode(mac + "==")) == 16
    assert NEW not in base64.urlsafe_b64decode(key_id)


def test_it_is_the_same_every_time() -> None:
    """Playback URLs in files must not change from release to release."""
    assert (
        Keyring([b"0123456789abcdef"]).sign("playback", "a\nb\n")
        == "ZLWYbK7A.XhW_WgIhCcrvDjiwmhE1UQ"
    )


def test_the_first_key_signs_and_all_verify() -> None:
    before, during, after = Keyring([OLD]), Keyring([NEW, OLD]), Keyring([NEW])
    old, new = before.sign("p", MESSAGE), during.sign("p", MESSAGE)
    assert new == after.sign("p", MESSAGE)
    assert during.verify("p", MESSAGE, old)
    assert during.verify("p", MESSAGE, new)
    assert not after.verify("p", MESSAGE, old), "a retired key is worth nothing"
    assert not before.verify("p", MESSAGE, new), "nor is an unknown one"


def test_the_same_key_twice() -> None:
    ring = Keyring([OLD, NEW, OLD])
    assert ring.sign("p", MESSAGE) == Keyring([OLD]).sign("p", MESSAGE)
    assert ring.verify("p", MESSAGE, ring.sign("p", MESSAGE))


def test_no_key() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Keyring([])


@pytest.mark.parametrize(
    ("purpose", "message"),
    [
        pytest.param("child", MESSAGE, id="purpose"),
        pytest.param("playback", f"{MESSAGE} ", id="longer message"),
        pytest.param("playback", "", id="no message"),
        pytest.param("playback\naniworld.to", "one-piece", id="the border moved"),
    ],
)
def test_of_something_else(purpose: str, message: str) -> None:
    ring = Keyring([NEW])
    signature = ring.sign("playback", MESSAGE)
    moved = purpose == "playback\naniworld.to"
    assert ring.verify(purpose, message, signature) is moved


SIGNATURE = Keyring([NEW]).sign("playback", MESSAGE)
KEY_ID, MAC = SIGNATURE.split(".")
FORGED = [
    pytest.param("", id="empty"),
    pytest.param(".", id="dot"),
    pytest.param(KEY_ID, id="key id only"),
    pytest.param(f"{KEY_ID}.", id="no MAC"),
    pytest.param(f".{MAC}", id="no key id"),
    pytest.param(MAC, id="MAC only"),
    pytest.param(f"{Key(OLD).id}.{MAC}", id="another key's id"),
    pytest.param(f"{SIGNATURE}=", id="padded"),
    pytest.param(f"{SIGNATURE}==", id="fully padded"),
    pytest.param(SIGNATURE[:-1], id="truncated"),
    pytest.param(f"{SIGNATURE}A", id="longer"),
    pytest.param(f"{SIGNATURE}\n", id="line end"),
    pytest.param(f" {SIGNATURE}", id="space"),
    pytest.param(SIGNATURE.swapcase(), id="other case"),
    pytest.param(f"{KEY_ID}.{MAC[:-1]}\u00e9", id="not ASCII"),
    pytest.param(f"{KEY_ID}.{MAC[:-1]}\ud800", id="surrogate"),
    pytest.param(f"{KEY_ID}.{MAC}\0", id="NUL"),
    pytest.param(f"none.{MAC}", id="alg none"),
    pytest.param(f"{KEY_ID}.{MAC}.{MAC}", id="three parts"),
    pytest.param(f"{KEY_ID}%2E{MAC}", id="dot encoded"),
    pytest.param(base64.b64encode(b"\xfb\xff" * 8).decode(), id="plain base64"),
]


@pytest.mark.parametrize("forged", FORGED)
def test_forged(forged: str) -> None:
    assert not Keyring([NEW]).verify("playback", MESSAGE, forged)


def test_other_spellings_of_one_mac_are_refused() -> None:
    """The last character of 22 carries four bits that a decoder ignores."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    same = [
        char
        for char in alphabet
        if base64.urlsafe_b64decode(f"{MAC[:-1]}{char}==") == base64.urlsafe_b64decode(f"{MAC}==")
    ]
    ring = Keyring([NEW])
    assert len(same) == 16
    assert [c for c in same if ring.verify("playback", MESSAGE, f"{KEY_ID}.{MAC[:-1]}{c}")] == [
        MAC[-1]
    ]


@given(st.text(max_size=40))
def test_no_text_verifies_or_breaks(forged: str) -> None:
    assert not Keyring([NEW]).verify("playback", MESSAGE, forged)


def test_secrets_stay_out_of_repr() -> None:
    assert "secret" not in repr(Key(NEW))
    assert "secret" not in repr(Keyring([NEW]))


def test_unsigned_takes_everything() -> None:
    assert Unsigned().verify("p", MESSAGE, "anything")
    assert Unsigned().verify("p", MESSAGE, Unsigned().sign("p", MESSAGE))


@given(st.binary(max_size=40))
def test_base64url_has_no_padding(data: bytes) -> None:
    text = base64url(data)
    assert "=" not in text
    assert base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)) == data
