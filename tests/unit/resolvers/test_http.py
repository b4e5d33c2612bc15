"""`type = "http"` against a real server."""

import socket
import threading
from typing import Any

import pytest

from stage.answering import Asked, Reply, answer, answering
from stage.asking import QUESTION, REQUEST, ask, refusal, table
from strmctl.domain.mapping import Resolution
from strmctl.errors import SettingsError
from strmctl.resolvers.answer import MAX_BYTES
from strmctl.resolvers.registry import Registry
from strmctl.settings.model import Settings

URL = "https://cdn.example/v.m3u8?token=secret"


async def test_it_posts_the_question_and_reads_the_answer() -> None:
    reply = answer(URL, headers={"Referer": "r", "Host": "dropped"}, provider="Filemoon")
    with answering(lambda asked: reply) as server:
        found = await ask(table("http", url=server.url, headers={"Authorization": "Bearer t"}))
    assert found == Resolution(URL, {"Referer": "r"}, "Filemoon")
    [asked] = server.asked
    assert asked.question == QUESTION
    assert asked.headers["Content-Type"] == "application/json"
    assert asked.headers["Authorization"] == "Bearer t"


async def test_without_a_provider_it_is_the_one_that_was_asked_for() -> None:
    with answering(lambda asked: answer(URL)) as server:
        assert (await ask(table("http", url=server.url))).provider == "VOE"


@pytest.mark.parametrize(
    ("reply", "status", "what"),
    [
        pytest.param(Reply(404), 404, "no such episode: site.example/one-piece S01E02", id="404"),
        pytest.param(
            Reply(409, b'{"available": ["English Sub", "Japanese"]}'),
            404,
            "not in German Dub: there is English Sub, Japanese",
            id="409",
        ),
        pytest.param(Reply(409, b"<html>"), 404, "not in German Dub", id="409 without a list"),
        pytest.param(Reply(409, b"[1]"), 404, "not in German Dub", id="409 with another list"),
        pytest.param(Reply(500), 502, "HTTP 500", id="500"),
        pytest.param(Reply(429), 502, "HTTP 429", id="429 without Retry-After"),
        pytest.param(Reply(503), 502, "HTTP 503", id="503 without Retry-After"),
        pytest.param(Reply(204), 502, "HTTP 204", id="204"),
        pytest.param(
            Reply(302, headers={"Location": "http://127.0.0.1:1/secret"}),
            502,
            "redirects are not followed",
            id="302",
        ),
        pytest.param(Reply(200, b"<html>secret"), 502, "no JSON but HTML", id="HTML"),
        pytest.param(Reply(200), 502, "no JSON but nothing", id="empty"),
        pytest.param(Reply(200, b" " * (MAX_BYTES + 1)), 502, "more than 1048576", id="endless"),
        pytest.param(answer("ftp://secret/"), 502, "not an http", id="ftp URL"),
        pytest.param(answer("https://secret@a/"), 502, "user name", id="URL with a user"),
    ],
)
async def test_everything_else_is_one_line(reply: Reply, status: int, what: str) -> None:
    with answering(lambda asked: reply) as server:
        error = await refusal(table("http", url=f"{server.url}?key=secret"))
    assert what in str(error)
    assert "secret" not in str(error)
    assert (error.http_status, error.retry_after) == (status, None)


@pytest.mark.parametrize("status", [429, 503])
async def test_later(status: int) -> None:
    with answering(lambda asked: Reply(status, headers={"Retry-After": "7"})) as server:
        error = await refusal(table("http", url=server.url))
    assert (error.http_status, error.retry_after) == (503, 7)


async def test_later_by_a_date() -> None:
    headers = {"Retry-After": "Sun, 22 Nov 2099 23:02:00 GMT"}
    with answering(lambda asked: Reply(503, headers=headers)) as server:
        error = await refusal(table("http", url=server.url))
    assert (error.http_status, error.retry_after) == (503, 86_400)


async def test_nobody_there() -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))  # Held, so that nobody else listens there.
        port = deaf.getsockname()[1]
        error = await refusal(table("http", url=f"http://127.0.0.1:{port}/?key=secret"))
    assert f"127.0.0.1:{port} does not answer" in str(error)
    assert "secret" not in str(error)
    assert error.http_status == 502


async def test_no_answer_in_time() -> None:
    released = threading.Event()

    def wait(asked: Asked) -> Reply:
        released.wait(30)
        return Reply()

    with answering(wait) as server:
        try:
            error = await refusal(table("http", url=server.url, timeout=0.2))
        finally:
            released.set()
    assert "no answer within 0.2 s" in str(error)
    assert error.http_status == 504


async def test_another_protocol() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def greet() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"220 secret ESMTP\r\n")

        thread = threading.Thread(target=greet)
        thread.start()
        error = await refusal(table("http", url=f"http://127.0.0.1:{listener.getsockname()[1]}/"))
        thread.join()
    assert "does not answer" in str(error)
    assert error.http_status == 502


async def test_it_is_asked_through_its_egress() -> None:
    with answering(lambda asked: answer(URL)) as proxy:
        egress = f"http://127.0.0.1:{proxy.port}"
        found = await ask(table("http", url="http://resolver.invalid/resolve", egress=egress))
    assert found.url == URL
    assert [asked.target for asked in proxy.asked] == ["http://resolver.invalid/resolve"]


async def test_the_environment_chooses_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(lambda asked: Reply(500)) as proxy, answering(lambda asked: answer(URL)) as own:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        await ask(table("http", url=own.url))
    assert not proxy.asked


async def test_connections_are_kept() -> None:
    with answering(lambda asked: answer(URL)) as server:
        registry = Registry.from_settings(Settings(resolvers=[table("http", url=server.url)]))
        for _ in range(3):
            await registry.for_site("site.example").resolve(REQUEST)
        await registry.aclose()
    assert len({asked.client for asked in server.asked}) == 1


@pytest.mark.parametrize(
    ("options", "egress", "what"),
    [
        pytest.param({}, "", "url: is missing", id="no url"),
        pytest.param({"url": 1}, "", "url: needs text", id="number for a url"),
        pytest.param({"url": "unix:/a"}, "", "url: needs http", id="not http"),
        pytest.param({"url": "http://"}, "", "url: needs http", id="no host"),
        pytest.param({"url": "http://a:b"}, "", "url: is not a URL", id="malformed"),
        pytest.param({"url": "http://a", "uri": 1}, "", "uri: is unknown", id="typo"),
        pytest.param({"url": "http://a", "headers": 1}, "", "headers: needs", id="headers"),
        pytest.param(
            {"url": "http://a", "headers": {"A": "secret\n"}}, "", "headers: cannot", id="LF"
        ),
        pytest.param({"url": "http://a"}, "ftp://secret@b", "egress: needs", id="egress"),
    ],
)
def test_settings_that_cannot_be_used(options: dict[str, Any], egress: str, what: str) -> None:
    with pytest.raises(SettingsError, match=what) as caught:
        Registry.from_settings(Settings(resolvers=[table("http", egress=egress, **options)]))
    assert str(caught.value).startswith("[resolvers.mine] ")
    assert "secret" not in str(caught.value)
