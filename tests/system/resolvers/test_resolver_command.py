"""`resolver new` writes what runs as it is; `resolver test` says what plays and what is missing."""

import shutil
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from stage.answering import Reply, Server, answer, answering
from stage.command_line import Strmctl
from stage.media import FILM, FORMS, Media
from stage.waiting import free_port, until

SHOW = ("--slug", "some-show", "--season", 1, "--episode", 2)
SCRIPT = "mine_resolver.py"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def shelf(media: Media, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A web server with an episode (HLS, and a plain file) and a film of the names that are new."""
    root = tmp_path_factory.mktemp("shelf")
    playlist = media.root / FORMS["ts"]
    shutil.copytree(playlist.parent, root / "some-show")
    (root / "some-show" / playlist.name).rename(root / "some-show" / "S01E02.m3u8")
    shutil.copy(media.root / FILM, root / "some-show" / "S01E02.mkv")
    shutil.copy(media.root / FILM, root / "some-film.mp4")
    (root / "page").mkdir()
    (root / "page" / "S01E02.m3u8").write_text("<html>no such file</html>")
    (root / "hollow").mkdir()
    hollow = (root / "some-show" / "S01E02.m3u8").read_text().replace("piece", "gone")
    (root / "hollow" / "S01E02.m3u8").write_text(hollow)
    with serving(root) as url:
        yield url


@pytest.fixture
def begun(strmctl: Strmctl, folder: Path) -> Path:
    strmctl("init")
    allow(folder, "127.0.0.0/8")
    return folder


def allow(folder: Path, *hosts: str) -> None:
    settings = folder / "strmctl.toml"
    listed = ", ".join(f'"{host}"' for host in hosts)
    settings.write_text(settings.read_text().replace("allow = []", f"allow = [{listed}]"))


def test_a_command_runs_as_it_is(strmctl: Strmctl, begun: Path, shelf: str) -> None:
    made = strmctl("resolver", "new", "mine", "--type", "command", "--media", shelf, "--json")
    assert made.document["files"] == [str(begun / SCRIPT)]
    assert made.document["settings_file"] == str(begun / "strmctl.toml")
    tested = strmctl("resolver", "test", "mine", *SHOW, "--json").document
    assert tested["outcome"] == "plays"
    assert tested["media"] == "HLS, 24 s"
    film = strmctl("resolver", "test", "mine", "--slug", "some-film", "--json").document
    assert film["media"].startswith("MP4, ")


def test_a_service_runs_as_it_is(strmctl: Strmctl, begun: Path, shelf: str) -> None:
    url = f"http://127.0.0.1:{free_port()}/"
    strmctl("resolver", "new", "mine", "--type", "http", "--url", url, "--media", shelf)
    with subprocess.Popen([sys.executable, begun / SCRIPT], stderr=subprocess.DEVNULL) as service:
        try:
            until(lambda: strmctl_plays(strmctl), "the service answers")
        finally:
            service.terminate()
    tested = strmctl("resolver", "test", "mine", *SHOW, "--json", code=12).document
    assert (tested["outcome"], tested["url"]) == ("failed", None)


def strmctl_plays(strmctl: Strmctl) -> bool:
    try:
        strmctl("resolver", "test", "mine", *SHOW)
    except AssertionError:
        return False
    return True


def test_a_service_that_runs_elsewhere_needs_no_script(strmctl: Strmctl, begun: Path) -> None:
    url = "https://resolver.example/ask"
    made = strmctl("resolver", "new", "mine", "--type", "http", "--url", url, "--json").document
    assert (made["files"], made["start"]) == ([], None)


def test_a_package_runs_as_it_is(
    strmctl: Strmctl, begun: Path, shelf: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its table would break every command before it is installed; the same call adds it then."""
    call = ("resolver", "new", "mine", "--type", "python", "--media", shelf)
    first = strmctl(*call)
    assert "[resolvers.mine]" in first.out
    assert "the table is not in" in first.err
    strmctl("config")
    [module] = begun.glob("mine-resolver/**/*resolver*.py")
    ends = '# "expires_at": int(time.time()) + 3600,'
    module.write_text(module.read_text().replace(ends, '"expires_at": 4102444800,'))
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    pip += ["--no-deps", "--no-build-isolation", "--no-index", "--target", "there"]
    subprocess.run([*pip, begun / "mine-resolver"], check=True, capture_output=True)
    monkeypatch.syspath_prepend(str(begun / "there"))
    assert f"kept      {begun}" in strmctl(*call).out
    tested = strmctl("resolver", "test", "mine", *SHOW, "--json").document
    assert (tested["outcome"], tested["kind"]) == ("plays", "mine")
    assert tested["expires_at"] == "2100-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        pytest.param("template", "/{slug}/S{season:02}E{episode:02}.mkv", id="template"),
        pytest.param("ytdlp", "/{slug}/S{season:02}E{episode:02}.mkv", id="ytdlp"),
    ],
)
def test_others_are_a_table_alone(
    strmctl: Strmctl, begun: Path, shelf: str, kind: str, url: str
) -> None:
    made = strmctl("resolver", "new", "mine", "--type", kind, "--url", shelf + url, "--json")
    assert made.document["files"] == []
    tested = strmctl("resolver", "test", "mine", *SHOW, "--json").document
    assert (tested["outcome"], tested["missing"]) == ("plays", [])


@pytest.mark.parametrize("kind", ["http", "command", "template", "ytdlp", "stremio"])
def test_every_table_can_be_used(strmctl: Strmctl, begun: Path, kind: str) -> None:
    strmctl("resolver", "new", "my-1st_one", "--type", kind, "--site", "a.example", "--site", "b.*")
    strmctl("config")
    before = (begun / "strmctl.toml").read_text()
    assert before.endswith("\n")
    assert 'sites = ["a.example", "b.*"]' in before
    assert before.startswith("# Settings of strmctl.")


def test_nothing_is_overwritten_unasked(strmctl: Strmctl, begun: Path) -> None:
    call = ("resolver", "new", "mine", "--type", "command")
    strmctl(*call)
    (begun / SCRIPT).write_text("mine\n")
    before = (begun / "strmctl.toml").read_bytes()
    assert "--force replaces it" in strmctl(*call, code=2).err
    assert (
        "answers for mine already"
        in strmctl(*call[:2], "x", *call[3:], "--site", "MINE", code=2).err
    )
    assert "kept" in strmctl(*call, "--print").out
    assert (begun / SCRIPT).read_text() == "mine\n"
    assert (begun / "strmctl.toml").read_bytes() == before
    strmctl(*call, "--media", "https://other.example", "--force")
    assert "https://other.example" in (begun / SCRIPT).read_text()
    assert (begun / SCRIPT).stat().st_mode & stat.S_IXUSR
    assert (begun / "strmctl.toml").read_text().count("[resolvers.mine]") == 1


def test_without_a_settings_file_the_table_is_printed(strmctl: Strmctl, folder: Path) -> None:
    made = strmctl("resolver", "new", "mine", "--type", "template")
    assert made.out.startswith("[resolvers.mine]\n")
    assert "no settings file" in made.err
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        pytest.param(["new", "a b", "--type", "http"], "takes letters", id="a name"),
        pytest.param(["new", "../a", "--type", "http"], "takes letters", id="a path"),
        pytest.param(["new", "a", "--type", "htp"], "'htp' is none of http, command", id="type"),
        pytest.param(["new", "a"], "new takes --type", id="no type"),
        pytest.param(["new", "http", "--type", "python"], "type of strmctl's own", id="taken"),
        pytest.param(["new", "a", "--type", "command", "--url", "x"], "--url is of no", id="url"),
        pytest.param(["new", "a", "--type", "http", "--slug", "x"], "belongs to test", id="slug"),
        pytest.param(["test", "a", "--force"], "belong to new", id="force"),
        pytest.param(["test", "a"], "no [resolvers.a] in the settings: there is none", id="none"),
    ],
)
def test_wrong_calls(strmctl: Strmctl, begun: Path, arguments: list[str], what: str) -> None:
    assert what in strmctl("resolver", *arguments, code=2).err


@pytest.mark.parametrize(
    ("kind", "more", "what"),
    [
        pytest.param("template", "https://h/{nope}", "--url: {nope} is none of", id="a field"),
        pytest.param("template", "https://h/{season:zz}", "--url: Unknown format", id="a format"),
        pytest.param("template", "h/{slug}", "--url: needs http://", id="no URL"),
        pytest.param("http", "ftp://h/", "--url: needs http://", id="another scheme"),
        pytest.param("http", "http://[::1/", "--url: it is no URL that can", id="half an address"),
        pytest.param("http", "http://h:99999/", "--url: there is no port 99999", id="no port"),
        pytest.param("stremio", "https://h/", "--url: needs the address of", id="no manifest"),
        pytest.param("http", "http://h/ --site=", "--site: name a site", id="no site"),
    ],
)
def test_what_makes_no_resolver_is_a_wrong_call(
    strmctl: Strmctl, begun: Path, kind: str, more: str, what: str
) -> None:
    """It was a warning and exit code 0, with a script but without a table."""
    before = sorted(begun.iterdir()), (begun / "strmctl.toml").read_text()
    ended = strmctl("resolver", "new", "a", "--type", kind, "--url", *more.split(), code=2)
    assert ended.err.startswith(f"strmctl: {what}")
    assert (sorted(begun.iterdir()), (begun / "strmctl.toml").read_text()) == before


Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def ask(strmctl: Strmctl, begun: Path) -> Iterator[Ask]:
    """What `resolver test` says of an HTTP resolver that answers so."""
    with ExitStack() as servers:

        def test(reply: Reply, code: int, *more: object) -> dict[str, Any]:
            server: Server = servers.enter_context(answering(lambda asked: reply))
            strmctl("resolver", "new", "mine", "--type", "http", "--url", server.url, "--force")
            ended = strmctl("resolver", "test", "mine", *SHOW, "--json", *more, code=code)
            text = strmctl("resolver", "test", "mine", *SHOW, *more, code=code).out
            assert f"verdict   {ended.document['outcome'].replace('_', ' ')}" in text
            return ended.document

        yield test


@pytest.mark.parametrize(
    ("reply", "outcome", "reason"),
    [
        pytest.param(Reply(404), "no_such_episode", "no such episode", id="404"),
        pytest.param(Reply(409, b"{}"), "no_such_episode", "not in English", id="409"),
        pytest.param(Reply(503, headers={"Retry-After": "9"}), "later", "in 9 s", id="later"),
        pytest.param(Reply(500), "failed", "HTTP 500", id="500"),
        pytest.param(Reply(body=b"<html>"), "failed", "no JSON but HTML", id="HTML"),
        pytest.param(answer("ftp://a/b"), "failed", "unusable", id="no http URL"),
        pytest.param(answer("https://a/b.mpd"), "failed", "DASH", id="DASH"),
    ],
)
def test_it_does_not_answer(ask: Ask, reply: Reply, outcome: str, reason: str) -> None:
    said = ask(reply, 12)
    assert (said["outcome"], said["url"]) == (outcome, None)
    assert reason in said["reason"]


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        pytest.param("/page/S01E02.m3u8", "not media: a web page", id="a page"),
        pytest.param("/nothing", "the upstream answered 404", id="404"),
        pytest.param("/hollow/S01E02.m3u8", "middle segment", id="a playlist without segments"),
    ],
)
def test_it_does_not_play(ask: Ask, shelf: str, path: str, reason: str) -> None:
    said = ask(answer(shelf + path), 12)
    assert said["outcome"] == "does_not_play"
    assert reason in said["reason"]


def test_a_host_that_nobody_has(ask: Ask) -> None:
    said = ask(answer("http://nas.invalid/S01E02.mkv"), 12)  # RFC 6761
    assert said["reason"].endswith(": look whether nas.invalid:80 is right, and up")


def test_it_plays_and_is_dated(ask: Ask, shelf: str) -> None:
    url = f"{shelf}/some-film.mp4"
    said = ask(answer(url, provider="VOE", headers={"Referer": "r"}, expires_at=1795388400), 0)
    assert said["missing"] == []
    assert (said["expires_at"], said["expiry_from"]) == ("2026-11-22T23:00:00Z", "resolver")
    assert (said["provider_used"], said["headers"]) == ("VOE", {"Referer": "r"})
    by_url = ask(answer(f"{url}?Expires=4000000000&Signature=s&Key-Pair-Id=k"), 0)
    assert by_url["expiry_from"] == "url"
    [missing] = by_url["missing"]
    assert missing.startswith("provider: ")


@pytest.mark.parametrize(
    ("host", "allow_"),
    [
        pytest.param("127.0.0.1", "127.0.0.1", id="an address"),
        pytest.param("localhost", "localhost", id="a name"),
        pytest.param("[::ffff:127.0.0.1]", "127.0.0.1", id="a mapped address"),
    ],
)
def test_the_guard_refuses(ask: Ask, begun: Path, shelf: str, host: str, allow_: str) -> None:
    settings = begun / "strmctl.toml"
    settings.write_text(settings.read_text().replace('allow = ["127.0.0.0/8"]', "allow = []"))
    url = f"{shelf}/some-film.mp4".replace("127.0.0.1", host)
    said = ask(answer(url), 12)
    assert (said["outcome"], said["allow"]) == ("refused", allow_)
    assert f'[upstream] allow = ["{allow_}"]' in said["missing"][0]
    allow(begun, allow_)
    if ":" not in host:
        assert ask(answer(url), 0)["outcome"] == "plays"


def test_the_egress_is_down(strmctl: Strmctl, begun: Path, shelf: str) -> None:
    call = ("resolver", "new", "mine", "--type", "template", "--url", f"{shelf}/{{slug}}")
    strmctl(*call)
    settings = begun / "strmctl.toml"
    gone = f"http://127.0.0.1:{free_port()}"
    settings.write_text(settings.read_text().replace('egress = ""', f'egress = "{gone}"', 1))
    assert strmctl("resolver", "test", "mine", "--slug", "some-film.mp4", code=13).out == ""


def test_an_episode_of_the_library_is_asked_for_where_none_is_named(
    strmctl: Strmctl, begun: Path, shelf: str
) -> None:
    strmctl("resolver", "new", "mine", "--type", "command", "--media", shelf)
    assert "the library has nothing of mine" in strmctl("resolver", "test", "mine", code=2).err
    known = ("--title", "Some Show", "--year", 2001, "--imdb", "tt0388629")
    strmctl("write", "--site", "mine", *SHOW, "--language", "de", *known)
    said = strmctl("resolver", "test", "mine", "--json").document
    assert (said["language"], said["ids"]["imdb"]) == ("de", "tt0388629")
    assert said["outcome"] == "plays"


def test_an_addon_is_asked_by_the_id_alone(strmctl: Strmctl, begun: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}/manifest.json"
    strmctl("resolver", "new", "addon", "--type", "stremio", "--url", url)
    assert (
        "(or --imdb, for an addon"
        in strmctl("resolver", "test", "addon", "--season", 1, code=2).err
    )
    said = strmctl("resolver", "test", "addon", "--imdb", "tt0388629", "--json", code=12).document
    assert (said["slug"], said["ids"]["imdb"]) == ("tt0388629", "tt0388629")


def test_nothing_is_stored(strmctl: Strmctl, begun: Path, shelf: str) -> None:
    strmctl("resolver", "new", "mine", "--type", "command", "--media", shelf)
    strmctl("write", "--site", "mine", *SHOW, "--language", "English")
    before = (begun / "strmctl.db").read_bytes()
    strmctl("resolver", "test", "mine", *SHOW)
    assert strmctl("list", "--json").records[0]["state"] == "unknown"
    assert (begun / "strmctl.db").read_bytes() == before
