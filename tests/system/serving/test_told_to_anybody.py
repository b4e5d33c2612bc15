"""What is answered to anybody names no path of this machine; what is no text is refused."""

import httpx
import pytest
from msgspec.structs import replace

from stage.proxy import running_proxy
from stage.show import Show
from strmctl.settings.model import Settings


@pytest.mark.parametrize("path", ["/readyz", "play"])
def test_a_broken_database_is_answered_without_its_path(
    settings: Settings, show: Show, client: httpx.Client, path: str
) -> None:
    with running_proxy(settings) as proxy:
        settings.database.write_bytes(b"no database at all " * 5000)
        url = proxy.playback_url(show.slug) if path == "play" else f"{proxy.url}{path}"
        answer = client.get(url)
    assert str(settings.database.parent) not in answer.text
    assert "strmctl.db" not in answer.text


@pytest.mark.parametrize("name", ["eventType", "series", "instanceName"])
@pytest.mark.parametrize("hook", ["sonarr", "radarr"])
def test_half_a_surrogate_pair_is_no_text(
    settings: Settings, client: httpx.Client, hook: str, name: str
) -> None:
    payload = f'{{"eventType": "Rename", "{name}": "a\\ud83d"}}'
    with running_proxy(settings) as proxy:
        answer = client.post(
            f"{proxy.url}/api/v1/hooks/{hook}",
            content=payload.encode(),
            headers={"Content-Type": "application/json"},
        )
    assert answer.status_code in (200, 400, 422), answer.text


def test_wrong_tokens_are_logged_and_the_right_one_never_waits(
    settings: Settings, client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    settings = replace(settings, serve=replace(settings.serve, admin_token="t" * 20))
    with running_proxy(settings) as proxy:
        url = f"{proxy.url}/api/v1/stats"
        for _ in range(3):
            wrong = client.get(url, headers={"Authorization": "Bearer wrong"})
            assert wrong.status_code == 401
        right = client.get(url, headers={"Authorization": "Bearer " + "t" * 20})
        assert right.status_code == 200
    assert caplog.text.count("127.0.0.1 is not let in") == 3
    assert "wrong" not in caplog.text
