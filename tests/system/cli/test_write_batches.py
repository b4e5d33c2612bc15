"""`write --from`: bad rows are named, thousands are quick, a kill loses nothing."""

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stage.command_line import Strmctl
from stage.library_tree import files, mtimes
from strmctl.domain.urls.playback_url import identity_in

# What `write` and `add` exit with.
BAD_LIST, BAD_ROW, BAD_ENTRY = (2, 2), (12, 2), (12, 12)
SECRET = "http://me:hunter2@host/x?token=hunter2"
TABLE = """site,slug,season,episode,language,title,path
a.to,one,1,1,de,One,
a.to,one,1,,de,One,
a.to,one,1,2,de,One,../outside.strm
a.to,one,1,1,de,One,
a.to,one,1,3,de,One,One/Season 01/One S01E01.strm
a.to,one,1,4,de,One
"""


def test_bad_rows_are_named_and_the_rest_is_done(strmctl: Strmctl, library: Path) -> None:
    (library / "episodes.csv").write_text(TABLE)
    ended = strmctl("write", "--from", "episodes.csv", code=12)
    errors = [line.split(": ", 2) for line in ended.err.splitlines()]
    assert [(where, message[:24]) for _, where, message in errors[:-1]] == [
        ("episodes.csv:3", "season and episode go to"),
        ("episodes.csv:4", "path is not relative to "),
        ("episodes.csv:5", "a.to/one S01E01 (de) sta"),
        ("episodes.csv:6", "One/Season 01/One S01E01"),
    ]
    assert ended.err.splitlines()[-1] == "2 created, 0 updated, 0 unchanged, 4 failed"
    assert sorted(files(library)) == [f"One/Season 01/One S01E0{n}.strm" for n in (1, 4)]


def test_bad_rows_as_json(strmctl: Strmctl, library: Path) -> None:
    ended = strmctl("write", "--from", "-", "--json", stdin=TABLE, code=12)
    *mappings, summary = ended.records
    assert [mapping["outcome"] for mapping in mappings] == ["created", "created"]
    assert summary == {
        "type": "summary", "created": 2, "updated": 0, "unchanged": 0, "failed": 4
    }  # fmt: skip
    errors = [json.loads(line) for line in ended.err.splitlines()]
    assert sorted(error["line"] for error in errors) == [3, 4, 5, 6]
    assert {error["type"] for error in errors} == {"error"}


@pytest.mark.parametrize("indent", [None, 2], ids=["in one line", "over lines"])
@pytest.mark.parametrize("source", ["all.json", "-"])
def test_every_object_of_a_json_array(
    strmctl: Strmctl, library: Path, source: str, indent: int | None
) -> None:
    keys = {"site": "a.to", "slug": "one", "season": 1, "language": "de"}
    rows = [{**keys, "episode": number} for number in (1, 2, 3, 2)]
    text = json.dumps(rows, indent=indent)
    (library / "all.json").write_text(text)
    ended = strmctl("write", "--from", source, stdin=text, code=12)
    assert ended.err.splitlines()[-1] == "3 created, 0 updated, 0 unchanged, 1 failed"
    assert "a.to/one S01E02 (de) stands in line" in ended.err
    assert sorted(files(library)) == [f"One/Season 01/One S01E0{n}.strm" for n in (1, 2, 3)]


def test_the_same_of_two_sites_lies_side_by_side(strmctl: Strmctl, library: Path) -> None:
    rows = [f"{site},one,1,{number},de" for number in (1, 2) for site in ("a.to", "b.to")]
    text = "\n".join(["site,slug,season,episode,language", *rows, ""])
    assert strmctl("write", "--from", "-", stdin=text).err.startswith("4 created")
    assert sorted(files(library)) == [
        f"One/Season 01/One S01E0{number}{suffix}.strm"
        for number in (1, 2)
        for suffix in (" - b.to", "")
    ]
    assert strmctl("write", "--from", "-", stdin=text).err.startswith(
        "0 created, 0 updated, 4 unchanged"
    )


def test_a_latin_1_title_is_a_bad_row(strmctl: Strmctl, library: Path) -> None:
    rows = "site,slug,language,title\na.to,fuer,de,Für immer\na.to,two,de,Two\n"
    (library / "all.csv").write_text(rows, encoding="latin-1")
    ended = strmctl("write", "--from", "all.csv", code=12)
    assert ended.err.startswith("strmctl: all.csv:2: title is not UTF-8 text: 'F\\udcfcr immer'")
    assert list(files(library)) == ["Two/Two.strm"]


def test_columns_that_are_unknown(strmctl: Strmctl, library: Path) -> None:
    ended = strmctl("write", "--from", "-", stdin="site,slug,lang\n", code=2)
    assert ended.err.startswith("strmctl: stdin: unknown column 'lang': known are site, slug")


@pytest.mark.parametrize("text", ["site,slug,language\n", "[]"], ids=["CSV", "JSON"])
def test_nothing_to_do(strmctl: Strmctl, library: Path, text: str) -> None:
    assert strmctl("write", "--from", "-", "--json", stdin=text).records == [
        {"type": "summary", "created": 0, "updated": 0, "unchanged": 0, "failed": 0}
    ]


def test_an_empty_input_is_told(strmctl: Strmctl, library: Path) -> None:
    (library / "x.csv").touch()
    assert strmctl("write", "--from", "x.csv", code=2).err == "strmctl: x.csv: is empty\n"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_another_encoding_is_named(strmctl: Strmctl, library: Path, encoding: str) -> None:
    (library / "x.csv").write_bytes("site,slug,language\na.to,für,de\n".encode(encoding))
    said = strmctl("write", "--from", "x.csv", code=2).err
    assert said == "strmctl: x.csv: is not text in UTF-8: save it as UTF-8\n"


def test_a_picture_is_no_table(strmctl: Strmctl, library: Path) -> None:
    (library / "x.csv").write_bytes(b"\x89PNG\0" * 10_000)
    assert len(strmctl("write", "--from", "x.csv", code=2).err) < 300


def test_the_example_works(strmctl: Strmctl, library: Path) -> None:
    example = Path(__file__).parents[3] / "examples/episodes.csv"
    *mappings, summary = strmctl("write", "--from", example, "--json").records
    assert summary["failed"] == 0
    assert summary["created"] == len(mappings) == len(files(library)) > 3


def episodes(number: int) -> str:
    rows = (
        f"a.to,show-{n // 100},{n % 100 // 25},{n % 25},de,Show {n // 100}" for n in range(number)
    )
    return "\n".join(["site,slug,season,episode,language,title", *rows]) + "\n"


def test_thousands_twice(strmctl: Strmctl, library: Path) -> None:
    (library / "all.csv").write_text(episodes(2010))
    assert strmctl("write", "--from", "all.csv").err.startswith("2010 created")
    before = mtimes(library)
    assert len(before) == 2010
    assert "2010 unchanged" in strmctl("write", "--from", "all.csv").err
    assert mtimes(library) == before


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_at_any_moment(strmctl: Strmctl, library: Path, is_long: bool) -> None:
    """Files are whole, and the same run again ends with every row and every file."""
    total = 10_000 if is_long else 3_000
    (library / "all.csv").write_text(episodes(total))
    command = [sys.executable, "-m", "strmctl", "write", "--from"]
    for files_before_kill in sorted(random.sample(range(total - 1000), 4)):
        # It cannot end before it is killed: after all rows it waits for more.
        with (
            rows_and_more(library) as given,
            subprocess.Popen(
                [*command, "-"], cwd=library, stdin=given.stdout, stderr=subprocess.PIPE
            ) as process,
        ):
            try:
                wait_for_files(library / "library", files_before_kill, process)
            finally:
                process.kill()
                given.kill()
        assert process.returncode == -signal.SIGKILL
        for path, text in files(library).items():
            if path.endswith(".strm"):
                assert text.endswith("\n")
                assert identity_in(text.strip()) is not None
    ended = subprocess.run(
        [*command, "all.csv"], cwd=library, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stderr.rpartition(", ")[2]) == (0, "0 failed\n")
    assert strmctl("list", "--json").records[-1]["count"] == total
    rows = {row["strm_path"] for row in strmctl("list", "--json").records[:-1]}
    assert rows == set(files(library))


def rows_and_more(library: Path) -> subprocess.Popen[bytes]:
    """Whatever reads from it is never told that there is no more."""
    return subprocess.Popen(
        ["cat", "all.csv", "-"], cwd=library, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )


def wait_for_files(root: Path, number: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 400
    while time.monotonic() < deadline:
        if sum(1 for _ in root.rglob("*.strm")) >= number:
            return
        assert process.poll() is None, "it ended before it could be killed"
    raise AssertionError("it wrote too slowly")


LISTED = (
    "site,slug,season,episode,language,title,path,url,headers\n"
    "a.to,one,1,1,de,The One,Elsewhere/1.strm,,\n"
    "a.to,one,1,2,de,The One,,,\n"
    'a.to,film,,,de,,,http://127.0.0.1:9/f.mp4,"{""Referer"": ""http://a.to/""}"\n'
)


@pytest.mark.parametrize("form", ["list --json", "show 1 --json", "show 3 --json --reveal"])
def test_what_list_prints_is_written_again_as_it_was(
    strmctl: Strmctl, library: Path, form: str
) -> None:
    strmctl("write", "--from", "-", "-q", stdin=LISTED)
    listed = strmctl(*form.split())
    number = sum(it["type"] == "mapping" for it in listed.records)
    counts = strmctl("write", "--from", "-", stdin=listed.out).err.splitlines()[-1]
    assert counts == f"0 created, 0 updated, {number} unchanged, 0 failed"
    before = files(library)
    strmctl("remove", "--site", "a.to")
    strmctl("write", "--from", "-", "-q", stdin=listed.out)
    assert files(library).keys() <= before.keys()
    assert len(files(library)) == number


def test_a_file_that_only_import_takes_stays_where_it_is(strmctl: Strmctl, library: Path) -> None:
    (library / "library/A\\B (1999).strm").write_text("http://127.0.0.1:9/b.mp4\n")
    strmctl("import", "library", "--site", "a.to", "--language", "de")
    before = files(library)
    listed = strmctl("list", "--json").out
    assert "1 unchanged" in strmctl("write", "--from", "-", stdin=listed).err
    assert files(library) == before


def test_what_list_prints_may_be_written_in_another_language(
    strmctl: Strmctl, library: Path
) -> None:
    strmctl("write", "--from", "-", "-q", stdin=LISTED)
    rows = [it | {"language": "en"} for it in strmctl("list", "--json").records[:-1]]
    assert strmctl("write", "--from", "-", stdin=json.dumps(rows)).err.startswith("3 created")
    assert len(files(library)) == 6


def test_a_revealed_link_and_its_headers_come_along(strmctl: Strmctl, library: Path) -> None:
    strmctl("write", "--from", "-", "-q", stdin=LISTED)
    listed = strmctl("show", "3", "--json", "--reveal").out
    strmctl("remove", "--site", "a.to")
    strmctl("write", "--from", "-", "-q", stdin=listed)
    number = strmctl("list", "--json").records[0]["id"]
    film = strmctl("show", number, "--json", "--reveal").document
    assert film["resolved_url"] == "http://127.0.0.1:9/f.mp4"
    assert film["headers"] == {"Referer": "http://a.to/"}


@pytest.mark.parametrize(
    ("rows", "codes"),
    [
        pytest.param(f"site,slug,language,{SECRET},b\n", BAD_LIST, id="a-column"),
        pytest.param(
            "site,slug,language,http://h/?a=1,hunter2\n", BAD_LIST, id="the-rest-of-a-URL"
        ),
        pytest.param(
            f"site,slug,language,season,episode\na,b,c,{SECRET},1\n", BAD_ROW, id="a-number"
        ),
        pytest.param("site,slug,language,year\na,b,c,token=hunter2\n", BAD_ENTRY, id="a-query"),
        pytest.param(
            "site,slug,language,year\na,b,c,me:hunter2@host\n", BAD_ENTRY, id="an-account"
        ),
        pytest.param(f"site,slug,language,imdb\na,b,c,{SECRET}\n", BAD_ENTRY, id="an-id"),
        pytest.param(f"site,slug,language,path\na,b,c,{SECRET}\n", BAD_ENTRY, id="a-path"),
        pytest.param(
            f"site,slug,language,path\na,b,c,{SECRET[7:]}\n", BAD_ENTRY, id="an-end-of-one"
        ),
        pytest.param(f'site,slug,language\na,"{SECRET}\x01",c\n', BAD_ROW, id="a-slug"),
        pytest.param(f'{{"slug": "b", "{SECRET}": 1}}', BAD_ROW, id="a-key"),
        pytest.param(
            f'{{"slug": "b", "{SECRET}": 1, "{SECRET.upper()}": 1}}', BAD_ROW, id="two-keys"
        ),
    ],
)
@pytest.mark.parametrize("command", ["write", "add"])
def test_no_message_quotes_what_may_be_a_secret(
    strmctl: Strmctl, library: Path, rows: str, codes: tuple[int, int], command: str
) -> None:
    (library / "rows.txt").write_text(rows)
    strmctl("resolver", "new", "mine", "--type", "template", "--site", "a", "-q")
    rest = ("--resolver", "mine", "x") if command == "add" else ()
    ended = strmctl(command, "--from", "rows.txt", *rest, code=codes[len(rest) > 0])
    assert "hunter2" not in (ended.err + ended.out).lower()
