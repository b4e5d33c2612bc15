"""Rows 79, 81 to 83: what stands in a `.strm` file is understood."""

import base64
from pathlib import Path

import pytest

from stage.answering import answer, answering
from stage.command_line import Strmctl
from stage.foreign_files import imported, put, resolved


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
        ("#EXTVLCOPT:http-referer=https://a.to/", {"Referer": "https://a.to/"}),
    ],
    ids=["stream headers", "manifest headers", "vlc", "exthttp", "no headers", "spelt right"],
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


def test_83_in_mode_direct_the_file_holds_what_was_inside(
    strmctl: Strmctl, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRM_PROXY_MODE", "direct")
    file = put(library, "Film (2001).strm", f"# mine\n{WRAPPED['mediaflow']}\n")
    before = file.read_bytes()
    imported(strmctl, "--unwrap")
    assert file.read_text() == f"# mine\n{URL}\n"
    [told] = imported(strmctl, "--unwrap").values()
    assert told["outcome"] == "unchanged"
    strmctl("undo")
    assert file.read_bytes() == before


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
