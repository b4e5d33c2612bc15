"""The words for a server that did not answer, with the errors that a real client raises."""

import asyncio
import ssl

import httpx
import pytest

from strmctl.domain.http.unanswered import why_unanswered

NOBODY = "http://127.0.0.1:1/"


def failed(url: str) -> httpx.HTTPError:
    with pytest.raises(httpx.HTTPError) as raised:
        httpx.get(url, trust_env=False)
    return raised.value


async def failed_in_a_loop(url: str) -> httpx.HTTPError:
    async with httpx.AsyncClient(trust_env=False) as client:
        with pytest.raises(httpx.HTTPError) as raised:
            await client.get(url)
    return raised.value


def test_nobody_listens() -> None:
    assert why_unanswered(failed(NOBODY)) == "Connection refused"


def test_nobody_listens_says_asyncio_in_other_words() -> None:
    assert why_unanswered(asyncio.run(failed_in_a_loop(NOBODY))) == "Connection refused"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        pytest.param(OSError(113, "Connect call failed ('::1', 1)"), "No route to host", id="loop"),
        pytest.param(OSError(-2, "Name or service not known"), "Name or service", id="no name"),
        pytest.param(ExceptionGroup("", [OSError(111, "refused")]), "refused", id="many addresses"),
        pytest.param(httpx.ReadTimeout("https://u:hunter2@a"), "ReadTimeout", id="no words"),
        pytest.param(ssl.SSLError(1, "wrong version number"), "wrong version", id="TLS"),
    ],
)
def test_in_words(error: Exception, said: str) -> None:
    assert why_unanswered(error).startswith(said)
