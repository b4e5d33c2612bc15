"""Rows 44 to 46: a name never stands for other bytes, whatever is replaced or begins again."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from operator import ne

import httpx
import pytest
from msgspec.structs import replace

from stage.presentation import content
from stage.proxy import running_proxy
from stage.routes import FORBIDDEN, WEB_PAGE, always, file, in_turn, playlist
from stage.show import Show
from stage.upstream import Answer
from stage.viewer import follow
from stage.waiting import until
from strmctl.settings.model import Settings

SIZE = 2000
SEGMENT = b"\x47" + b"\x00" * 187


def media(name: str) -> bytes:
    """A segment that begins like every other one of its kind; what follows is its own."""
    return SEGMENT + content(name, SIZE)


def window(files: Sequence[str], first: int, *tags: str, ended: bool = False) -> str:
    lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:2", f"#EXT-X-MEDIA-SEQUENCE:{first}", *tags]
    for name in files:
        lines += ["#EXTINF:2.000,", name]
    return "\n".join([*lines, *(["#EXT-X-ENDLIST"] if ended else []), ""])


def put(show: Show, text: str, files: Mapping[str, bytes]) -> None:
    show.routes["index.m3u8"] = playlist(text)
    show.routes |= {name: file(data) for name, data in files.items()}


@dataclass(slots=True)
class Cache:
    """Everything that a cache may keep, for ever: it would give it again for the same address."""

    client: httpx.Client
    kept: dict[str, bytes] = field(default_factory=dict)

    def get(self, url: str) -> bytes:
        answer = self.client.get(url)
        assert answer.status_code == 200, answer.text
        return self.kept.setdefault(url, answer.content)


@pytest.fixture
def cache(client: httpx.Client) -> Cache:
    return Cache(client)


def _until_listed(cache: Cache, url: str, condition: Callable[[list[str]], bool]) -> None:
    until(lambda: condition(follow(cache.client, url)), "the playlist is read again")


KEY = '#EXT-X-KEY:METHOD=AES-128,URI="key"'
INIT = '#EXT-X-MAP:URI="init.mp4"'
FIRST_RUN = ["a5.ts", "a6.ts", "a7.ts"]


def first_run(*tags: str) -> str:
    return window(FIRST_RUN, 5, *tags)


@pytest.mark.parametrize("dies", [False, True], ids=["same token", "new token"])
@pytest.mark.parametrize(
    ("text", "names"),
    [
        pytest.param(window(["b0.ts", "b1.ts"], 0), ["b0.ts", "b1.ts"], id="other names from 0"),
        pytest.param(
            window(FIRST_RUN, 0), FIRST_RUN, id="the same names from 0", marks=pytest.mark.slow
        ),
        pytest.param(window(FIRST_RUN[:2], 4), FIRST_RUN[:2], id="one number back"),
        pytest.param(window(["b5.ts", "b6.ts"], 5), ["b5.ts", "b6.ts"], id="the same numbers"),
        pytest.param(
            window(["b7.ts", "b8.ts"], 7),
            ["b7.ts", "b8.ts"],
            id="the last number again",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_44_a_live_stream_that_begins_again_has_new_names(
    text: str, names: list[str], dies: bool, show: Show, url: str, cache: Cache
) -> None:
    put(show, first_run(), {name: media(f"first {name}") for name in FIRST_RUN})
    before = follow(cache.client, url)
    assert [cache.get(each) for each in before] == [media(f"first {name}") for name in FIRST_RUN]
    if dies:
        show.expire()
    put(show, text, {name: media(f"again {name}") for name in names})
    until(lambda: follow(cache.client, url) != before, "the new run is listed")
    after = follow(cache.client, url)
    assert [cache.get(each) for each in after] == [media(f"again {name}") for name in names]
    assert {cache.client.get(each).status_code for each in before} == {404}


def test_44_keys_and_init_sections_of_a_new_run_have_new_names(
    show: Show, url: str, cache: Cache
) -> None:
    def files(run: str) -> Mapping[str, bytes]:
        segments = {f"{run}{number}.m4s": media(f"{run}{number}") for number in (5, 6, 7)}
        return {"key": content(f"key {run}", 16), "init.mp4": media(f"init {run}"), **segments}

    for run, first in (("a", 5), ("b", 5), ("c", 0)):
        before = set(cache.kept)
        put(show, window([f"{run}{n}.m4s" for n in (5, 6, 7)], first, KEY, INIT), files(run))
        _until_listed(cache, url, before.isdisjoint)
        listed = follow(cache.client, url)
        assert [cache.get(each) for each in listed] == list(files(run).values())


def test_44_an_old_copy_of_the_playlist_is_no_new_run(show: Show, url: str, cache: Cache) -> None:
    """Another edge of the CDN is late by a segment or two."""
    files = {f"a{number}.ts": media(f"a{number}") for number in range(10)}
    put(show, window([f"a{n}.ts" for n in (5, 6, 7)], 5), files)
    before = follow(cache.client, url)
    bodies = [cache.get(each) for each in before]
    put(show, window([f"a{n}.ts" for n in (4, 5, 6)], 4), files)
    until(lambda: follow(cache.client, url) != before, "the old copy is listed")
    assert follow(cache.client, url)[1:] == before[:2]
    assert [cache.client.get(each).content for each in before] == bodies


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(lambda number: f"ring{number % 4}.ts", id="a ring of four names"),
        pytest.param(lambda number: "chunk.ts", id="one name", marks=pytest.mark.slow),
    ],
)
def test_45_a_live_window_is_never_answered_from_memory(
    name: Callable[[int], str], show: Show, url: str, cache: Cache
) -> None:
    seen: list[str] = []
    for first in range(6):
        files = {name(number): media(str(number)) for number in range(first, first + 3)}
        put(show, window([name(number) for number in range(first, first + 3)], first), files)
        _until_listed(cache, url, partial(ne, seen))
        seen = follow(cache.client, url)
        assert cache.get(seen[-1]) == media(str(first + 2))


@pytest.mark.parametrize(
    ("etag", "last_modified"),
    [
        pytest.param('"two"', "", id="ETag"),
        pytest.param("", "Mon, 23 Nov 2026 10:00:00 GMT", id="Last-Modified"),
        pytest.param("", "", id="length alone"),
    ],
)
@pytest.mark.parametrize("part", ["bytes=0-", "bytes=0-99999", "bytes=-1000", "bytes=700000-"])
def test_45_a_film_that_is_replaced_at_its_url_is_the_new_one(
    part: str, etag: str, last_modified: str, show: Show, url: str, client: httpx.Client
) -> None:
    old, new = content("old", 900_000), content("new", 900_001 if not etag else 900_000)
    was = {
        "etag": '"one"' if etag else "",
        "last_modified": "Sun, 22 Nov 2026 10:00:00 GMT" if last_modified else "",
    }
    show.entry = "film.mkv"
    show.routes["film.mkv"] = file(old, media_type="video/x-matroska", **was)
    assert client.get(url, headers={"Range": part}).status_code == 206
    assert client.get(url, headers={"Range": "bytes=0-299999"}).content == old[:300_000]
    show.routes["film.mkv"] = file(
        new, media_type="video/x-matroska", etag=etag, last_modified=last_modified
    )
    assert client.get(url).content == new
    first = int(part[6:].partition("-")[0] or len(new) - 1000)
    last = int(part.partition("-")[2] or len(new) - 1) if first < 800_000 else len(new) - 1
    assert client.get(url, headers={"Range": part}).content == new[first : last + 1]


NAMES = ["s0.ts", "s1.ts", "s2.ts", "s3.ts"]


def voiced(dub: str, names: Sequence[str] = NAMES) -> Mapping[str, bytes]:
    return {name: media(f"{dub} {name}") for name in names}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(
            {"key": content("one", 16), **voiced("one")},
            {"key": content("two", 16), **voiced("two")},
            id="a key of its own",
        ),
        pytest.param(
            {"key": content("one", 16), **voiced("one")},
            {"key": content("two", 16), **voiced("one")},
            id="another key alone",
        ),
        pytest.param(voiced("German"), voiced("French"), id="another dub"),
        pytest.param(
            voiced("German"), {name: b"G" + media(name) for name in NAMES}, id="other lengths"
        ),
    ],
)
@pytest.mark.parametrize("ended", [True, False], ids=["finished", "live"])
def test_46_other_content_behind_a_new_token_is_not_joined(
    ended: bool,
    old: Mapping[str, bytes],
    new: Mapping[str, bytes],
    show: Show,
    url: str,
    cache: Cache,
) -> None:
    tags = [KEY] if "key" in old else []
    put(show, window(NAMES, 0, *tags, ended=ended), old)
    before = follow(cache.client, url)
    for each in before[:3]:
        cache.get(each)
    show.expire()
    put(show, window(NAMES, 0, *tags, ended=ended), new)
    assert cache.client.get(before[-1]).status_code == 404
    after = follow(cache.client, url)
    assert not set(after) & set(before)
    assert [cache.get(each) for each in after] == list(new.values())


@pytest.mark.parametrize("ended", [True, False], ids=["finished", "live"])
def test_46_a_key_that_was_none_at_first_is_healed(
    ended: bool, show: Show, url: str, cache: Cache
) -> None:
    files = {"key": content("key", 16), **voiced("German")}
    put(show, window(NAMES, 0, KEY, ended=ended), files)
    show.routes["key"] = always(FORBIDDEN)
    before = follow(cache.client, url)
    bodies = [cache.get(each) for each in before[1:]]
    show.expire()
    show.routes["key"] = file(files["key"])
    assert cache.get(before[0]) == files["key"]
    assert [cache.client.get(each).content for each in before[1:]] == bodies


def play_german(show: Show, url: str, cache: Cache) -> tuple[list[str], dict[str, bytes]]:
    """The German dub, whole: its addresses, and what is there."""
    files = {"key": content("key", 16), **voiced("German")}
    put(show, window(NAMES, 0, KEY, ended=True), files)
    before = follow(cache.client, url)
    assert [cache.get(each) for each in before] == list(files.values())
    return before, files


@pytest.mark.parametrize("ended", [True, False], ids=["finished", "live"])
@pytest.mark.parametrize(
    "refusal",
    [
        pytest.param(FORBIDDEN, id="403"),
        pytest.param(Answer(410), id="410"),
        pytest.param(Answer(200, WEB_PAGE, {"Content-Type": "text/html"}), id="web page"),
    ],
)
def test_46_a_key_that_may_be_had_once_only(
    refusal: Answer, ended: bool, show: Show, url: str, cache: Cache
) -> None:
    """Of live playlists nothing is remembered: the key's name does not say its bytes."""
    files = {"key": content("key", 16), **voiced("German")}
    put(show, window(NAMES, 0, KEY, ended=ended), files)
    show.routes["key"] = in_turn(file(files["key"]), always(refusal))
    before = follow(cache.client, url)
    assert [cache.get(each) for each in before] == list(files.values())
    for _ in range(2):
        again = [cache.client.get(each) for each in before[::-1]]
        assert [each.content for each in again[:-1]] == list(files.values())[:0:-1]
        assert (again[-1].content == files["key"]) is ended
        assert follow(cache.client, url) == before


@pytest.mark.slow
def test_46_a_key_whose_name_says_its_bytes_is_not_waited_for(
    show: Show, settings: Settings, cache: Cache
) -> None:
    """Its server takes the request and stays silent until the test ends; a player gets the key."""
    hour = timedelta(hours=1)
    patient = replace(settings.upstream, first_byte_timeout=hour, read_timeout=hour)
    with running_proxy(replace(settings, upstream=patient)) as proxy:
        before, files = play_german(show, proxy.playback_url(show.slug), cache)
        show.routes["key"] = always(Answer(is_silent=True))
        assert cache.client.get(before[0]).content == files["key"]
        assert cache.client.get(before[-1]).content == files[NAMES[-1]]


def test_46_another_key_behind_a_new_token_that_comes_late(
    show: Show, url: str, cache: Cache
) -> None:
    """As long as it is not there, what it decrypts has stayed the same."""
    before, files = play_german(show, url, cache)
    show.expire()
    show.routes["key"] = always(FORBIDDEN)
    assert cache.client.get(before[-1]).content == files[NAMES[-1]]
    show.routes["key"] = file(content("another", 16))
    assert cache.client.get(before[0]).status_code == 404
    after = follow(cache.client, url)
    assert not set(after) & set(before)
    assert cache.get(after[0]) == content("another", 16)


def test_46_another_dub_whose_key_is_not_to_be_had_is_not_joined(
    show: Show, url: str, cache: Cache
) -> None:
    before, _ = play_german(show, url, cache)
    show.expire()
    put(show, window(NAMES, 0, KEY, ended=True), voiced("French"))
    show.routes["key"] = always(FORBIDDEN)
    for _ in range(2):
        assert cache.client.get(before[-1]).status_code == 404
    after = follow(cache.client, url)
    assert not set(after) & set(before)
    assert [cache.get(each) for each in after[1:]] == list(voiced("French").values())


@pytest.mark.parametrize("ended", [True, False], ids=["finished", "live"])
def test_46_the_same_content_behind_a_new_token_is_joined(
    ended: bool, show: Show, url: str, cache: Cache
) -> None:
    files = {"key": content("key", 16), **voiced("German")}
    put(show, window(NAMES, 0, KEY, ended=ended), files)
    before = follow(cache.client, url)
    assert cache.get(before[1]) == files["s0.ts"]
    show.expire()
    assert [cache.get(each) for each in before] == list(files.values())
    assert follow(cache.client, url) == before
