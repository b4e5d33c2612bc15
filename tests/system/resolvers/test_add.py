"""`add`: whole series from an addon, a playlist of yt-dlp or a list; new episodes come later."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stage.addon import Addon, running_addon
from stage.answering import Asked, Reply, answering
from stage.command_line import Ended, Strmctl
from stage.nginx import Nginx

IMDB = "tt0388629"
OUT, LATER = "1999-10-20T00:00:00.000Z", "2099-10-20T00:00:00.000Z"
Series = Callable[..., None]


def video(season: int, episode: int, released: str = OUT) -> dict[str, object]:
    number = f"{season}:{episode}"
    return {
        "id": f"{IMDB}:{number}",
        "season": season,
        "episode": episode,
        "title": f"Title {number}",
        "released": released,
    }


@pytest.fixture
def series(addon: Addon) -> Series:
    """What the addon says of a series from now on."""

    def put(*videos: dict[str, object], name: str = "One Piece") -> None:
        addon.describe(IMDB, "series", name, releaseInfo="1999-", videos=videos)

    return put


@pytest.fixture
def begun(strmctl: Strmctl, library: Path, addon: Addon) -> Path:
    strmctl("resolver", "new", "addon", "--type", "stremio", "--url", addon.url)
    return library


def counts(ended: Ended) -> dict[str, Any]:
    *_, summary = ended.records
    assert summary["type"] == "summary"
    names = ("created", "unchanged", "failed", "unreleased")
    return {name: summary[name] for name in names if summary[name]}


def paths(folder: Path) -> list[str]:
    library = folder / "library"
    return sorted(str(path.relative_to(library)) for path in library.rglob("*.strm"))


def test_a_whole_series(strmctl: Strmctl, begun: Path, series: Series) -> None:
    series(video(1, 1), video(1, 2), video(2, 1), video(0, 1), video(2, 2, LATER))
    added = strmctl("add", "--resolver", "addon", IMDB, "--json")
    assert counts(added) == {"created": 4, "unreleased": 1}
    first = added.records[1]
    assert (first["title"], first["year"], first["episode_title"]) == (
        "One Piece",
        1999,
        "Title 1:1",
    )
    assert (first["site"], first["slug"], first["ids"]["imdb"]) == ("addon", IMDB, IMDB)
    folder = f"One Piece (1999) [imdbid-{IMDB}]"
    assert paths(begun) == [
        f"{folder}/Season {season:02}/One Piece (1999) S{season:02}E{episode:02}.strm"
        for season, episode in [(0, 1), (1, 1), (1, 2), (2, 1)]
    ]
    again = strmctl("add", "--resolver", "addon", IMDB, "--json")
    assert counts(again) == {"unchanged": 4, "unreleased": 1}
    strmctl("undo")
    assert paths(begun) == []


def test_a_film_has_no_season(strmctl: Strmctl, begun: Path, addon: Addon) -> None:
    addon.describe("tt0111161", "movie", "A Film", releaseInfo="1994")
    added = strmctl("add", "--resolver", "addon", "tt0111161", "--language", "de", "--json")
    assert counts(added) == {"created": 1}
    assert (added.records[0]["season"], added.records[0]["language"]) == (None, "de")
    assert paths(begun) == [
        "A Film (1994) [imdbid-tt0111161]/A Film (1994) [imdbid-tt0111161].strm"
    ]


@pytest.mark.parametrize(
    "page", ["https://www.imdb.com/title/{}/", "http://m.imdb.com/de/title/{}"]
)
def test_the_page_of_imdb_will_do(strmctl: Strmctl, begun: Path, series: Series, page: str) -> None:
    series(video(1, 1))
    [added, _] = strmctl("add", "--resolver", "addon", page.format(IMDB), "--json").records
    assert added["slug"] == IMDB


def test_what_is_added_plays(strmctl: Strmctl, begun: Path, addon: Addon, series: Series) -> None:
    series(video(1, 1))
    addon.offer(f"{IMDB}:1:1", "vault-ts/piecelist.m3u8")
    [added, _] = strmctl("add", "--resolver", "addon", IMDB, "--resolve", "--json").records
    assert added["provider_used"] == "Library vault-ts"


def test_a_dry_run_writes_nothing(strmctl: Strmctl, begun: Path, series: Series) -> None:
    series(video(1, 1), video(1, 2))
    call = ("add", "--resolver", "addon", IMDB, "--season", 1, "--watch", "--dry-run")
    shown = strmctl(*call, "--json")
    assert counts(shown) == {"created": 2}
    assert [record["episode"] for record in shown.records[:-1]] == [1, 2]
    assert paths(begun) == []
    assert counts(strmctl("add", "--watched", "--json")) == {}


def test_new_episodes_come_as_they_appear(strmctl: Strmctl, begun: Path, series: Series) -> None:
    """What its owner has removed, renamed or given another provider stays as it is."""
    series(video(1, 1), video(1, 2), video(1, 3, LATER))
    strmctl("add", "--resolver", "addon", IMDB, "--watch")
    strmctl("remove", "--episode", 1, "--force")
    strmctl("set", "--series", IMDB, "--title", "Mine", "--provider", "VOE")
    series(video(1, 1), video(1, 2), video(1, 3), video(2, 1), name="Renamed")
    dry = strmctl("add", "--watched", "--dry-run", "--json")
    assert counts(dry) == {"created": 2, "unchanged": 2}
    assert counts(strmctl("add", "--watched", "--json")) == {"created": 2, "unchanged": 2}
    assert [Path(path).name for path in paths(begun)] == [
        "Mine (1999) S01E02.strm",
        "Mine (1999) S01E03.strm",
        "Mine (1999) S02E01.strm",
    ]
    assert counts(strmctl("add", "--watched", "--json")) == {"unchanged": 4}
    assert strmctl("add", "--watched", "-q").out == ""
    runs = [run for run in strmctl("runs", "--json").records if run.get("command") == "add"]
    assert sorted(run["counts"]["created"] for run in runs) == [0, 0, 2, 2]
    assert counts(strmctl("add", "--resolver", "addon", IMDB, "--json")) == {
        "created": 1,
        "unchanged": 3,
    }


def test_only_some_seasons_are_watched(strmctl: Strmctl, begun: Path, series: Series) -> None:
    series(video(1, 1), video(2, 1))
    strmctl("add", "--resolver", "addon", IMDB, "--watch", "--season", 2)
    series(video(1, 1), video(1, 2), video(2, 1), video(2, 2))
    assert counts(strmctl("add", "--watched", "--json")) == {"created": 1, "unchanged": 1}


def test_it_is_watched_no_longer(strmctl: Strmctl, begun: Path, series: Series) -> None:
    series(video(1, 1))
    call = ("add", "--resolver", "addon", IMDB)
    strmctl(*call, "--watch")
    assert strmctl(*call, "--unwatch", "--json").document["outcome"] == "forgotten"
    assert strmctl(*call, "--unwatch", "--json").document["outcome"] == "unchanged"
    series(video(1, 1), video(1, 2))
    assert counts(strmctl("add", "--watched", "--json")) == {}
    assert len(paths(begun)) == 1


def test_one_catalogue_that_fails_holds_no_other(
    strmctl: Strmctl, begun: Path, addon: Addon, series: Series
) -> None:
    series(video(1, 1))
    (begun / "list.csv").write_text("season,episode\n1,1\n")
    strmctl("add", "--resolver", "addon", "other", "--from", "list.csv", "--watch")
    strmctl("add", "--resolver", "addon", IMDB, "--watch")
    (begun / "list.csv").unlink()
    series(video(1, 1), video(1, 2))
    ended = strmctl("add", "--watched", "--json", code=12)
    assert counts(ended) == {"created": 1, "unchanged": 1, "failed": 1}
    [failed] = [record for record in ended.records if record["type"] == "watch"]
    assert "list.csv: cannot be read" in failed["reason"]


def test_a_catalogue_that_has_gone_mad_is_braked(
    strmctl: Strmctl, begun: Path, series: Series
) -> None:
    series(video(1, 1))
    strmctl("add", "--resolver", "addon", IMDB, "--watch")
    series(*(video(1, number) for number in range(1, 60)))
    assert "58 of 1 episodes would be new" in strmctl("add", "--watched", "-q", code=25).err
    assert strmctl("add", "--watched", "-q", code=25).err == "", "cron would mail it each time"
    assert "58 of 1 episodes would be new" in strmctl("add", "--watched", code=25).err
    assert len(paths(begun)) == 1
    assert counts(strmctl("add", "--watched", "--force", "--json")) == {
        "created": 58,
        "unchanged": 1,
    }


@pytest.mark.parametrize(
    ("arguments", "code", "what"),
    [
        pytest.param([], 2, "name a resolver", id="nothing"),
        pytest.param(["--resolver", "addon"], 2, "which?", id="no id"),
        pytest.param(["--resolver", "adon", IMDB], 2, "did you mean 'addon'", id="a typo"),
        pytest.param(["--resolver", "addon", "tt0000001"], 12, "no series or film", id="unknown"),
        pytest.param(["--watched", IMDB], 2, "leave ID", id="watched, and an id"),
        pytest.param(["--resolver", "nas", "x"], 2, "has no catalogue", id="a template"),
        pytest.param(["--resolver", "any", "x"], 2, "--site says which", id="only globs"),
        pytest.param(["--resolver", "nas", "x", "--from", "-"], 2, "not stdin", id="stdin"),
        pytest.param(
            ["--resolver", "nas", "x", "--from", "gone.csv"], 12, "cannot be read", id="no list"
        ),
    ],
)
def test_wrong_calls(
    strmctl: Strmctl, begun: Path, arguments: list[str], code: int, what: str
) -> None:
    strmctl("resolver", "new", "nas", "--type", "template")
    strmctl("resolver", "new", "any", "--type", "template", "--site", "*")
    assert what in strmctl("add", *arguments, code=code).err


def test_an_addon_without_meta_needs_another_as_its_catalogue(
    strmctl: Strmctl, begun: Path, nginx: Nginx, addon: Addon, series: Series, tmp_path: Path
) -> None:
    series(video(1, 1))
    with running_addon(tmp_path / "other", f"http://{nginx.address}", ["stream"]) as other:
        strmctl("resolver", "new", "links", "--type", "stremio", "--url", other.url)
        call = ("add", "--resolver", "links", IMDB, "--json")
        assert "set resolvers.links.catalogue" in strmctl(*call, code=12).err
        settings = begun / "strmctl.toml"
        settings.write_text(f"{settings.read_text()}catalogue = '{addon.url}'\n")
        assert counts(strmctl(*call)) == {"created": 1}


def feed(*numbers: int) -> Reply:
    items = "".join(
        f"<item><title>Part {number}</title><link>HOST/watch/part-{number}</link></item>"
        for number in numbers
    )
    text = f'<?xml version="1.0"?><rss version="2.0"><channel><title>A Feed</title>{items}'
    return Reply(body=f"{text}</channel></rss>".encode(), headers={"Content-Type": "text/xml"})


def test_a_playlist_of_yt_dlp(strmctl: Strmctl, begun: Path) -> None:
    """Its newest entry comes first: what is known keeps its number."""
    shown = [2, 1]

    def reply(asked: Asked) -> Reply:
        answer = feed(*shown)
        return Reply(200, answer.body.replace(b"HOST", server.url[:-8].encode()), answer.headers)

    with answering(reply) as server:
        root = server.url[:-8]
        url = f"{root}/watch/{{slug}}"
        strmctl("resolver", "new", "feed", "--type", "ytdlp", "--url", url)
        added = strmctl("add", "--resolver", "feed", f"{root}/feed.rss", "--watch", "--json")
        assert counts(added) == {"created": 2}
        shown.insert(0, 3)
        assert counts(strmctl("add", "--watched", "--json")) == {"created": 1, "unchanged": 2}
    rows = strmctl("list", "--site", "feed", "--json").records[:-1]
    numbers = {row["slug"]: (row["season"], row["episode"], row["title"]) for row in rows}
    assert numbers == {
        "part-2": (1, 1, "A Feed"),
        "part-1": (1, 2, "A Feed"),
        "part-3": (1, 3, "A Feed"),
    }
