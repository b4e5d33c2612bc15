"""Commands that change files: exactly one notification for each, none where nothing changed."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stage.command_line import Strmctl
from stage.library_tree import files
from stage.media_server import MediaServer
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.notices import Notices
from system.notify.servers import TOKEN, Server, serving, webhook

SHOW = ("write", "--site", "a.to", "--slug", "show", "--language", "de", "--season", "1")
HEADS = "site,slug,season,episode,language,url"
Changes = Callable[[], Counter[tuple[str, str]]]


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(webhook) as server:
        yield server


@pytest.fixture
def told(library: Path, server: Server) -> Changes:
    """What the server was told since the last time this was asked."""
    with (library / "strmctl.toml").open("a") as settings:
        settings.write(f'\n[notify.hook]\ntype = "webhook"\nurl = "{server.url}"\n')
        settings.write(f'token = "{TOKEN}"\n')

    def look() -> Counter[tuple[str, str]]:
        bodies, server.asked[:] = server.posted(), []
        return Counter(
            (Path(file["strm_path"]).stem, file["change"])
            for body in bodies
            for file in body["files"]
        )

    return look


@pytest.fixture
def three(strmctl: Strmctl, told: Changes) -> None:
    rows = [f"a.to,show,1,{number},de,https://cdn.test/{number}.mp4" for number in (1, 2, 3)]
    strmctl("write", "--from", "-", stdin="\n".join([HEADS, *rows, ""]))
    assert told() == {(f"Show S01E0{number}", "created"): 1 for number in (1, 2, 3)}


def base_url(library: Path, url: str) -> None:
    settings = library / "strmctl.toml"
    text = settings.read_text()
    assert "http://127.0.0.1:8888" in text
    settings.write_text(text.replace("http://127.0.0.1:8888", url))


def every(change: str, *numbers: int) -> dict[tuple[str, str], int]:
    return {(f"Show S01E0{number}", change): 1 for number in numbers}


def test_write(strmctl: Strmctl, told: Changes) -> None:
    strmctl(*SHOW, "--episode", 1)
    assert told() == every("created", 1)
    strmctl(*SHOW, "--episode", 1)
    assert told() == {}


def test_write_elsewhere(strmctl: Strmctl, told: Changes, three: None) -> None:
    strmctl(*SHOW, "--episode", 1, "--path", "Other/New.strm")
    assert told() == {("New", "created"): 1, ("Show S01E01", "deleted"): 1}


def test_rewrite_and_undo(strmctl: Strmctl, library: Path, told: Changes, three: None) -> None:
    strmctl("rewrite")
    assert told() == {}, "nothing changed"
    base_url(library, "http://strm.test")
    strmctl("rewrite", "--dry-run")
    assert told() == {}, "only shown"
    strmctl("rewrite")
    assert told() == every("modified", 1, 2, 3)
    strmctl("undo")
    assert told() == every("modified", 1, 2, 3)


def test_remove_and_undo(strmctl: Strmctl, told: Changes, three: None) -> None:
    strmctl("remove", "--episode", 2, "--series", "show")
    assert told() == every("deleted", 2)
    strmctl("undo")
    assert told() == every("created", 2)


def test_a_file_that_was_gone_already(
    strmctl: Strmctl, library: Path, told: Changes, three: None
) -> None:
    next((library / "library").rglob("*E02.strm")).unlink()
    strmctl("prune")
    assert told() == {}


def test_prune(strmctl: Strmctl, library: Path, told: Changes, three: None) -> None:
    strmctl("remove", "--keep-files", "--episode", 1, "--series", "show")
    assert told() == {}, "the file is still there"
    strmctl("prune")
    assert told() == every("deleted", 1)


def test_import(strmctl: Strmctl, library: Path, told: Changes, three: None) -> None:
    file = next((library / "library").rglob("*E02.strm"))
    file.rename(file.with_name("Renamed.strm"))
    (library / "library" / "Film (2020).strm").write_text("https://cdn.test/film.mp4\n")
    strmctl("import", "library")
    assert told() == {("Film (2020)", "modified"): 1}


def test_doctor_fix(strmctl: Strmctl, library: Path, told: Changes, three: None) -> None:
    base_url(library, "http://127.0.0.1:1")
    strmctl("doctor", "--fix", code=0)
    assert told() == every("modified", 1, 2, 3)


def test_what_cannot_be_changed_is_not_told(
    strmctl: Strmctl, library: Path, told: Changes, three: None
) -> None:
    """Where the file should be made there is a folder."""
    (library / "library" / "In" / "way.strm").mkdir(parents=True)
    strmctl(*SHOW, "--episode", 4, "--path", "In/way.strm", code=12)
    assert told() == {}


def test_no_table_no_outbox(strmctl: Strmctl, library: Path) -> None:
    strmctl(*SHOW, "--episode", 1)
    with Database.open(library / "strmctl.db") as database:
        assert Notices(database).backlogs() == {}


def test_a_server_that_is_down_is_no_failure(
    strmctl: Strmctl, library: Path, server: Server, told: Changes
) -> None:
    server.trouble = None
    settings = library / "strmctl.toml"
    settings.write_text(settings.read_text().replace(server.url, "http://127.0.0.1:1"))
    ended = strmctl(*SHOW, "--episode", 1)
    assert "notify" not in ended.err
    ended = strmctl(*SHOW, "--episode", 2, "-v")
    assert "notify" not in ended.err, "it rests"
    assert len(files(library)) == 2
    with Database.open(library / "strmctl.db") as database:
        [backlog] = Notices(database).backlogs().values()
    assert backlog.count == 2


def test_why_a_server_was_not_told(strmctl: Strmctl, library: Path, told: Changes) -> None:
    settings = library / "strmctl.toml"
    settings.write_text(settings.read_text().replace(TOKEN, "wrong"))
    ended = strmctl(*SHOW, "--episode", 1, "-v")
    assert "notify.hook: told of 0 files, the rest later: it refuses the token" in ended.err


def test_direct_mode(strmctl: Strmctl, library: Path, told: Changes, media: MediaServer) -> None:
    """A refresh rewrites the files whose URL is another one."""
    settings = library / "strmctl.toml"
    text = settings.read_text().replace('mode = "proxy"', 'mode = "direct"')
    assert 'mode = "direct"' in text
    settings.write_text(
        text.replace("allow = []", 'allow = ["127.0.0.0/8"]')
        + '\n[resolvers.mine]\nsites = ["a.to"]\ntype = "template"\n'
        + f'url = "{media.url("{slug}/{episode}.ts")}"\n'
    )
    strmctl(*SHOW, "--episode", 1, "--url", media.url("old.ts"))
    strmctl(*SHOW, "--episode", 2, "--url", media.url("show/2.ts"))
    assert told() == every("created", 1, 2)
    strmctl("refresh", "--all", "--force")
    assert told() == every("modified", 1)
