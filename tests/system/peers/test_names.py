"""Rows 73 to 79, 81 to 83: libraries with names as people have them, adopted."""

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from stage.answering import answer, answering
from stage.command_line import Strmctl
from strmctl.domain.selection import Selection
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.mappings import Mappings

Told = Mapping[str, Any]


def put(library: Path, path: str, content: str | bytes | None = None) -> Path:
    """Without a content, a URL of its own."""
    file = library / "library" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    text = f"https://cdn.example/{abs(hash(path))}.mp4\n" if content is None else content
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def imported(strmctl: Strmctl, *arguments: object, code: int = 0) -> dict[str, Told]:
    records = strmctl("import", "library", "--json", *arguments, code=code).records
    return {record["strm_path"]: record for record in records[:-1]}


def numbers(told: Told) -> tuple[object, ...]:
    return told["slug"], told["season"], told["episode"]


def resolved(library: Path) -> dict[str, tuple[str, Mapping[str, str]]]:
    """URL and headers, by path."""
    with Database.open(library / "strmctl.db") as database:
        rows = list(Mappings(database).select(Selection()))
    return {
        row.strm_path: (row.resolution.url, row.resolution.headers)
        for row in rows
        if row.resolution is not None
    }


@pytest.mark.parametrize(
    ("one", "other", "slugs"),
    [
        ("Star Trek - Picard (2020)", "Star Trek - Discovery (2017)",
         ("star-trek-picard-2020", "star-trek-discovery-2017")),
        ("Law & Order - SVU", "Law & Order - LA", ("law-order-svu", "law-order-la")),
        ("CSI - Miami (2002)", "CSI - NY (2004)", ("csi-miami-2002", "csi-ny-2004")),
        ("NCIS - Hawai'i", "NCIS - Sydney", ("ncis-hawaii", "ncis-sydney")),
        ("Fate - Zero", "Fate - Stay Night", ("fate-zero", "fate-stay-night")),
    ],
)  # fmt: skip
def test_73_series_whose_names_begin_alike_are_two(
    strmctl: Strmctl, library: Path, one: str, other: str, slugs: tuple[str, str]
) -> None:
    paths = [f"{name}/Season 01/{name} - S01E01 - Pilot.strm" for name in (one, other)]
    for path in paths:
        put(library, path)
    found = imported(strmctl)
    assert [numbers(found[path]) for path in paths] == [(slug, 1, 1) for slug in slugs]


def test_74_a_year_is_the_season(strmctl: Strmctl, library: Path) -> None:
    expected = {
        "Some Show/Season 2016/S2016E14.2016-01-20.strm": ("some-show", 2016, 14),
        "Some Show/Season 2017/Some Show - S2017E03 - 2017-02-01.strm": ("some-show", 2017, 3),
        "Talk/Staffel 2020/Talk - 2020x07.strm": ("talk", 2020, 7),
        "News/2019/News S2019E210.strm": ("news", 2019, 210),
    }
    for path in expected:
        put(library, path)
    found = imported(strmctl)
    assert {path: numbers(told) for path, told in found.items()} == expected


def test_75_a_language_only_where_languages_stand(strmctl: Strmctl, library: Path) -> None:
    expected = {
        "Dark/Season 1/Dark - S01E01 - French Kiss.strm": "und",
        "Russian Doll/Season 1/Russian Doll S01E01.strm": "und",
        "Wage es nicht/Staffel 1/Wage es nicht S01E01.strm": "und",
        "The English Patient (1996)/The English Patient (1996).strm": "und",
        "Spanish Affair (2014).strm": "und",
        "Show/Season 1/Show - S01E02 - The Italian Job.strm": "und",
        "Show.S01E03.German.DL.1080p.WEB.x264-GRP.strm": "de",
        "Show/Season 1/Show S01E04 - German Dub.strm": "de",
        "Show/Season 1/Show S01E05 [FR].strm": "fr",
        "Show/Season 1/Show S01E06.es.strm": "es",
    }
    for path in expected:
        put(library, path)
    assert {path: told["language"] for path, told in imported(strmctl).items()} == expected


def test_76_numbers_are_read_right(strmctl: Strmctl, library: Path) -> None:
    expected = {
        "Show/Season 2/Show - S02E01v2 - Title.strm": ("show", 2, 1),
        "[GRP] Other Show - 07v3 [1080p].strm": ("other-show", 1, 7),
        **{f"標題/標題-{number}.strm": ("標題", 1, number) for number in range(1, 10)},
        "Film (1897).strm": ("film-1897", None, None),
        "Roundhay (1888)/Roundhay (1888).strm": ("roundhay-1888", None, None),
        "Evangelion 2.22 (2009).strm": ("evangelion-2-22-2009", None, None),
        "Pi 3.14 (2001)/Pi 3.14 (2001).strm": ("pi-3-14-2001", None, None),
    }
    for path in expected:
        put(library, path)
    assert {path: numbers(told) for path, told in imported(strmctl).items()} == expected


@pytest.mark.parametrize(
    "name",
    [
        "02x03 - x04 - x15", "S14E00.and.S14E01", "S01E01E02", "S01E01-E03", "1x03-1x04",
        "Folge 1-2", "S01E01 & S01E02",
    ],
)  # fmt: skip
def test_76_several_episodes_are_reported(strmctl: Strmctl, library: Path, name: str) -> None:
    put(library, f"Show/{name}.strm")
    [told] = imported(strmctl, code=12).values()
    assert (told["outcome"], "several episodes" in told["reason"]) == ("bad", True)


def test_77_titles_are_taken_as_written(strmctl: Strmctl, library: Path) -> None:
    expected = {
        "Movies/Cam (2018).strm": ("cam-2018", None, None),
        "Movies/Hd/Hd.strm": ("hd", None, None),
        "Movies/Multi (2019)/Multi (2019).strm": ("multi-2019", None, None),
        "Movies/Part Two (2020).strm": ("part-two-2020", None, None),
        "Movies/Rerip (2011)/Rerip (2011).strm": ("rerip-2011", None, None),
        "Movies/Proper (2003).strm": ("proper-2003", None, None),
        "SS-GB/Season 1/SS-GB S01E01.strm": ("ss-gb", 1, 1),
        "Movies/Star Wars; Episode 1 - The Menace (1999).strm":
            ("star-wars-episode-1-the-menace-1999", None, None),
        "Movies/Season of Fear (1989).strm": ("season-of-fear-1989", None, None),
    }  # fmt: skip
    for path in expected:
        put(library, path)
    assert {path: numbers(told) for path, told in imported(strmctl).items()} == expected


def test_78_what_tells_two_things_apart(strmctl: Strmctl, library: Path) -> None:
    expected = {
        "Dune (1984)/Dune (1984).strm": "dune-1984",
        "Dune (2021)/Dune (2021).strm": "dune-2021",
        "Dune (2021)/Dune (2021) - Director's Cut.strm": "dune-2021-directors-cut",
        "Berserk (1997)/Season 1/Berserk S01E01.strm": "berserk-1997",
        "Berserk (2016)/Season 1/Berserk S01E01.strm": "berserk-2016",
        "DuckTales [tvdbid-70889]/Season 1/DuckTales S01E01.strm": "ducktales",
        "DuckTales [tvdbid-330134]/Season 1/DuckTales S01E01.strm": "ducktales-tvdb-330134",
        "DuckTales [tvdbid-330134]/Season 1/DuckTales S01E02.strm": "ducktales-tvdb-330134",
        "The Office (UK)/Season 1/The Office (UK) S01E01.strm": "the-office-uk",
        "The Office (US)/Season 1/The Office (US) S01E01.strm": "the-office-us",
    }
    for path in sorted(expected, reverse=True):
        put(library, path)
    slugs = {path: told["slug"] for path, told in imported(strmctl).items()}
    ducks = {path: slug for path, slug in slugs.items() if "DuckTales" in path}
    # Which of the two is met first depends on the disk.
    assert sorted(set(ducks.values())) in (
        ["ducktales", "ducktales-tvdb-330134"],
        ["ducktales", "ducktales-tvdb-70889"],
    )
    assert len({slug for path, slug in ducks.items() if "330134" in path}) == 1
    rest = {path: slug for path, slug in expected.items() if path not in ducks}
    assert {path: slug for path, slug in slugs.items() if path not in ducks} == rest


def test_78_two_versions_of_a_film_are_both_adopted(strmctl: Strmctl, library: Path) -> None:
    names = ["Film (2001) - 1080p", "Film (2001) - 2160p", "Film (2001) - 720p"]
    for name in names:
        put(library, f"Film (2001)/{name}.strm")
    slugs = [told["slug"] for told in imported(strmctl).values()]
    assert len(set(slugs)) == 3
    assert all(slug.startswith("film-2001") for slug in slugs)
    assert {told["outcome"] for told in imported(strmctl).values()} == {"unchanged"}


def test_78_a_conflict_is_a_failure(strmctl: Strmctl, library: Path) -> None:
    put(library, "A/Film (2001).strm")
    put(library, "B/Film (2001).strm")
    outcomes = sorted(told["outcome"] for told in imported(strmctl, code=12).values())
    assert outcomes == ["adopted", "conflict"]


def test_78_ids_are_kept(strmctl: Strmctl, library: Path) -> None:
    put(library, "Show (2020) [tvdbid-71234]/Season 1/Show S01E01.strm")
    put(library, "Film (2001) {imdb-tt0912345}/Film (2001).strm")
    put(library, "Other (2002) [tmdbid=77]/Other (2002).strm")
    put(library, "Beside (2003)/Beside (2003).strm")
    put(library, "Beside (2003)/movie.nfo", '<movie><uniqueid type="tmdb">9</uniqueid></movie>')
    put(library, "Series/tvshow.nfo", "<tvshow><tvdbid>12</tvdbid></tvshow>")
    put(library, "Series/Season 1/Series S01E01.strm")
    known = {
        path.partition("/")[0]: {name: value for name, value in told["ids"].items() if value}
        for path, told in imported(strmctl).items()
    }
    assert known == {
        "Show (2020) [tvdbid-71234]": {"tvdb": 71234},
        "Film (2001) {imdb-tt0912345}": {"imdb": "tt0912345"},
        "Other (2002) [tmdbid=77]": {"tmdb": 77},
        "Beside (2003)": {"tmdb": 9},
        "Series": {"tvdb": 12},
    }


def test_78_rows_of_before_keep_their_slugs(strmctl: Strmctl, library: Path) -> None:
    """As 0.1.0 named them, without the year; a new episode joins them."""
    strmctl(
        "write", "--site", "cdn.example", "--slug", "show", "--language", "und", "--season", 1,
        "--episode", 1, "--title", "Show", "--year", 2020,
    )  # fmt: skip
    put(library, "Show (2020)/Season 01/Show (2020) S01E02.strm")
    slugs = {told["slug"] for told in imported(strmctl).values()}
    assert slugs == {"show"}


def test_79_a_space_in_a_url_is_percent_encoded(strmctl: Strmctl, library: Path) -> None:
    put(library, "Film (2001).strm", "https://cdn.example/my film/a b.mp4?t=x y\n")
    imported(strmctl)
    film = resolved(library)["Film (2001).strm"]
    assert film == ("https://cdn.example/my%20film/a%20b.mp4?t=x%20y", {})
    identity = ("--site", "a.to", "--slug", "x", "--language", "de")
    strmctl("write", *identity, "--url", "https://cdn.example/by hand.mp4")
    assert ("https://cdn.example/by%20hand.mp4", {}) in resolved(library).values()


@pytest.mark.parametrize(
    ("table", "url"),
    [
        ('type = "template"\nurl = "https://nas.example/my shows/{slug}.mkv"',
         "https://nas.example/my%20shows/x.mkv"),
        ("""type = "command"\ncommand = ["echo", '{"url": "https://cdn.example/a b.mp4"}']""",
         "https://cdn.example/a%20b.mp4"),
    ],
    ids=["template", "command"],
)  # fmt: skip
def test_79_spaces_of_resolvers(strmctl: Strmctl, library: Path, table: str, url: str) -> None:
    with (library / "strmctl.toml").open("a") as settings:
        settings.write(f'\n[resolvers.mine]\nsites = ["a.to"]\n{table}\n')
    identity = ("--site", "a.to", "--slug", "x", "--language", "de")
    assert strmctl("resolve", *identity, "--json").document["url"] == url


def test_79_spaces_of_an_answer(strmctl: Strmctl, library: Path) -> None:
    with answering(lambda asked: answer("https://cdn.example/a b/c d.m3u8")) as server:
        with (library / "strmctl.toml").open("a") as settings:
            settings.write(
                f'\n[resolvers.mine]\nsites = ["a.to"]\ntype = "http"\nurl = "{server.url}"\n'
            )
        identity = ("--site", "a.to", "--slug", "x", "--language", "de")
        found = strmctl("resolve", *identity, "--json").document
    assert found["url"] == "https://cdn.example/a%20b/c%20d.m3u8"


URL = "https://cdn.example/a.m3u8"


@pytest.mark.parametrize(
    ("lines", "headers"),
    [
        ("#KODIPROP:inputstream.adaptive.stream_headers="
         "Referer=https%3A%2F%2Fa.to%2F&User-Agent=U 1",
         {"Referer": "https://a.to/", "User-Agent": "U 1"}),
        ("#KODIPROP:inputstream.adaptive.manifest_headers=Origin=https://a.to",
         {"Origin": "https://a.to"}),
        ("#EXTVLCOPT:http-referrer=https://a.to/\n#EXTVLCOPT:http-user-agent=VLC/3",
         {"Referer": "https://a.to/", "User-Agent": "VLC/3"}),
        ('#EXTHTTP:{"Cookie":"a=b"}', {"Cookie": "a=b"}),
        ("#KODIPROP:inputstream=inputstream.adaptive\n#EXTVLCOPT:network-caching=1000", {}),
    ],
    ids=["stream headers", "manifest headers", "vlc", "exthttp", "no headers"],
)  # fmt: skip
def test_81_headers_of_lines_above_the_url_are_the_mapping_s(
    strmctl: Strmctl, library: Path, lines: str, headers: dict[str, str]
) -> None:
    put(library, "Film (2001).strm", f"{lines}\n{URL}\n")
    imported(strmctl)
    assert resolved(library)["Film (2001).strm"] == (URL, headers)


def test_81_what_stands_behind_the_url_counts_first(strmctl: Strmctl, library: Path) -> None:
    put(
        library,
        "Film (2001).strm",
        f"#EXTVLCOPT:http-referrer=https://b/\n{URL}|referer=https://a/",
    )
    imported(strmctl)
    assert resolved(library)["Film (2001).strm"] == (URL, {"referer": "https://a/"})


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_82_text_as_windows_writes_it(strmctl: Strmctl, library: Path, encoding: str) -> None:
    put(library, "Film (2001).strm", f"{URL}\r\n".encode(encoding))
    imported(strmctl)
    assert resolved(library)["Film (2001).strm"] == (URL, {})


@pytest.mark.parametrize(
    ("login", "pair"),
    [("user:pass", "user:pass"), ("us%40er:p%3Aw", "us@er:p:w"), ("user:", "user:"), (":x", ":x")],
)
def test_82_a_login_becomes_a_header(
    strmctl: Strmctl, library: Path, login: str, pair: str
) -> None:
    put(library, "Film (2001).strm", f"https://{login}@cdn.example/a.m3u8\n")
    ended = strmctl("import", "library", "-v")
    assert pair not in ended.out + ended.err
    expected = f"Basic {base64.b64encode(pair.encode()).decode()}"
    assert resolved(library)["Film (2001).strm"] == (URL, {"Authorization": expected})


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


REFERER = '{"Referer": "https://a.to/"}'
WRAPPED = {
    "mediaflow": "http://mf:8888/proxy/hls/manifest.m3u8?d=https%3A%2F%2Fcdn.example%2Fa.m3u8"
        "&h_referer=https%3A%2F%2Fa.to%2F&api_password=x",
    "mediaflow, base64": f"http://mf/proxy/stream?d={encoded(URL).rstrip('=')}"
        "&h_Referer=https%3A%2F%2Fa.to%2F",
    "hls-proxy": f"http://hp:8080/{encoded(f'{URL}|https://a.to/')}.m3u8",
    "m3u8-proxy": "http://p/m3u8-proxy?url=https%3A%2F%2Fcdn.example%2Fa.m3u8"
        "&headers=%7B%22Referer%22%3A%22https%3A%2F%2Fa.to%2F%22%7D",
    "m3u-proxy, base64": f"http://p/?url={encoded(URL)}&data={encoded(REFERER)}",
    "m3u-proxy": "http://p/proxy?u=https%3A%2F%2Fcdn.example%2Fa.m3u8&referer=https://a.to/",
}  # fmt: skip


@pytest.mark.parametrize("wrapped", WRAPPED.values(), ids=WRAPPED)
def test_83_what_other_proxies_urls_hold_is_adopted(
    strmctl: Strmctl, library: Path, wrapped: str
) -> None:
    put(library, "Film (2001).strm", f"{wrapped}\n")
    [told] = imported(strmctl, "--unwrap").values()
    assert told["site"] == "cdn.example"
    assert resolved(library)["Film (2001).strm"] == (URL, {"Referer": "https://a.to/"})


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://mf/_token_Zm9v/proxy/hls/manifest.m3u8", "encrypted"),
        ("http://mf/proxy/stream?token=Zm9vYmFy", "encrypted"),
        ("http://mf/extractor/video?host=Voe&d=https%3A%2F%2Fvoe.example%2Fe%2F1", "web page"),
    ],
    ids=["path", "query", "extractor"],
)
def test_83_what_cannot_be_unwrapped_is_reported(
    strmctl: Strmctl, library: Path, url: str, reason: str
) -> None:
    put(library, "Film (2001).strm", f"{url}\n")
    [told] = imported(strmctl, "--unwrap", code=12).values()
    assert (told["outcome"], reason in told["reason"]) == ("bad", True)


def test_83_only_where_it_is_asked_for(strmctl: Strmctl, library: Path) -> None:
    put(library, "Film (2001).strm", f"{WRAPPED['mediaflow']}\n")
    put(library, "Other (2002).strm", f"{URL}?url=1\n")
    imported(strmctl)
    urls = {path: url for path, (url, _) in resolved(library).items()}
    assert urls == {"Film (2001).strm": WRAPPED["mediaflow"], "Other (2002).strm": f"{URL}?url=1"}


def test_83_a_plugin_is_reported_with_the_reason(strmctl: Strmctl, library: Path) -> None:
    put(library, "Film (2001).strm", "plugin://plugin.video.some/?action=play&id=1\n")
    [told] = imported(strmctl, code=12).values()
    assert "add-on" in told["reason"]
