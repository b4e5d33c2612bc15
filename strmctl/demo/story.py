"""The story: write, play, lose links, heal, seek, probe, refresh, look; each is checked.

Each step is told once it has come true. The first that does not raises StrmctlError.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from strmctl.demo import catalogue, player
from strmctl.demo.catalogue import Entry
from strmctl.demo.origin import CLIP, FILM, LINK_SECONDS, Counts
from strmctl.demo.stage import EPISODES_FILE, Stage
from strmctl.errors import StrmctlError

FRAMES, SECONDS = 600, 24.0
_SEGMENTS_BEFORE_THE_END = 2
_FIRST, _SECOND, *_, _LAST = catalogue.EPISODES


class Step(Struct, frozen=True):
    """What came true: a line for people, more lines below it, the same as figures for programs."""

    number: int
    name: str
    text: str
    details: Sequence[str]
    figures: Mapping[str, object]


class Watched(Struct, frozen=True):
    """One play from the first to the last segment."""

    presentation: player.Presentation
    content_bytes: int
    decoded: player.Decoded | None

    def __str__(self) -> str:
        count = len(self.presentation.segment_urls)
        received = f"{count} segments, {self.content_bytes:,} bytes identical to the clip"
        if self.decoded is None:
            return received
        return f"{received}; {self.decoded.frames} frames, {self.decoded.seconds:.1f} s decoded"

    def figures(self, cost: Counts) -> Mapping[str, object]:
        return {
            "segments": len(self.presentation.segment_urls),
            "bytes_identical": self.content_bytes,
            "frames": self.decoded and self.decoded.frames,
            "seconds": self.decoded and self.decoded.seconds,
            **_cost(cost),
        }


class Story:
    """`urls` are the lines of the .strm files, `told` counts the steps."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._origin = stage.origin
        self.urls: dict[Entry, str] = {}
        self.told = 0

    def before_serving(self) -> Iterator[Step]:
        """What needs no proxy."""
        yield self._make_library()
        yield self._write()

    def while_serving(self) -> Iterator[Step]:
        """The rest, while the proxy answers at the stage's `base_url`."""
        yield self._serve()
        yield self._play()
        yield self._heal_in_mid_play()
        yield self._play_again()
        yield self._seek_in_the_film()
        yield self._probe()
        yield self._refresh()
        yield self._page()

    def _make_library(self) -> Step:
        made = self._stage.commands.run("init")[0]
        return self._came_true(
            "init",
            "strmctl init: settings, signing key, database and library",
            [f"in {self._stage.folder}", f"links of the demo's origin live {LINK_SECONDS} s"],
            {"created": made["created"], "link_seconds": LINK_SECONDS},
        )

    def _write(self) -> Step:
        documents = self._stage.commands.run("write", "--from", EPISODES_FILE)
        written = [document for document in documents if document["type"] == "mapping"]
        _check(len(written) == len(catalogue.ENTRIES), f"{len(written)} .strm files were written")
        for mapping in written:
            self.urls[_entry_of(mapping)] = self._stage.strm_text(mapping["strm_path"])
        first = written[0]["strm_path"]
        return self._came_true(
            "write",
            f"strmctl write --from {EPISODES_FILE}: {len(catalogue.EPISODES)} episodes and a film",
            [first, self.urls[_FIRST]],
            {"files": len(written), "strm_path": first, "playback_url": self.urls[_FIRST]},
        )

    def _serve(self) -> Step:
        base_url = self._stage.base_url
        return self._came_true(
            "serve",
            f"strmctl serve: the proxy is ready at {base_url}",
            [],
            {"base_url": base_url},
        )

    def _play(self) -> Step:
        before = self._origin.counts
        watched = self._watch(_FIRST)
        cost = self._origin.counts - before
        _check(cost.resolves == 1, f"the first play took {cost.resolves} resolver calls, not 1")
        self._check_names(watched.presentation)
        return self._came_true(
            "play",
            f"Played {_FIRST.label} through the proxy: {watched}",
            [_cost_text(cost), "the playlists name neither the origin nor its tokens"],
            watched.figures(cost),
        )

    def _heal_in_mid_play(self) -> Step:
        presentation = player.open_presentation(self._stage.client, self.urls[_SECOND])
        segments = player.read_segments(self._stage.client, presentation)
        seen = [next(segments) for _ in range(_SEGMENTS_BEFORE_THE_END)]
        before = self._origin.counts
        self._origin.expire_all()
        rest = list(segments)
        cost = self._origin.counts - before
        _check_same(b"".join([*seen, *rest]), CLIP.read_bytes(), _SECOND.label)
        _check(cost.refused > 0, "the origin still served the links that had ended")
        _check(cost.resolves == 1, f"healing took {cost.resolves} resolver calls, not 1")
        return self._came_true(
            "heal",
            f"Links ended after {len(seen)} segments of {_SECOND.label}:"
            f" the other {len(rest)} came all the same, every byte identical",
            [_cost_text(cost), "the player went on with the URLs that it held: it saw no error"],
            {"segments_before": len(seen), "segments_after": len(rest), **_cost(cost)},
        )

    def _play_again(self) -> Step:
        before = self._origin.counts
        watched = self._watch(_SECOND)
        cost = self._origin.counts - before
        _check(cost.resolves == 0, f"playing again took {cost.resolves} resolver calls, not 0")
        return self._came_true(
            "play again",
            f"Played {_SECOND.label} again: {watched}",
            [_cost_text(cost)],
            watched.figures(cost),
        )

    def _seek_in_the_film(self) -> Step:
        """Quarters of the film, none twice: what was read before, a proxy may have kept."""
        url, film = self.urls[catalogue.THE_FILM], FILM.read_bytes()
        quarter = len(film) // 4
        before = self._origin.counts
        self._check_range(url, f"0-{quarter - 1}", film[:quarter])
        self._check_range(url, f"{2 * quarter}-{3 * quarter - 1}", film[2 * quarter : 3 * quarter])
        self._origin.expire_all()
        self._check_range(url, f"{quarter}-{2 * quarter - 1}", film[quarter : 2 * quarter])
        self._check_range(url, f"-{len(film) - 3 * quarter}", film[3 * quarter :])
        cost = self._origin.counts - before
        _check(cost.refused > 0, "the origin still served the film's link that had ended")
        _check(cost.resolves == 2, f"the film took {cost.resolves} resolver calls, not 2")
        decoded = self._decode(url)
        frames = "" if decoded is None else f"; {decoded.frames} frames decoded"
        return self._came_true(
            "seek",
            f"Played {catalogue.THE_FILM.label} with seeks, its link ended half-way:"
            f" all {len(film):,} bytes identical{frames}",
            [_cost_text(cost)],
            {"bytes_identical": len(film), "seeks": 3, **_cost(cost)},
        )

    def _probe(self) -> Step:
        documents = self._stage.commands.run("probe", "--all")
        states = Counter(each["state"] for each in documents if each["type"] == "probe")
        _check(states["alive"] > 0, "probe found no link alive")
        _check(states["suspect"] > 0, "probe did not find the links that have ended")
        _check(states.total() == len(catalogue.ENTRIES), f"probe found {states.total()} links")
        found = ", ".join(f"{number} {state}" for state, number in sorted(states.items()))
        return self._came_true(
            "probe",
            f"strmctl probe --all: {found}",
            ["a link that fails is suspect first, dead once it has failed for a while"],
            {"states": states},
        )

    def _refresh(self) -> Step:
        documents = self._stage.commands.run("refresh", "--series", catalogue.SERIES)
        outcomes = [document["outcome"] for document in documents if document["type"] == "refresh"]
        expected = ["refreshed"] * len(catalogue.EPISODES)
        _check(outcomes == expected, f"refresh ended with {outcomes}")
        before = self._origin.counts
        watched = self._watch(_LAST)
        cost = self._origin.counts - before
        _check(cost.resolves == 0 and cost.refused == 0, f"after refresh: {_cost_text(cost)}")
        return self._came_true(
            "refresh",
            f"strmctl refresh --series {catalogue.SERIES}: {len(outcomes)} episodes have new links",
            [f"{_LAST.label} played from its new link: {watched}", _cost_text(cost)],
            {"refreshed": len(outcomes), **watched.figures(cost)},
        )

    def _page(self) -> Step:
        address = f"{self._stage.base_url}/"
        for page, shown in (("", "Healed"), ("library", catalogue.EPISODES[0].title)):
            answer = self._stage.client.get(address + page)
            _check(answer.is_success, f"the page /{page} answered {answer.status_code}")
            _check(shown in answer.text, f"the page /{page} does not show {shown!r}")
        stats = self._stage.client.get(f"{address}api/v1/stats").json()
        _check(stats["healed"] > 0, "nothing is said to have been healed")
        return self._came_true(
            "page",
            f"The web page: {address}",
            [f"{stats['mappings']} links, {stats['healed']} healed; refresh and probe are buttons"],
            {"url": address, "mappings": stats["mappings"], "healed": stats["healed"]},
        )

    def _came_true(
        self, name: str, text: str, details: Sequence[str], figures: Mapping[str, object]
    ) -> Step:
        self.told += 1
        return Step(self.told, name, text, details, figures)

    def _watch(self, entry: Entry) -> Watched:
        url = self.urls[entry]
        presentation = player.open_presentation(self._stage.client, url)
        content = b"".join(player.read_segments(self._stage.client, presentation))
        _check_same(content, CLIP.read_bytes(), entry.label)
        return Watched(presentation, len(content), self._decode(url))

    def _decode(self, url: str) -> player.Decoded | None:
        decoded = player.decode(url)
        if decoded is not None:
            seen = f"{decoded.frames} frames and {decoded.seconds} s"
            _check(
                (decoded.frames, decoded.seconds) == (FRAMES, SECONDS),
                f"ffprobe decoded {seen} instead of {FRAMES} and {SECONDS}",
            )
        return decoded

    def _check_range(self, url: str, byte_range: str, expected: bytes) -> None:
        response = player.get(self._stage.client, url, byte_range=byte_range)
        _check_same(response.content, expected, f"bytes={byte_range} of the film")

    def _check_names(self, presentation: player.Presentation) -> None:
        text = "\n".join(presentation.playlists)
        for secret in (self._origin.authority, "/cdn/", "token=", "expires="):
            _check(secret not in text, f"a playlist of the proxy holds {secret!r}")


def _entry_of(mapping: Mapping[str, Any]) -> Entry:
    return next(
        entry
        for entry in catalogue.ENTRIES
        if (entry.slug, entry.season, entry.episode)
        == (mapping["slug"], mapping["season"], mapping["episode"])
    )


def _cost(counts: Counts) -> Mapping[str, int]:
    return {
        "resolver_calls": counts.resolves,
        "origin_requests": counts.requests,
        "origin_refused": counts.refused,
    }


def _cost_text(counts: Counts) -> str:
    calls = "1 resolver call" if counts.resolves == 1 else f"{counts.resolves} resolver calls"
    answered = counts.requests - counts.refused
    return f"{calls}; the origin answered {answered} requests and refused {counts.refused}"


def _check(holds: bool, otherwise: str) -> None:
    if not holds:
        raise StrmctlError(f"the demo failed: {otherwise}")


def _check_same(content: bytes, original: bytes, what: str) -> None:
    came = f"{len(content)} bytes came, not the {len(original)} of the original"
    _check(content == original, f"{what}: {came}")
