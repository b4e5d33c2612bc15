"""The demo's origin is as strict as the providers it stands for."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
import pytest

from strmctl.demo import player
from strmctl.demo.catalogue import ENTRIES, EPISODES, THE_FILM, Entry
from strmctl.demo.origin import CLIP, FILM, LINK_SECONDS, REFERER, Counts, Origin
from strmctl.errors import StrmctlError

TITLE = "test-pattern-s01e01"
FILM_BYTES = FILM.read_bytes()


@dataclass
class Clock:
    now: float = 1_800_000_000

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def clock() -> Clock:
    """One for all tests, as the origin: it only ever goes forward."""
    return Clock()


@pytest.fixture(scope="module")
def origin(clock: Clock) -> Iterator[Origin]:
    with Origin(clock).running() as running:
        yield running


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(
        trust_env=False, verify=False, headers={"Referer": REFERER}, timeout=30
    ) as client:
        yield client


def question(entry: Entry, **changes: object) -> dict[str, object]:
    asked = {"site": "demo.example", "slug": entry.slug, "language": "English", "reason": "play"}
    return {**asked, "season": entry.season, "episode": entry.episode, **changes}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("token=", "token=0", id="another token"),
        pytest.param("token=", "nothing=", id="no token"),
        pytest.param("expires=18", "expires=19", id="a later end"),
        pytest.param("expires=18", "expires=x", id="an end that is no number"),
        pytest.param("expires=", "nothing=", id="no end"),
        pytest.param("session=", "session=0", id="another session"),
        pytest.param("segment-0", "segment-1", id="another path"),
        pytest.param("s01e01", "s01e02", id="another title"),
    ],
)
def test_a_changed_link_is_forbidden(
    origin: Origin, client: httpx.Client, old: str, new: str
) -> None:
    link = origin.link(TITLE, "segment-0.ts")
    assert client.get(link).status_code == 200
    assert client.get(link.replace(old, new, 1)).status_code == 403


def test_no_link_is_given_twice(origin: Origin) -> None:
    links = {origin.link(TITLE, "segment-0.ts", expires=2_000_000_000) for _ in range(5)}
    assert len(links) == 5


@pytest.mark.parametrize(
    "headers",
    [pytest.param({}, id="none"), pytest.param({"Referer": "https://other.example/"}, id="other")],
)
def test_a_link_needs_its_referer(origin: Origin, headers: dict[str, str]) -> None:
    link = origin.link(TITLE, "segment-0.ts")
    assert (
        httpx.get(link, headers=headers, trust_env=False, verify=False, timeout=30).status_code
        == 403
    )


@pytest.mark.parametrize(
    ("seconds", "status"),
    [
        pytest.param(0, 200, id="new"),
        pytest.param(LINK_SECONDS - 1, 200, id="just before its end"),
        pytest.param(LINK_SECONDS, 410, id="at its end"),
        pytest.param(LINK_SECONDS * 10, 410, id="long after"),
    ],
)
def test_a_link_ends(
    origin: Origin, client: httpx.Client, clock: Clock, seconds: int, status: int
) -> None:
    link = origin.link(TITLE, "master.m3u8")
    clock.now += seconds
    assert client.get(link).status_code == status


def test_links_in_playlists_end_with_the_one_that_led_to_them(
    origin: Origin, client: httpx.Client, clock: Clock
) -> None:
    link = origin.link(TITLE, "master.m3u8")
    clock.now += LINK_SECONDS - 1
    presentation = player.open_presentation(client, link)
    clock.now += 1
    assert client.get(presentation.segment_urls[0]).status_code == 410


def test_all_links_end_at_once_and_new_ones_work(origin: Origin, client: httpx.Client) -> None:
    before = origin.link(TITLE, "master.m3u8")
    origin.expire_all()
    assert client.get(before).status_code == 410
    assert client.get(origin.link(TITLE, "master.m3u8")).status_code == 200


def test_the_player_gets_the_clip(origin: Origin, client: httpx.Client) -> None:
    presentation = player.open_presentation(client, origin.link(TITLE, "master.m3u8"))
    assert b"".join(player.read_segments(client, presentation)) == CLIP.read_bytes()
    assert presentation.seconds == 24.0
    assert len(presentation.segment_urls) == 6


def test_the_player_says_which_request_failed_without_its_token(
    origin: Origin, client: httpx.Client
) -> None:
    link = origin.link(TITLE, "master.m3u8")
    origin.expire_all()
    with pytest.raises(StrmctlError, match=r"410 instead of 200 at /cdn/v1/.*/master\.m3u8$"):
        player.open_presentation(client, link)


def test_no_segment_after_the_last(origin: Origin, client: httpx.Client) -> None:
    assert client.get(origin.link(TITLE, "segment-6.ts")).status_code == 404


@pytest.mark.parametrize(
    ("byte_range", "expected"),
    [
        pytest.param("0-", FILM_BYTES, id="from the start"),
        pytest.param("0-0", FILM_BYTES[:1], id="one byte"),
        pytest.param("1000-1999", FILM_BYTES[1000:2000], id="in the middle"),
        pytest.param("180000-", FILM_BYTES[180_000:], id="to the end"),
        pytest.param("-500", FILM_BYTES[-500:], id="the last bytes"),
    ],
)
def test_ranges_of_the_film(
    origin: Origin, client: httpx.Client, byte_range: str, expected: bytes
) -> None:
    link = origin.link("colour-test", "film.mp4")
    assert player.get(client, link, byte_range=byte_range).content == expected


def test_a_range_behind_the_film(origin: Origin, client: httpx.Client) -> None:
    response = client.get(
        origin.link("colour-test", "film.mp4"), headers={"Range": f"bytes={len(FILM_BYTES)}-"}
    )
    assert response.status_code == 416


def test_the_length_of_the_film(origin: Origin, client: httpx.Client) -> None:
    response = client.head(origin.link("colour-test", "film.mp4"))
    assert response.headers["content-length"] == str(len(FILM_BYTES))
    assert response.headers["accept-ranges"] == "bytes"


@pytest.mark.parametrize("entry", [pytest.param(entry, id=entry.name) for entry in ENTRIES])
def test_the_resolver_makes_links_that_work(
    origin: Origin, client: httpx.Client, entry: Entry
) -> None:
    answer = client.post(origin.resolver_url, json=question(entry)).json()
    assert answer["expires_at"] == int(origin.now) + LINK_SECONDS
    assert urlsplit(answer["url"]).path.split("/")[3] == entry.name
    with httpx.Client(
        trust_env=False, verify=False, headers=answer["headers"], timeout=30
    ) as player_of_it:
        assert player_of_it.get(answer["url"]).is_success


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"site": "other.example"}, id="another site"),
        pytest.param({"slug": "no-such"}, id="another slug"),
        pytest.param({"episode": 4}, id="an episode that does not exist"),
        pytest.param({"season": None, "episode": None}, id="a series as a film"),
        pytest.param({"language": "Klingon"}, id="another language"),
    ],
)
def test_the_resolver_does_not_know(
    origin: Origin, client: httpx.Client, changes: dict[str, object]
) -> None:
    response = client.post(origin.resolver_url, json=question(EPISODES[0], **changes))
    assert response.status_code == 404


def test_it_counts(origin: Origin, client: httpx.Client) -> None:
    start = origin.counts
    link = client.post(origin.resolver_url, json=question(THE_FILM)).json()["url"]
    client.get(link)
    client.get(f"{link}0")
    assert origin.counts - start == Counts(requests=2, refused=1, resolves=1)
