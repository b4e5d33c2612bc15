"""Who watches, what is in force and what the log says: shown to whoever runs the server."""

import json
import re
import secrets
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import httpx
import pytest

from stage.strmctl import Strmctl, new_strmctl
from stage.waiting import until
from system.page.scene import Scene
from system.page.site import SECRET, Site

HIDDEN = "hidden-in-the-settings"


@pytest.fixture(scope="module")
def own(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Strmctl]:
    """With secrets of every kind in its settings."""
    strmctl = new_strmctl(tmp_path_factory.mktemp("server") / "strmctl", f"{site.url}/resolve")
    with (strmctl.folder / "strmctl.toml").open("a") as settings:
        settings.write(
            f'headers = {{ Authorization = "Bearer {HIDDEN}" }}\n'
            f'[resolvers.other]\nsites = ["other.site"]\ntype = "stremio"\n'
            f'url = "https://addon.example/{HIDDEN}/manifest.json"\n'
            f'egress = "socks5h://user:{HIDDEN}@127.0.0.1:9"\n'
            f'[notify.jelly]\ntype = "jellyfin"\nurl = "http://127.0.0.1:9"\ntoken = "{HIDDEN}"\n'
            f'[notify.us]\ntype = "apprise"\nurl = "ntfy://{HIDDEN}"\n'
            f'[arr.sonarr]\nurl = "http://127.0.0.1:9"\nkey = "{HIDDEN}"\n'
        )
    with strmctl.serving():
        yield strmctl


def test_settings_in_force_without_secrets(own: Strmctl) -> None:
    answer = httpx.get(f"{own.base_url}/settings")
    text = unescape(answer.text)
    assert answer.status_code == 200
    assert HIDDEN not in text
    for key in ("proxy.public_base_url", "resolvers.other.egress", "arr.sonarr.key", "library"):
        assert f"<code>{key}</code>" in text
    assert own.base_url in text
    assert "resolver <bdi>other</bdi>" in text
    assert "egress <bdi>direct</bdi>" in text
    named = set(re.findall(r"<dt><code>([^<]+)</code>", text))
    listed = own.run("config", "--format", "json")
    if listed.returncode:
        listed = own.run("config", "--json")
    keys = set(re.findall(r'"key": ?"([^"]+)"', listed.stdout))
    assert {it for it in keys if it.split(".")[0] not in ("resolvers", "arr")} <= named


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["proxy", "redirect", "direct"])
def test_97_a_link_s_page_says_what_the_mode_cannot_do(
    site: Site, tmp_path: Path, mode: str
) -> None:
    strmctl = new_strmctl(tmp_path / "strmctl", f"{site.url}/resolve")
    row = {"site": "made.up", "slug": "x", "language": "de", "url": f"{site.url}/x.mp4"}
    headers = {"Referer": "https://a/", "X-Own": "1"}
    environ = {"STRM_PROXY_MODE": mode}
    rows = json.dumps({**row, "headers": headers})
    assert strmctl.run("write", "--from", "-", stdin=rows, environ=environ).returncode == 0
    with strmctl.serving(environ=environ):
        text = unescape(httpx.get(f"{strmctl.base_url}/mapping?id=1").text)
    said = f"headers (Referer, X-Own) that players do not send in mode <code>{mode}</code>"
    assert (said in text) is (mode != "proxy")
    assert ("holds what this leads to" in text) is (mode == "direct")


def played(scene: Scene, client: httpx.Client) -> tuple[int, str]:
    """A link that has just been played, and the id of that request."""
    [mapping_id] = scene.series(f"watched-{secrets.token_hex(4)}", title=secrets.token_hex(4))
    url = client.get(f"/api/v1/mappings/{mapping_id}").json()["playback_url"]
    request = secrets.token_hex(6)
    answer = client.get(url, headers={"X-Request-Id": request})
    assert answer.status_code == 200
    return mapping_id, request


def test_a_stream_is_listed_with_its_viewer(client: httpx.Client, scene: Scene) -> None:
    mapping_id, _ = played(scene, client)

    def shown() -> str:
        text = client.get("/streams").text
        assert SECRET not in text
        return text.partition(f'href="mapping?id={mapping_id}"')[2].partition("</tr>")[0]

    until(lambda: "between two pieces" in shown(), "the answer has ended", 20)
    row = shown()
    assert "127.0.0.1" in row
    assert "2.0 kB" in row
    assert "/s</td>" in row


def test_what_is_being_sent_is_so(client: httpx.Client, scene: Scene) -> None:
    [mapping_id] = scene.series(f"held-{secrets.token_hex(4)}", title=secrets.token_hex(4))
    url = client.get(f"/api/v1/mappings/{mapping_id}").json()["playback_url"]

    def row() -> str:
        text = client.get("/streams").text
        return text.partition(f'href="mapping?id={mapping_id}"')[2].partition("</tr>")[0]

    with scene.client() as other, other.stream("GET", url) as answer:
        for _ in answer.iter_bytes():
            pass
    until(lambda: "between two pieces" in row(), "the answer has ended", 20)
    assert 'data-name="Heals">0<' in row()


def test_nobody_is_watching_at_first(own: Strmctl) -> None:
    assert "Nobody is watching" in httpx.get(f"{own.base_url}/streams").text


def test_the_log_of_one_request(client: httpx.Client, scene: Scene) -> None:
    mapping_id, request = played(scene, client)
    assert mapping_id
    # The line of a request is written when its answer has ended.
    until(
        lambda: f'href="log?request={request}"' in client.get("/log").text, "its line is there", 20
    )
    text = client.get("/log", params={"request": request}).text
    rows = re.findall(r'<tr>\s*<th scope="row">', text)
    assert rows
    assert len(rows) == text.count(f'href="log?request={request}"')
    assert SECRET not in text


def test_a_log_without_such_lines(client: httpx.Client) -> None:
    text = client.get("/log", params={"request": "<b>none", "level": "error"}).text
    assert "No matches" in text
    assert "<b>none" not in text


def test_levels_take_what_is_worse(client: httpx.Client) -> None:
    client.get("/strm/stream?site=x&sig=wrong")
    assert client.get("/log", params={"level": "nonsense"}).status_code == 200
    levels = re.findall(r'class="level is-\w+">(\w+)<', client.get("/log?level=warning").text)
    assert set(levels) <= {"warning", "error", "critical"}
