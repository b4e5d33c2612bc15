"""The playback URL: made, verified, and what happens to one that somebody changed."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from hypothesis import given, strategies as st

from stage.identities import IDENTITIES
from strmctl.domain.identity import MAX_BYTES, Identity
from strmctl.domain.urls import playback_url
from strmctl.domain.urls.child_url import Addresses
from strmctl.domain.urls.playback_url import Claim, KeyProof, NoProof, Proof, SignedProof
from strmctl.domain.urls.signature import Keyring
from strmctl.errors import ForbiddenError

NOW = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)
BASE = "https://strm.example:8443/below"
KEYS = Keyring([b"a secret that nobody knows"])
PROOF = SignedProof(KEYS)
EPISODE = Identity("aniworld.to", "st\u00e9/p&s=9", "German Dub", season=1, episode=2)
OTHER = Identity("aniworld.to", "other", "German Dub", season=1, episode=2)

ENDS = st.none() | st.integers(1_796_000_000, 7_000_000_000).map(
    lambda seconds: datetime.fromtimestamp(seconds, UTC)
)


def query_of(url: str) -> str:
    return urlsplit(url).query


def claimed(url: str, proof: Proof = PROOF, now: datetime = NOW) -> Claim:
    return playback_url.verify(query_of(url), proof, now)


@given(IDENTITIES, ENDS)
def test_round_trip(identity: Identity, expires_at: datetime | None) -> None:
    url = playback_url.build(BASE, identity, PROOF, extension=".m3u8", expires_at=expires_at)
    assert claimed(url) == Claim(identity, expires_at)
    assert playback_url.identity_in(url) == identity
    assert url.isascii()
    assert not set(url) & set('" <>\\^`{|}')


@pytest.mark.parametrize(
    ("identity", "extension", "wanted"),
    [
        pytest.param(
            Identity("Site.to", "a-b", "German Dub", season=0, episode=7),
            ".m3u8",
            "/strm/stream.m3u8?site=site.to&slug=a-b&s=0&e=7&lang=German%20Dub&shard=SHARD&sig=",
            id="episode",
        ),
        pytest.param(
            Identity("s", "film", "en", provider="VOE"),
            "",
            "/strm/stream?site=s&slug=film&lang=en&provider=VOE&shard=SHARD&sig=",
            id="film with provider",
        ),
        pytest.param(
            Identity("s", 'a"&b=c#d/e+f%g', "en"),
            ".mkv",
            "/strm/stream.mkv?site=s&slug=a%22%26b%3Dc%23d%2Fe%2Bf%25g&lang=en&shard=SHARD&sig=",
            id="hostile slug",
        ),
    ],
)
def test_form(identity: Identity, extension: str, wanted: str) -> None:
    url = playback_url.build(f"{BASE}/", identity, PROOF, extension=extension)
    assert url.startswith(BASE + wanted.replace("SHARD", identity.shard()))


@given(IDENTITIES)
def test_the_shard_is_the_identitys_and_proves_nothing(identity: Identity) -> None:
    url = playback_url.build(BASE, identity, PROOF)
    shard = parse_qs(query_of(url))["shard"][0]
    assert re.fullmatch("[a-z2-7]{8}", shard)
    assert f"/{shard}/" in Addresses(BASE, KEYS, claimed(url)).playlist("v1")
    for other in ("", "&shard=aaaaaaaa", "&shard=", "&shard=%00", "&shard=a&shard=b"):
        assert claimed(url.replace(f"&shard={shard}", other)) == claimed(url)
    assert playback_url.without_shard(url) == url.replace(f"&shard={shard}", "")
    assert playback_url.identity_in(playback_url.without_shard(url)) == identity


def test_a_slug_that_looks_like_a_shard_stays() -> None:
    identity = Identity("s", "x&shard=abcdefgh", "en")
    url = playback_url.without_shard(playback_url.build(BASE, identity, NoProof()))
    assert playback_url.identity_in(url) == identity


def test_the_longest_is_far_below_4000_bytes() -> None:
    slug = "\u00e9" * ((MAX_BYTES - 20) // 2)
    identity = Identity("s", slug, "l", season=99_999, episode=99_999)
    url = playback_url.build(BASE, identity, PROOF, extension=".m3u8", expires_at=NOW)
    assert MAX_BYTES * 2 < len(url) < 3300


def change(old: str, new: str) -> Callable[[str], str]:
    def changed(url: str) -> str:
        assert old in url
        return url.replace(old, new)

    return changed


def add(text: str) -> Callable[[str], str]:
    return lambda url: url + text


def without(name: str) -> Callable[[str], str]:
    def changed(url: str) -> str:
        base, _, query = url.partition("?")
        return f"{base}?" + "&".join(p for p in query.split("&") if not p.startswith(f"{name}="))

    return changed


SIGNATURE = query_of(playback_url.build(BASE, EPISODE, PROOF)).partition("sig=")[2]
FOREIGN = Keyring([b"a secret of somebody else"])
MESSAGE = f"{EPISODE.canonical()}\n"


def signed(signature: str) -> Callable[[str], str]:
    return change(SIGNATURE, quote(signature, safe="%"))


@pytest.mark.parametrize(
    "changed",
    [
        # 129: stripped, moved, duplicated, polluted
        pytest.param(without("sig"), id="signature stripped"),
        pytest.param(signed(""), id="signature empty"),
        pytest.param(lambda url: f"{BASE}/strm/stream?", id="nothing at all"),
        pytest.param(change("sig=", "Sig="), id="signature under another name"),
        pytest.param(change("slug=", "SLUG="), id="parameter in upper case"),
        pytest.param(without("site"), id="no site"),
        pytest.param(without("slug"), id="no slug"),
        pytest.param(without("lang"), id="no language"),
        pytest.param(without("s"), id="no season"),
        pytest.param(lambda url: without("s")(without("e")(url)), id="a film of an episode"),
        pytest.param(add("&slug=other"), id="slug twice"),
        pytest.param(change("slug=", "slug=other&slug="), id="slug twice, forged first"),
        pytest.param(add("&s=1"), id="season twice, the same"),
        pytest.param(add(f"&sig={SIGNATURE}"), id="signature twice"),
        pytest.param(add("&exp=4000000000"), id="end added"),
        pytest.param(add("&provider=VOE"), id="provider added"),
        pytest.param(add("&provider="), id="empty provider added"),
        pytest.param(add("&%73lug=other"), id="slug twice, percent-encoded"),
        pytest.param(change("e=2", "e=3"), id="another episode"),
        pytest.param(change("e=2", "e=%C2%B2"), id="superscript two"),
        pytest.param(change("e=2", "e=2%00"), id="NUL"),
        pytest.param(change("e=2", "e=+2"), id="plus"),
        pytest.param(change("e=2", "e=-2"), id="negative"),
        pytest.param(change("e=2", "e=2e0"), id="exponent"),
        pytest.param(change("p%26s%3D9", "p&s=9"), id="& and = decoded"),
        pytest.param(change("st%C3%A9", "ST%C3%89"), id="slug in upper case"),
        pytest.param(change("st%C3%A9", "st%E9"), id="latin-1 slug"),
        pytest.param(change("st%C3%A9%2F", "st%C3%A9%252F"), id="slash encoded twice"),
        pytest.param(change("st%C3%A9%2F", "st%C3%A9%5C"), id="backslash for slash"),
        pytest.param(change("slug=st", "slug=st%E2%80%8B"), id="zero-width space"),
        pytest.param(change("&lang=", "%26lang="), id="parameters glued together"),
        pytest.param(change("&lang=", ";lang="), id="semicolon for &"),
        # 130: other purposes, keys, shapes
        pytest.param(signed(KEYS.sign("child", MESSAGE)), id="signature of a child"),
        pytest.param(signed(KEYS.sign("playback", EPISODE.canonical())), id="without end line"),
        pytest.param(signed(FOREIGN.sign("playback", MESSAGE)), id="unknown key"),
        pytest.param(signed(SIGNATURE + "="), id="padded"),
        pytest.param(signed(SIGNATURE[:-1]), id="truncated"),
        pytest.param(signed(SIGNATURE.partition(".")[2]), id="no key id"),
        pytest.param(signed("none." + SIGNATURE.partition(".")[2]), id="alg none"),
        pytest.param(signed(SIGNATURE.swapcase()), id="other case"),
        pytest.param(signed("\u00e9\u20ac"), id="not ASCII"),
        pytest.param(signed("%FF%FE"), id="not UTF-8"),
        pytest.param(signed(SIGNATURE + "\0"), id="NUL behind"),
        pytest.param(signed(SIGNATURE + "\n"), id="line end behind"),
    ],
)
def test_changed(changed: Callable[[str], str]) -> None:
    url = playback_url.build(BASE, EPISODE, PROOF)
    assert claimed(url).identity == EPISODE
    with pytest.raises(ForbiddenError) as caught:
        claimed(changed(url))
    assert SIGNATURE not in str(caught.value)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(add("&api_key=1&_HLS_msn=3&S=7&%ff=%ff"), id="parameters of players"),
        pytest.param(change("%2F", "/"), id="slash not encoded"),
        pytest.param(change("%20", "+"), id="space as plus"),
        pytest.param(change("aniworld", "%61niworld"), id="encoded without need"),
        pytest.param(change("aniworld", "AniWorld"), id="site in another case"),
        pytest.param(change("%C3%A9", "e%CC%81"), id="decomposed slug"),
        pytest.param(change("e=2", "e=02"), id="leading zero"),
        pytest.param(
            lambda url: url.partition("?")[0] + "?" + "&".join(reversed(query_of(url).split("&"))),
            id="another order",
        ),
    ],
)
def test_other_spellings_are_the_same_episode_and_no_other(changed: Callable[[str], str]) -> None:
    assert claimed(changed(playback_url.build(BASE, EPISODE, PROOF))) == Claim(EPISODE)


@given(st.text(max_size=30), st.text(max_size=30))
def test_no_query_breaks_it(name: str, value: str) -> None:
    query = query_of(playback_url.build(BASE, EPISODE, PROOF)) + f"&{name}={value}"
    try:
        claim = playback_url.verify(query, PROOF, NOW)
    except ForbiddenError:
        return
    assert claim == Claim(EPISODE)


@given(st.text(max_size=60))
def test_no_text_is_a_playback_url(query: str) -> None:
    with pytest.raises(ForbiddenError):
        playback_url.verify(query, PROOF, NOW)


def test_an_end() -> None:
    end = NOW + timedelta(hours=1)
    url = playback_url.build(BASE, EPISODE, PROOF, expires_at=end)
    assert f"&exp={int(end.timestamp())}&" in url
    assert claimed(url).expires_at == end
    assert claimed(url, now=end - timedelta(seconds=1)).expires_at == end
    with pytest.raises(ForbiddenError, match="has ended"):
        claimed(url, now=end)
    for changed in (without("exp")(url), url.replace("exp=1", "exp=2"), url + "0"):
        with pytest.raises(ForbiddenError):
            claimed(changed)


@pytest.mark.parametrize("end", ["", "x", "-1", "1.5", "1_0", "9" * 12, "9" * 5000, "\u0661"])
def test_odd_ends(end: str) -> None:
    query = f"site=s&slug=f&lang=en&exp={end}"
    with pytest.raises(ForbiddenError, match="exp"):
        playback_url.verify(query, NoProof(), NOW)


def test_rotation() -> None:
    old, new = b"the old secret of this server", b"the new secret of this server"
    url = playback_url.build(BASE, EPISODE, SignedProof(Keyring([old])))
    assert claimed(url, SignedProof(Keyring([new, old]))).identity == EPISODE
    rewritten = playback_url.build(BASE, EPISODE, SignedProof(Keyring([new, old])))
    assert claimed(rewritten, SignedProof(Keyring([new]))).identity == EPISODE
    with pytest.raises(ForbiddenError, match="strmctl write"):
        claimed(url, SignedProof(Keyring([new])))


def test_api_keys() -> None:
    proof = KeyProof(["first key", "second"])
    url = playback_url.build(BASE, EPISODE, proof)
    assert url.endswith("&key=first%20key")
    assert claimed(url, proof).identity == EPISODE
    assert claimed(url.replace("first%20key", "second"), proof).identity == EPISODE
    for key in ("", "first", "first%20key%00", "FIRST%20KEY", "%ff", "second&key=second"):
        with pytest.raises(ForbiddenError):
            claimed(url.replace("first%20key", key), proof)
    assert "first" not in repr(proof)


def test_no_proof() -> None:
    url = playback_url.build(BASE, EPISODE, NoProof())
    assert "sig" not in query_of(url)
    assert claimed(url, NoProof()).identity == EPISODE
    with pytest.raises(ForbiddenError):
        claimed(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://cdn.example/a.m3u8?site=s&slug=f&lang=en",
        "https://strm.example/strm/streams?site=s&slug=f&lang=en",
        "https://strm.example/strm/stream/x?site=s&slug=f&lang=en",
        "https://strm.example/strm/stream?slug=f&lang=en",
        "http://[/strm/stream?site=s&slug=f&lang=en",
        "/strm/stream\n?site=s\ud800",
    ],
)
def test_no_identity_in(url: str) -> None:
    assert playback_url.identity_in(url) is None


@pytest.mark.parametrize("base", ["http://a", "https://b:1/c/d", "", "http://[::1]:8888"])
@pytest.mark.parametrize("extension", ["", ".mp4", ".m3u8"])
def test_identity_in_any_base(base: str, extension: str) -> None:
    url = playback_url.build(base, OTHER, NoProof(), extension=extension)
    assert playback_url.identity_in(url) == OTHER
