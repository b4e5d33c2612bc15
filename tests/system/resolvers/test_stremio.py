"""An addon of the real stremio-addon-sdk: its links die, and players see nothing of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from stage.addon import Addon, running_addon
from stage.media import FILM, FORMS
from stage.nginx import Nginx
from stage.players import PLAYERS, assert_whole
from stage.strmctl import Strmctl
from system.resolvers.conftest import SITE, Begin

EPISODE = f"--site {SITE} --slug show --season 1 --episode 2 --language de".split()
MOVIE = f"--site {SITE} --slug film --language de".split()
IMDB = ["--imdb", "tt0388629"]


def done(strmctl: Strmctl, *arguments: str, code: int = 0) -> Any:
    run = strmctl.run(*arguments, "--json")
    assert run.returncode == code, run.stdout + run.stderr
    return json.loads((run.stdout or run.stderr).splitlines()[0])


@pytest.mark.parametrize(
    ("identity", "video", "path"),
    [
        pytest.param(EPISODE, "tt0388629:1:2", FORMS["ts"], id="an episode, HLS"),
        pytest.param(MOVIE, "tt0388629", FILM, id="a film, a plain file"),
    ],
)
def test_it_plays_whole_before_and_after_the_link_has_died(
    begin: Begin, addon: Addon, nginx: Nginx, identity: list[str], video: str, path: str
) -> None:
    addon.offer(video, path)
    strmctl = begin()
    mapping = done(strmctl, "write", *identity, *IMDB, "--resolve")
    assert mapping["provider_used"] == f"Library {path.partition('/')[0]}"
    [known] = [done(strmctl, "show", str(mapping["id"]), "--reveal")]
    assert known["headers"] == {"Referer": "https://made.up/watch", "User-Agent": "Addon/1.0"}
    url = strmctl.strm_text(mapping).strip()
    mark = nginx.mark()
    with strmctl.serving():
        assert_whole(PLAYERS["ffmpeg-debian"](url, 0))
        nginx.end(known["resolved_url"])
        assert_whole(PLAYERS["ffmpeg-debian"](url, 0))
    requests = nginx.requests(since=mark)
    assert {it.referer for it in requests} == {"https://made.up/watch"}
    assert 410 in {it.status for it in requests}


def test_its_next_stream_is_taken_where_the_first_is_dead(begin: Begin, addon: Addon) -> None:
    addon.offer("tt0388629:1:2", "vault-gone/piecelist.m3u8", FORMS["ts"])
    strmctl = begin()
    mapping = done(strmctl, "write", *EPISODE, *IMDB, "--resolve")
    assert mapping["provider_used"] == "Library vault-gone"
    refreshed = done(strmctl, "refresh", "--all")
    assert refreshed["outcome"] == "refreshed"
    assert done(strmctl, "show", str(mapping["id"]))["provider_used"] == "Library vault-ts"


def test_a_users_configuration_is_in_the_path(begin: Begin, addon: Addon) -> None:
    addon.offer("tt0388629", FILM, FORMS["ts"])
    strmctl = begin(addon.configured(only="vault-ts"))
    assert done(strmctl, "write", *MOVIE, *IMDB, "--resolve")["provider_used"] == "Library vault-ts"


def test_patterns_choose(begin: Begin, addon: Addon) -> None:
    addon.offer("tt0388629", FILM, FORMS["ts"], FORMS["fmp4"])
    strmctl = begin(addon.url, 'prefer = ["2160p", "FMP4"]', "reject = 'film\\.mp4$'")
    mapping = done(strmctl, "write", *MOVIE, *IMDB, "--resolve")
    assert mapping["provider_used"] == "Library vault-fmp4"


@pytest.mark.parametrize(
    ("offered", "what"),
    [
        pytest.param(None, "no such episode: addon.example/show S01E02", id="not there"),
        pytest.param({"paths": []}, "no URL among its 1 stream", id="torrents alone"),
        pytest.param("broken", "answered HTTP 500", id="its handler fails"),
    ],
)
def test_what_it_lacks_is_said(begin: Begin, addon: Addon, offered: object, what: str) -> None:
    addon.put("tt0388629:1:2", offered)
    strmctl = begin()
    run = strmctl.run("write", *EPISODE, *IMDB, "--resolve")
    assert run.returncode == 12
    assert f"resolver 'library': {what}" in run.stderr


def test_the_command_for_a_missing_id_mends_it(begin: Begin, addon: Addon) -> None:
    addon.offer("tt0388629:1:2", FORMS["ts"])
    strmctl = begin()
    said = strmctl.run("write", *EPISODE, "--resolve").stderr
    advice = said.split("`")[1].removeprefix("strmctl ").replace("tt…", "tt0388629")
    assert strmctl.run(*advice.split()).returncode == 0
    assert done(strmctl, "refresh", "--all")["outcome"] == "refreshed"


def test_series_without_an_id_do_not_give_up_the_addon(begin: Begin, addon: Addon) -> None:
    """More than a resolver may fail in a row, before the one that has an id."""
    addon.offer("tt0388629:1:2", FORMS["ts"])
    strmctl = begin()
    for number in range(1, 9):
        done(strmctl, "write", *EPISODE[:3], f"unknown-{number}", *EPISODE[4:])
    done(strmctl, "write", *EPISODE, *IMDB)
    run = strmctl.run("refresh", "--all")
    assert run.returncode == 12
    assert "1 refreshed" in run.stderr
    assert "needs the IMDb id of unknown-" in run.stdout
    assert "8 links not renewed" in run.stdout


def test_an_addon_without_streams_is_found_by_doctor(
    begin: Begin, nginx: Nginx, tmp_path: Path
) -> None:
    with running_addon(tmp_path / "other", f"http://{nginx.address}", ["meta"]) as other:
        strmctl = begin(other.url)
        assert "does not offer `stream`" in strmctl.run("doctor").stdout
    assert "does not answer" in strmctl.run("doctor").stdout


def test_doctor_finds_nothing_wrong_with_a_good_one(begin: Begin) -> None:
    assert "library" not in begin().run("doctor").stdout
