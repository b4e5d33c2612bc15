"""`resolve`: what a resolver answers, and nothing changes."""

import subprocess
import sys
from pathlib import Path

import pytest

from stage.answering import Reply, answer, answering
from stage.command_line import Strmctl

EPISODE = ("--site", "a.to", "--slug", "one-piece", "--season", 1, "--episode", 2)
GERMAN = (*EPISODE, "--language", "German Dub")


def add_resolver(library: Path, **options: str) -> None:
    lines = [f'{key} = "{value}"' for key, value in options.items()]
    with (library / "strmctl.toml").open("a") as settings:
        settings.write("\n".join(["", "[resolvers.mine]", 'sites = ["a.to"]', *lines, ""]))


def test_the_answer_is_the_url_and_what_is_known_of_it(strmctl: Strmctl, library: Path) -> None:
    reply = answer("https://cdn.example/1", provider="VOE", expires_at=1795388400)
    with answering(lambda asked: reply) as server:
        add_resolver(library, type="http", url=server.url)
        assert strmctl("resolve", *GERMAN).out == (
            "https://cdn.example/1\nprovider: VOE\nexpires: 2026-11-22T23:00:00Z\n"
        )


def test_json_names_what_was_not_answered_too(strmctl: Strmctl, library: Path) -> None:
    reply = answer("https://cdn.example/1", headers={"Referer": "r"})
    with answering(lambda asked: reply) as server:
        add_resolver(library, type="http", url=server.url)
        assert strmctl("resolve", *GERMAN, "--json").document == {
            "type": "resolution",
            "url": "https://cdn.example/1",
            "headers": {"Referer": "r"},
            "provider": None,
            "expires_at": None,
        }


def test_the_whole_identity_is_asked_for(strmctl: Strmctl, library: Path) -> None:
    with answering(lambda asked: answer("https://cdn.example/1")) as server:
        add_resolver(library, type="http", url=server.url)
        strmctl("resolve", *GERMAN, "--provider", "VOE")
    [question] = server.questions
    assert question == {
        "site": "a.to",
        "slug": "one-piece",
        "season": 1,
        "episode": 2,
        "language": "German Dub",
        "provider": "VOE",
        "reason": "create",
        "avoid_urls": [],
        "avoid_providers": [],
        "last_status": None,
        "title": None,
        "year": None,
        "ids": {"imdb": None, "tvdb": None, "tmdb": None},
    }


def test_what_the_library_knows_goes_with_the_question(strmctl: Strmctl, library: Path) -> None:
    names = ("--title", "One Piece", "--year", 1999, "--imdb", "tt0388629", "--tvdb", 81797)
    expected = {
        "title": "One Piece",
        "year": 1999,
        "ids": {"imdb": "tt0388629", "tvdb": 81797, "tmdb": None},
    }
    with answering(lambda asked: answer("https://cdn.example/1")) as server:
        add_resolver(library, type="http", url=server.url)
        written = strmctl("write", *GERMAN, *names, "--resolve", "--json").document
        strmctl("resolve", *GERMAN)
        strmctl("refresh", "--all", "--force", code=12)  # nothing plays there
    assert expected.items() <= written.items()
    assert len(server.questions) >= 3
    assert all(expected.items() <= question.items() for question in server.questions)


def test_nothing_changes(strmctl: Strmctl, library: Path) -> None:
    strmctl("write", *GERMAN)
    before = strmctl("show", *GERMAN, "--json", "--reveal").out
    with answering(lambda asked: answer("https://cdn.example/1")) as server:
        add_resolver(library, type="http", url=server.url)
        strmctl("resolve", *GERMAN)
    assert strmctl("show", *GERMAN, "--json", "--reveal").out == before


def test_a_failure_is_one_line(strmctl: Strmctl, library: Path) -> None:
    with answering(lambda asked: Reply(404)) as server:
        add_resolver(library, type="http", url=server.url)
        ended = strmctl("resolve", *GERMAN, code=12)
    assert ended.out == ""
    assert ended.err == (
        "strmctl: resolver 'mine': no such episode: a.to/one-piece S01E02 (German Dub)\n"
    )


@pytest.mark.parametrize(
    ("options", "code", "what"),
    [
        pytest.param({"type": "htp"}, 3, "none of http, command, template, ytdlp", id="kind"),
        pytest.param({"type": "http"}, 3, "[resolvers.mine] url: is missing", id="no url"),
        pytest.param({"type": "command", "command": "echo hi"}, 12, "no JSON", id="rubbish"),
        pytest.param(
            {"type": "command", "command": "sleep 30", "timeout": "300ms"},
            12,
            "resolver 'mine': no answer within 0.3 s",
            id="timeout",
        ),
    ],
)
def test_what_is_wrong_is_one_line(
    strmctl: Strmctl, library: Path, options: dict[str, str], code: int, what: str
) -> None:
    add_resolver(library, **options)
    ended = strmctl("resolve", *GERMAN, code=code)
    assert what in ended.err
    assert ended.err.count("\n") == 1


def test_a_table_that_is_wrong_names_its_file(strmctl: Strmctl, library: Path) -> None:
    """`config` did; every command that needs the table does."""
    add_resolver(library, type="http")
    begins = f"strmctl: {library / 'strmctl.toml'}: [resolvers.mine] url: is missing"
    strmctl("write", *GERMAN)
    lines = (
        ("resolve", *GERMAN),
        ("refresh", "--all"),
        ("probe", "--all"),
        ("resolver", "test", "mine"),
    )
    for line in lines:
        assert strmctl(*line, code=3).err.startswith(begins)
    assert f"{library / 'strmctl.toml'}: [res" in strmctl("resolve", *GERMAN, "--json", code=3).err


def test_no_resolver(strmctl: Strmctl, library: Path) -> None:
    assert "no resolver for site 'a.to'" in strmctl("resolve", *GERMAN, code=12).err


def test_the_most_verbose_log_names_no_secret(library: Path) -> None:
    with answering(lambda asked: answer("https://cdn.example/1")) as server:
        add_resolver(library, type="http", url=f"{server.url}?apikey=hunter2")
        command = [sys.executable, "-m", "strmctl", "resolve", "-vv", *map(str, GERMAN)]
        ended = subprocess.run(command, capture_output=True, text=True, check=True, cwd=library)
    assert "hunter2" not in ended.stdout + ended.stderr
