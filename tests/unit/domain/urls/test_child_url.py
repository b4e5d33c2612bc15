"""Child URLs: what their token proves, and that no other text proves anything."""

import base64
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from hypothesis import given, strategies as st

from stage.identities import IDENTITIES
from strmctl.domain.identity import MAX_BYTES, Identity
from strmctl.domain.urls import child_url
from strmctl.domain.urls.child_url import ROOT, Addresses, ChildClaim, Tokens
from strmctl.domain.urls.playback_url import Claim
from strmctl.domain.urls.signature import Keyring, Unsigned, base64url
from strmctl.errors import ForbiddenError

NOW = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)
KEYS = Keyring([b"a secret that nobody knows"])
EPISODE = Identity("aniworld.to", "st\u00e9/ps", "German Dub", season=1, episode=2)
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def token(
    rendition: str = "vabc",
    identity: Identity = EPISODE,
    expires_at: datetime | None = None,
    keys: Keyring = KEYS,
) -> str:
    addresses = Addresses("https://strm.example/x/", keys, Claim(identity, expires_at))
    return urlsplit(addresses.playlist(rendition)).path.split("/")[-2]


@pytest.mark.parametrize("rendition", [ROOT, "vabcdefgh", "a2-1"])
@pytest.mark.parametrize("end", [None, NOW + timedelta(hours=1)], ids=["no end", "end"])
def test_round_trip(rendition: str, end: datetime | None) -> None:
    claim = child_url.verify(token(rendition, expires_at=end), KEYS, NOW)
    assert claim == ChildClaim(Claim(EPISODE, end), rendition)


@given(IDENTITIES)
def test_any_identity(identity: Identity) -> None:
    text = token(identity=identity)
    assert set(text) <= set(ALPHABET + ".")
    assert child_url.verify(text, KEYS, NOW).playback.identity == identity


def test_a_folder_is_shard_and_token() -> None:
    addresses = Addresses("https://strm.example/x/", KEYS, Claim(EPISODE))
    folder = addresses.folder("v1")
    assert folder == f"https://strm.example/x/strm/hls/{EPISODE.shard()}/{token('v1')}/"
    assert addresses.playlist("v1") == f"{folder}index.m3u8"
    assert addresses.folder("v1") == Addresses(
        "https://strm.example/x", KEYS, Claim(EPISODE)
    ).folder("v1")


@pytest.mark.parametrize(
    ("behind", "found"),
    [
        pytest.param(("k.m.p", "1.ts"), ("k.m.p", "", "1.ts"), id="of 0.1.0, live"),
        pytest.param(("k.m.p", "abcdefgh", "1.ts"), ("k.m.p", "abcdefgh", "1.ts"), id="of 0.1.0"),
        pytest.param(("abcdefgh", "k.m.p", "1.ts"), ("k.m.p", "", "1.ts"), id="live"),
        pytest.param(
            ("abcdefgh", "k.m.p", "live-x", "1.ts"), ("k.m.p", "live-x", "1.ts"), id="run"
        ),
        pytest.param(("22222222", "-.p", "cut", "k1.key"), ("-.p", "cut", "k1.key"), id="unsigned"),
        # What is no token is refused by `verify`.
        pytest.param(("abcdefgh", "1.ts"), ("abcdefgh", "", "1.ts"), id="no token"),
        pytest.param(("ABCDEFGH", "k.m.p", "1.ts"), ("ABCDEFGH", "k.m.p", "1.ts"), id="no shard"),
    ],
)
def test_components(behind: tuple[str, ...], found: tuple[str, str, str]) -> None:
    assert child_url.components(*behind) == found


def test_what_is_no_shard_is_damaged() -> None:
    with pytest.raises(ForbiddenError):
        child_url.components("xabcdefgh", "k.m.p", "cut", "1.ts")


def test_the_longest_is_far_below_4000_bytes() -> None:
    identity = Identity("s", "x" * (MAX_BYTES - 20), "l", season=99_999, episode=99_999)
    assert len(token("v2345678-100", identity, NOW)) < 1600


def payload_of(text: str) -> str:
    return text.rpartition(".")[2]


def resigned(message: bytes, purpose: str = "child") -> str:
    """What a server would make that signs any message."""
    text = message.decode("utf-8", "surrogateescape")
    signed = KEYS.sign(purpose, text) if message.isascii() else KEYS.sign(purpose, "?")
    return f"{signed}.{base64url(message)}"


TOKEN = token()
KEY_ID, MAC, PAYLOAD = TOKEN.split(".")
MESSAGE = base64.urlsafe_b64decode(PAYLOAD + "=" * (-len(PAYLOAD) % 4))


@pytest.mark.parametrize(
    "forged",
    [
        pytest.param("", id="empty"),
        pytest.param("..", id="dots"),
        pytest.param(PAYLOAD, id="payload only"),
        pytest.param(f".{PAYLOAD}", id="no signature"),
        pytest.param(f"{KEY_ID}..{PAYLOAD}", id="empty MAC"),
        pytest.param(f"{KEY_ID}.{MAC}", id="no payload"),
        pytest.param(f"{KEY_ID}.{MAC}.", id="empty payload"),
        pytest.param(f"{KEY_ID}.{MAC[:-1]}.{PAYLOAD}", id="truncated MAC"),
        pytest.param(f"{KEY_ID}.{MAC}=.{PAYLOAD}", id="padded MAC"),
        pytest.param(f"none.{MAC}.{PAYLOAD}", id="alg none"),
        pytest.param(TOKEN[:-1], id="truncated payload"),
        pytest.param(TOKEN + "=" * (-len(PAYLOAD) % 4 or 4), id="padded payload"),
        pytest.param(TOKEN + "A", id="longer payload"),
        pytest.param(TOKEN.swapcase(), id="other case"),
        pytest.param(TOKEN + "\u00e9", id="not ASCII"),
        pytest.param(TOKEN + "\ud800", id="surrogate"),
        pytest.param(TOKEN + "\n", id="line end"),
        pytest.param(f"{KEY_ID}.{MAC}.{base64url(bytes(9) + MESSAGE)}", id="another message"),
        pytest.param(f"{KEY_ID}.{MAC}.{base64url(bytes([255]) + MESSAGE)}", id="payload no UTF-8"),
        pytest.param(token(keys=Keyring([b"a secret of somebody else"])), id="unknown key"),
        pytest.param(resigned(b"s\nf\n\n\nen\n\nv1\n", "playback"), id="another purpose"),
        pytest.param(resigned(b""), id="signed, empty"),
        pytest.param(resigned(b"a\nb"), id="signed, too few lines"),
        pytest.param(resigned(b"s\nf\n1\n\nen\n\nv1\n"), id="signed, season alone"),
        pytest.param(resigned(b"s\nf\n\n\nen\n\nv1\nnever"), id="signed, end no number"),
        pytest.param(resigned(b"s\nf\n\n\nen\n\nv1\n" + b"9" * 30), id="signed, end far away"),
        pytest.param(resigned(b"s\nf\n\n\nen\n\nv1\n1"), id="signed, ended"),
    ],
)
def test_a_forged_token_does_not_verify(forged: str) -> None:
    with pytest.raises(ForbiddenError):
        child_url.verify(forged, KEYS, NOW)


def test_what_resigned_makes_verifies_otherwise() -> None:
    made = resigned(b"s\nf\n\n\nen\n\nv1\n")
    assert child_url.verify(made, KEYS, NOW).playback.identity == Identity("s", "f", "en")


def test_every_changed_character_is_noticed() -> None:
    for at, char in enumerate(TOKEN):
        other = "A" if char != "A" else "B"
        with pytest.raises(ForbiddenError):
            child_url.verify(TOKEN[:at] + other + TOKEN[at + 1 :], KEYS, NOW)


@pytest.mark.parametrize("slug", ["a", "ab", "abc"])
def test_trailing_bits_have_one_spelling(slug: str) -> None:
    text = token(identity=Identity("s", slug, "en"))
    taken = []
    for char in ALPHABET:
        try:
            child_url.verify(text[:-1] + char, KEYS, NOW)
        except ForbiddenError:
            continue
        taken.append(char)
    assert taken == [text[-1]]


def test_it_ends_when_the_playback_url_ends() -> None:
    end = NOW + timedelta(hours=1)
    text = token(expires_at=end)
    child_url.verify(text, KEYS, end - timedelta(seconds=1))
    with pytest.raises(ForbiddenError, match="has ended"):
        child_url.verify(text, KEYS, end)


def test_what_was_valid_lately_ends_all_the_same() -> None:
    end = NOW + timedelta(hours=1)
    tokens, text = Tokens(KEYS), token(expires_at=end)
    for _ in range(2):
        assert tokens.verify(text, NOW) == ChildClaim(Claim(EPISODE, end), "vabc")
    for _ in range(2):
        with pytest.raises(ForbiddenError, match="has ended"):
            tokens.verify(text, end)
    for _ in range(2):
        with pytest.raises(ForbiddenError, match="not made with a key"):
            tokens.verify(token(keys=Keyring([b"another one's key"])), NOW)


def test_rotation() -> None:
    old, new = b"the old secret of this server", b"the new secret of this server"
    text = token(keys=Keyring([old]))
    assert child_url.verify(text, Keyring([new, old]), NOW).playback.identity == EPISODE
    with pytest.raises(ForbiddenError):
        child_url.verify(text, Keyring([new]), NOW)


@given(st.text(max_size=60) | st.text(ALPHABET + ".", max_size=60))
def test_no_text_verifies_or_breaks(text: str) -> None:
    with pytest.raises(ForbiddenError):
        child_url.verify(text, KEYS, NOW)


@given(st.binary(max_size=60) | st.text("sf1\n9-_e", max_size=30).map(str.encode))
def test_unsigned_payloads_do_not_break_it(payload: bytes) -> None:
    """With `auth = "none"` everybody can make tokens."""
    try:
        claim = child_url.verify(f"-.{base64url(payload)}", Unsigned(), NOW)
    except ForbiddenError:
        return
    assert claim.playback.identity.site


def test_tokens_of_one_title_bring_the_same_identity() -> None:
    """To find the very same object in a dictionary compares nothing."""
    episode = Identity("a", "b", "c", 1, 2)
    tokens = [Addresses("http://h", KEYS, Claim(episode)).folder(key) for key in ("v0", "v1")]
    one, other = (child_url.verify(url.split("/")[-2], KEYS, NOW) for url in tokens)
    assert one.playback.identity is other.playback.identity
    assert one.playback.identity == episode
