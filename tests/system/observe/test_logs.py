"""One line a record, whatever it holds; every line knows its request; none holds a secret."""

import json
import logging
import socket
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from stage import presentation
from stage.proxy import SITE, running_proxy, settings_for
from stage.show import Resolver, Show
from stage.site import running_site
from stage.strmctl import new_strmctl
from stage.waiting import until
from strmctl.server.http.logs import JsonLines, TextLines
from strmctl.settings.model import ResolverSettings
from strmctl.tracing import is_request_id

HOSTILE = {
    "newline": 'a\nb\r\n{"level": "info"}',
    "control characters": "\x00\x1b[31m\x7f\x9b\x85",
    "line and paragraph separators": "a\u2028b\u2029c",
    "right to left": "\u202egnp.exe",
    "lone surrogate": "\ud800",
    "long": "x" * 5000,
    "quotes": "\"'\\",
}


def record(message: str, *arguments: object, **extra: object) -> logging.LogRecord:
    made = logging.LogRecord("strmctl.x", logging.INFO, "x.py", 1, message, arguments, None)
    made.__dict__.update(fields=extra, request_id="abc")
    return made


def test_a_line_says_on_which_node_where_that_has_a_name() -> None:
    said = record("said")
    assert " INFO [abc] strmctl.x: said" in TextLines().format(said)
    assert " node-2 INFO [abc] strmctl.x: said" in TextLines("node-2").format(said)
    assert "\n" not in TextLines("node\n2").format(said)
    assert json.loads(JsonLines("node-2").format(said))["node"] == "node-2"


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("formatter", [JsonLines(), TextLines()], ids=["json", "text"])
def test_no_value_breaks_a_line(formatter: logging.Formatter, value: str) -> None:
    line = formatter.format(record("asked for %s", value, what=value, host=value))
    assert len(line.splitlines()) == 1
    assert line.isprintable()
    assert len(line) < 10_000 * 6
    line.encode()


@pytest.mark.parametrize("value", [value for value in HOSTILE.values() if len(value) < 2000])
def test_json_keeps_what_was_said(value: str) -> None:
    document = json.loads(JsonLines().format(record("asked for %s", value, what=value)))
    assert document["message"] == f"asked for {value}"
    assert document["what"] == value


def test_fields_cannot_take_the_place_of_what_every_line_has() -> None:
    line = JsonLines().format(record("said", level="fatal", time="never", request_id="x", status=1))
    document = json.loads(line)
    assert document["level"] == "info"
    assert document["time"].endswith("Z")
    assert document["request_id"] == "abc"
    assert document["status"] == 1


@pytest.mark.parametrize("formatter", [JsonLines(), TextLines()], ids=["json", "text"])
def test_of_an_exception_its_class_and_place_are_told_but_not_its_words(
    formatter: logging.Formatter,
) -> None:
    try:
        raise ValueError("https://cdn.example/token=secret")
    except ValueError:
        made = record("unexpected")
        made.exc_info = sys.exc_info()
    line = formatter.format(made)
    assert "ValueError" in line
    assert "test_logs.py" in line
    assert "secret" not in line
    assert len(line.splitlines()) == 1


@pytest.mark.parametrize(
    ("given", "accepted"),
    [
        ("a", True),
        ("Az09._-", True),
        ("x" * 64, True),
        ("x" * 65, False),
        ("", False),
        ("a b", False),
        ("a\n", False),
        ("ä", False),
        ("a;b", False),
        ("٣", False),
    ],
)
def test_a_request_id_from_outside_is_short_and_plain(given: str, accepted: bool) -> None:
    assert is_request_id(given) is accepted


def test_the_server_takes_no_other_id(
    client: httpx.Client, resolver: Resolver, tmp_path: Path
) -> None:
    with running_proxy(settings_for(tmp_path, resolver.url)) as proxy:
        for given, kept in (("mine-1", True), ("x" * 65, False), ("a b", False)):
            answer = client.get(f"{proxy.url}/healthz", headers={"X-Request-Id": given})
            assert (answer.headers["x-request-id"] == given) is kept


def test_a_programs_resolver_is_told_the_request(
    client: httpx.Client, show: Show, resolver: Resolver, tmp_path: Path
) -> None:
    presentation.put(show)
    show.resolve({})
    seen = tmp_path / "seen"
    script = tmp_path / "resolve.sh"
    script.write_text(
        f'#!/bin/sh\nprintf %s "$STRMCTL_REQUEST_ID" > {seen}\necho {show.url(show.entry)}\n'
    )
    script.chmod(0o755)
    program = ResolverSettings("program", [SITE], "command", options={"command": [str(script)]})
    settings = replace(settings_for(tmp_path, resolver.url), resolvers=[program])
    with running_proxy(settings) as proxy:
        found = client.get(proxy.playback_url(show.slug), headers={"X-Request-Id": "r-1"})
    assert found.status_code == 200
    assert seen.read_text() == "r-1"


def test_every_line_of_a_server_is_json_without_secrets(
    client: httpx.Client, show: Show, resolver: Resolver, tmp_path: Path
) -> None:
    environ = {"STRMCTL_SERVE_LOG_FORMAT": "json", "STRMCTL_PROXY_AUTH": "none"}
    with running_site(tmp_path / "strmctl", resolver.url, environ=environ) as site:
        presentation.put(show)
        url = site.playback_url(show)
        found = presentation.addresses(client, url)
        show.expire()
        assert client.get(found["video1.m4s"]).status_code == 200
        client.get(f"{url}%0aFORGED%1b[31m&slug=" + "x" * 5000)
        client.get(f"{site.base_url}/%0a%7b%22level%22:%22fatal%22%7d")
        until(lambda: "heal" in site.log(), "the heal is told")
    lines: list[dict[str, Any]] = [json.loads(line) for line in site.log().splitlines()]
    assert {"time", "level", "logger", "request_id", "message"} <= set(lines[0])
    assert {line["node"] for line in lines} == {socket.gethostname()}
    assert {line["level"] for line in lines} <= {"debug", "info", "warning"}
    upstream = [line for line in lines if line.get("step") == "upstream"]
    assert {line["host"] for line in upstream} == {show.upstream.address}
    assert {line["egress"] for line in upstream} == {"direct"}
    assert [line["status"] for line in lines if line.get("step") == "heal"] == [403]
    assert {line["resolver"] for line in lines if line.get("step") == "resolver"} == {"made_up"}
    for secret in ("sig=", "token1", "token2", f"{show.upstream.address}/"):
        assert secret not in site.log(), secret


def test_with_json_every_line_is_json(tmp_path: Path, resolver: Resolver) -> None:
    strmctl = new_strmctl(tmp_path / "strmctl", resolver.url)
    with strmctl.serving("--json") as server:
        assert httpx.get(f"{strmctl.base_url}/nowhere", trust_env=False).status_code == 404
        until(lambda: "404" in server.log.read_text(), "the request is told")
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    assert lines[0]["message"].startswith(f"strmctl serves {strmctl.base_url}")
