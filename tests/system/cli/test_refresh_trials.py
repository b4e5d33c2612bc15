"""`refresh`: a new link is seen to play before it replaces the old one; the brake; the dry run."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from stage.answering import Asked, Reply, Server, answer, answering
from stage.command_line import Strmctl
from stage.media_server import PAGE, TS, Media, MediaServer, media_server
from stage.strmctl import Strmctl as Installed
from stage.waiting import free_port, until
from strmctl.storage.database.connection import Database

MOVIE = ("--site", "a.to", "--slug", "film", "--language", "de")


@dataclass
class Scene:
    """One film whose link is `old`; the resolver answers `new/1`, `new/2`, … unless told."""

    strmctl: Strmctl
    folder: Path
    resolver: Server
    upstream: MediaServer

    def sql(self, statement: str) -> None:
        with Database.open(self.folder / "strmctl.db") as database:
            with database.transaction() as connection:
                connection.execute(statement)

    def shown(self) -> dict[str, object]:
        return self.strmctl("show", 1, "--json", "--reveal").document

    def path(self) -> str:
        return str(self.shown()["resolved_url"]).partition(self.upstream.url(""))[2]

    def new_ones(self, bring: Callable[[], Media]) -> None:
        self.upstream.reply = lambda path: bring() if path.startswith("/new") else Media()

    def refresh(self, *arguments: object, code: int = 0) -> dict[str, object]:
        record, _ = self.strmctl("refresh", "--all", "--json", *arguments, code=code).records
        return record


@pytest.fixture
def scene(strmctl: Strmctl, library: Path) -> Iterator[Scene]:
    with media_server() as upstream, answering(lambda asked: Reply(500)) as resolver:
        resolver.reply = lambda asked: answer(upstream.url(f"new/{len(resolver.asked)}"))
        settings = library / "strmctl.toml"
        table = f'\n[resolvers.mine]\nsites = ["*"]\ntype = "http"\nurl = "{resolver.url}"\n'
        text = settings.read_text().replace("allow = []", 'allow = ["127.0.0.1"]')
        settings.write_text(text + table)
        strmctl("write", *MOVIE, "--url", upstream.url("old"))
        yield Scene(strmctl, library, resolver, upstream)


def test_what_plays_replaces_the_old_one_and_is_alive(scene: Scene) -> None:
    scene.sql("UPDATE strm_mapping SET state = 'dead', fail_count = 3")
    assert scene.refresh()["outcome"] == "refreshed"
    shown = scene.shown()
    assert (scene.path(), shown["state"], shown["fail_count"]) == ("new/1", "alive", 0)
    assert shown["last_probed_at"] is not None
    assert scene.upstream.asked["/new/1"] >= 1


@pytest.mark.parametrize(
    ("media", "told"),
    [
        pytest.param(Media(404), "answered 404", id="404"),
        pytest.param(Media(410), "answered 410", id="410"),
        pytest.param(Media(403), "answered 403", id="403"),
        pytest.param(Media(451), "answered 451", id="451"),
        pytest.param(Media(500), "answered 500", id="500"),
        pytest.param(Media(200, PAGE, {"Content-Type": "text/html"}), "web page", id="soft 404"),
        pytest.param(Media(200, b""), "empty", id="empty"),
        pytest.param(
            Media(200, b"#EXTINF:1\nx.ts", {"Content-Type": "application/vnd.apple.mpegurl"}),
            "#EXTM3U",
            id="no playlist",
        ),
    ],
)
def test_what_does_not_play_replaces_nothing(scene: Scene, media: Media, told: str) -> None:
    scene.new_ones(lambda: media)
    before = scene.shown()
    record = scene.refresh(code=12)
    assert record["outcome"] == "failed"
    assert told in str(record["reason"])
    assert "127.0.0.1" not in str(record["reason"])
    assert scene.shown() == before
    assert len(scene.resolver.asked) == 3


def test_a_failure_that_passes_is_waited_for(scene: Scene) -> None:
    answers = iter([Media(503), Media(503)])
    scene.new_ones(lambda: next(answers, Media()))
    assert scene.refresh()["outcome"] == "refreshed"
    assert len(scene.resolver.asked) == 1


def test_another_provider_is_asked_for(scene: Scene) -> None:
    def fall_back(asked: Asked) -> Reply:
        provider = "B" if "A" in asked.question["avoid_providers"] else "A"
        return answer(scene.upstream.url(f"new/{provider}"), provider=provider)

    scene.resolver.reply = fall_back
    scene.upstream.reply = lambda path: Media(404 if path == "/new/A" else 200)
    record = scene.refresh()
    assert (record["outcome"], record["provider_used"]) == ("refreshed", "B")
    first, second = scene.resolver.questions
    assert (first["avoid_urls"], first["avoid_providers"]) == ([], [])
    assert second["avoid_urls"] == [scene.upstream.url("new/A")]
    assert (second["avoid_providers"], second["last_status"]) == (["A"], 404)


def test_a_resolver_without_another_answer_is_not_asked_a_third_time(scene: Scene) -> None:
    scene.resolver.reply = lambda asked: answer(scene.upstream.url("new/same"))
    scene.new_ones(lambda: Media(404))
    record = scene.refresh(code=12)
    assert record["reason"] == "the new link does not play: the upstream answered 404"
    assert len(scene.resolver.asked) == 2


def test_the_reason_is_what_was_wrong_with_the_link(scene: Scene) -> None:
    replies = iter([answer(scene.upstream.url("new/1"))])
    scene.resolver.reply = lambda asked: next(replies, Reply(404))
    scene.new_ones(lambda: Media(410))
    assert "answered 410" in str(scene.refresh(code=12)["reason"])


@pytest.mark.parametrize(
    ("state", "taken"), [("alive", False), ("unknown", True), ("dead", True)], ids=str
)
def test_one_that_cannot_be_checked_replaces_nothing_good(
    scene: Scene, state: str, taken: bool
) -> None:
    scene.sql(f"UPDATE strm_mapping SET state = '{state}'")
    scene.new_ones(lambda: Media(429, b"", {"Retry-After": "600"}))
    record = scene.refresh(code=0 if taken else 12)
    assert record["outcome"] == ("refreshed" if taken else "failed")
    assert scene.path() == ("new/1" if taken else "old")
    assert scene.shown()["state"] == ("unknown" if taken else "alive")
    assert len(scene.resolver.asked) == 1


@pytest.mark.parametrize(("mode", "code"), [("proxy", 12), ("redirect", 0), ("direct", 0)])
def test_a_private_address_plays_only_where_the_player_asks_itself(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, mode: str, code: int
) -> None:
    monkeypatch.setenv("STRM_PROXY_UPSTREAM_ALLOWLIST", "192.0.2.1")
    monkeypatch.setenv("STRM_PROXY_MODE", mode)
    scene.refresh(code=code)
    assert scene.upstream.asked.total() == 0
    assert scene.path() == ("old" if code else "new/1")


@pytest.mark.parametrize(("mode", "state"), [("proxy", "suspect"), ("redirect", "unknown")])
def test_a_redirect_to_a_private_address_fails_only_where_strmctl_follows_it(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, mode: str, state: str
) -> None:
    monkeypatch.setenv("STRM_PROXY_MODE", mode)
    scene.upstream.reply = lambda path: Media(302, b"", {"Location": "http://10.0.0.1/a.mp4"})
    scene.strmctl("probe", "--all", code=0 if mode == "proxy" else 12)
    assert scene.shown()["state"] == state
    scene.refresh(code=12 if mode == "proxy" else 0)


def test_without_a_way_out_nothing_is_replaced(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = scene.shown()
    monkeypatch.setenv("STRMCTL_UPSTREAM_EGRESS", f"http://127.0.0.1:{free_port()}")
    ended = scene.strmctl("refresh", "--all", code=13)
    assert ended.err.count("\n") == 1
    assert "the egress" in ended.err
    monkeypatch.delenv("STRMCTL_UPSTREAM_EGRESS")
    assert scene.shown() == before


def test_in_direct_mode_the_file_keeps_a_link_until_another_one_plays(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRM_PROXY_MODE", "direct")
    scene.strmctl("write", *MOVIE)
    [file] = scene.folder.rglob("*.strm")
    scene.new_ones(lambda: Media(200, PAGE, {"Content-Type": "text/html"}))
    scene.refresh(code=12)
    assert file.read_text() == scene.upstream.url("old\n")
    scene.new_ones(Media)
    scene.refresh()
    assert file.read_text() == scene.upstream.url("new/4\n")


def test_links_that_end_soon_are_found_by_their_urls(scene: Scene) -> None:
    soon = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    signed = scene.upstream.url(f"old?md5=a&expires={int(soon.timestamp())}")
    scene.strmctl("write", *MOVIE, "--url", signed)
    assert scene.shown()["expires_at"] == soon.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert scene.strmctl("list", "--expiring", "30m", "--json").records[-1]["count"] == 0
    assert scene.strmctl("list", "--expiring", "2h", "--json").records[-1]["count"] == 1
    scene.strmctl("refresh", "--expiring", "2h")
    assert scene.path() == "new/1"


def test_refresh_and_a_player_ask_once(scene: Scene) -> None:
    scene.sql("UPDATE strm_mapping SET state = 'dead'")
    scene.upstream.reply = lambda path: Media(404 if path == "/old" else 200)
    release = threading.Event()

    def held(asked: Asked) -> Reply:
        release.wait(60)
        return answer(scene.upstream.url(f"new/{len(scene.resolver.asked)}"))

    scene.resolver.reply = held
    port = free_port()
    url = httpx.URL(str(scene.shown()["playback_url"])).copy_with(port=port)
    answers: list[httpx.Response] = []
    with Installed(scene.folder, port).serving():
        player = threading.Thread(
            target=lambda: answers.append(httpx.get(url, trust_env=False, verify=False, timeout=60))
        )
        with Installed(scene.folder, port).popen("refresh", "--dead", "--json") as refresh:
            try:
                until(lambda: len(scene.resolver.asked) == 1, "refresh asks", 60)
                player.start()
                until(lambda: scene.upstream.asked["/old"] > 0, "the player meets 404", 60)
            finally:
                release.set()
            out, complaint = refresh.communicate(timeout=60)
        player.join(60)
    assert refresh.returncode == 0, complaint
    assert json.loads(out.splitlines()[0])["outcome"] == "refreshed"
    assert [(answer.status_code, answer.content) for answer in answers] == [(200, TS)]
    assert len(scene.resolver.asked) == 1
    assert scene.path() == "new/1"


def many(scene: Scene, number: int, working: int) -> None:
    """A library of so many episodes, of which so many have a link and none is known to be bad."""
    rows = [
        f"b.to,show,1,{episode},de,{scene.upstream.url(f'old/{episode}') if link else ''}"
        for episode, link in ((n, n <= working) for n in range(1, number + 1))
    ]
    table = "\n".join(["site,slug,season,episode,language,url", *rows, ""])
    scene.strmctl("write", "--from", "-", stdin=table)
    scene.sql("DELETE FROM strm_mapping WHERE slug = 'film'")


@pytest.mark.parametrize(
    ("number", "working", "code"),
    [
        pytest.param(20, 20, 0, id="20 of 20"),
        pytest.param(21, 21, 25, id="21 of 21"),
        pytest.param(105, 21, 0, id="21 of 105: one in five"),
        pytest.param(104, 21, 25, id="21 of 104: more than one in five"),
    ],
)
def test_the_brake(scene: Scene, number: int, working: int, code: int) -> None:
    many(scene, number, working)
    dry = scene.strmctl("refresh", "--series", "show", "--dry-run", "--json").records[-1]
    assert dry["needs_force"] is (code == 25)
    assert scene.resolver.asked == []
    ended = scene.strmctl("refresh", "--series", "show", code=code)
    if code:
        assert f"{working} of {number} working links would be replaced" in ended.err
        assert scene.resolver.asked == []
        scene.strmctl("refresh", "--series", "show", "--force")
    assert len(scene.resolver.asked) == number


@pytest.mark.parametrize(
    ("update", "selection"),
    [
        pytest.param("state = 'dead'", "--dead", id="dead"),
        pytest.param("state = 'blocked'", "--all", id="blocked"),
        pytest.param("expires_at = '2026-01-01T00:00:00.000Z'", "--all", id="expired"),
        pytest.param(
            "expires_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '+1 hour')",
            "--expiring=2h",
            id="expiring",
        ),
    ],
)
def test_links_that_need_it_are_not_braked(scene: Scene, update: str, selection: str) -> None:
    many(scene, 30, 30)
    scene.sql(f"UPDATE strm_mapping SET {update}")
    assert scene.strmctl("refresh", selection, "--json").records[-1]["refreshed"] == 30


def test_to_expire_in_years_is_no_need(scene: Scene) -> None:
    many(scene, 30, 30)
    scene.sql("UPDATE strm_mapping SET expires_at = '2099-01-01T00:00:00.000Z'")
    scene.strmctl("refresh", "--expiring", "700000h", code=25)


def test_a_dry_run_has_the_shape_of_a_run(scene: Scene) -> None:
    [planned, planned_summary] = scene.strmctl("refresh", "--all", "--dry-run", "--json").records
    [done, summary] = scene.strmctl("refresh", "--all", "--json").records
    assert set(planned) - {"dry_run"} == set(done)
    assert set(planned_summary) - {"dry_run", "needs_force"} == set(summary)
    assert (planned["outcome"], planned["dry_run"]) == ("refreshed", True)


def test_only_what_matters_is_said(scene: Scene) -> None:
    assert scene.strmctl("refresh", "--all").out == ""
    assert scene.strmctl("refresh", "--all", "-v").out == "refreshed a.to/film (de)\n"
