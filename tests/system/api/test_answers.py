"""Whoever asks wrongly is told how, in one form; who may not ask is told nothing else."""

import gzip
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest

from stage.arr import payload
from stage.strmctl import Strmctl
from stage.upstream import Upstream
from stage.waiting import until
from system.api.site import TOKEN, Site, new_site, running

OPEN = ("/healthz", "/readyz", "/openapi.json")
GUARDED = ("/mappings", "/mappings/1", "/mappings/1/events", "/jobs", "/stats", "/events", "/keys")
POSTED = ("/mappings", "/refresh", "/probe", "/jobs/1/cancel", "/hooks/sonarr")


def api(strmctl: Strmctl, headers: Mapping[str, str] | None = None) -> httpx.Client:
    """Without the token."""
    return httpx.Client(
        base_url=f"{strmctl.base_url}/api/v1",
        headers=headers,
        trust_env=False,
        verify=False,
        timeout=30,
    )


def check_problem(response: httpx.Response, status: int) -> None:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["cache-control"] == "no-store"
    document = response.json()
    assert document["status"] == status
    assert {"type", "title", "detail"} <= set(document)


@pytest.mark.parametrize("path", OPEN)
def test_open_to_everybody(site: Site, path: str) -> None:
    with api(site.strmctl) as client:
        assert client.get(path).status_code == 200


@pytest.mark.parametrize("path", GUARDED)
def test_guarded(site: Site, path: str) -> None:
    with api(site.strmctl) as client:
        response = client.get(path)
    check_problem(response, 401)
    assert response.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("path", POSTED)
@pytest.mark.parametrize(
    "content", [pytest.param(b"{}", id="a body"), pytest.param(b"{", id="no JSON")]
)
def test_nothing_is_read_of_those_who_may_not(site: Site, path: str, content: bytes) -> None:
    with api(site.strmctl, {"Content-Type": "application/json"}) as client:
        check_problem(client.post(path, content=content), 401)


@pytest.mark.parametrize("path", POSTED)
def test_no_page_of_another_site_starts_anything(site: Site, path: str) -> None:
    headers = {"Sec-Fetch-Site": "cross-site"}
    check_problem(site.client.post(path, json={"all": True}, headers=headers), 403)
    check_problem(site.client.delete("/mappings/1", headers=headers), 403)


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize("sender", ["sonarr", "radarr"])
def test_a_webhook_s_address_may_end_with_a_slash(site: Site, sender: str, method: str) -> None:
    content = payload(f"{sender}-test")
    answer = site.client.request(method, f"/hooks/{sender}/", json=content)
    assert answer.json()["event"] == "Test", answer.text
    check_problem(site.client.get(f"/hooks/{sender}/"), 405)
    check_problem(site.client.request(method, f"/hooks/{sender}//", json=content), 404)
    with api(site.strmctl) as client:
        check_problem(client.request(method, f"/hooks/{sender}/", json=content), 401)


def test_basic_is_enough_for_senders_that_know_nothing_else(site: Site) -> None:
    with api(site.strmctl) as client:
        assert client.get("/stats", auth=("sonarr", TOKEN)).status_code == 200
        assert client.get("/stats", auth=(TOKEN, "")).status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        pytest.param("GET", "/nothing", 404, id="unknown"),
        pytest.param("GET", "/mappings/", 404, id="a slash more"),
        pytest.param("GET", "/mappings/98765", 404, id="unknown mapping"),
        pytest.param("GET", "/mappings/first", 422, id="no number"),
        pytest.param("GET", "/mappings/0", 422, id="no id"),
        pytest.param("GET", f"/mappings/{2**63}", 422, id="larger than any"),
        pytest.param("POST", "/hooks/lidarr", 422, id="an unknown sender"),
        pytest.param("POST", "/hooks/%0Asonarr", 404, id="a line break in it"),
        pytest.param("PUT", "/mappings", 405, id="a method that is none"),
        pytest.param("PATCH", "/openapi.json", 405, id="of the document"),
        pytest.param("OPTIONS", "/refresh", 405, id="nothing is told to other origins"),
    ],
)
def test_every_error_is_a_problem(site: Site, method: str, path: str, status: int) -> None:
    response = site.client.request(method, path)
    check_problem(response, status)
    assert "access-control-allow-origin" not in response.headers
    assert "location" not in response.headers


def test_what_a_path_allows_is_told(site: Site) -> None:
    assert site.client.put("/mappings").headers["allow"] == "GET, POST"
    assert site.client.put("/mappings/1").headers["allow"] == "DELETE, GET, PATCH"


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        pytest.param(b'{"all":', "application/json", id="cut off"),
        pytest.param(b"\xff", "application/json", id="no text"),
        pytest.param(b"[]", "application/json", id="a list"),
        pytest.param(b"null", "application/json", id="null"),
        pytest.param(b'{"all": true}', "text/plain", id="as text, as a form of another site would"),
        pytest.param(b'{"all": true}', None, id="as nothing"),
        pytest.param(b"all=true", "application/x-www-form-urlencoded", id="a form"),
        pytest.param(b'{"series": "\\ud800"}', "application/json", id="half a character"),
        pytest.param(b"[" * 100_000, "application/json", id="deep"),
    ],
)
def test_a_body_that_is_none(site: Site, content: bytes, media_type: str | None) -> None:
    headers = {} if media_type is None else {"Content-Type": media_type}
    response = site.client.post("/refresh", content=content, headers=headers)
    check_problem(response, response.status_code)
    assert response.status_code in (400, 422)
    assert not site.get("/jobs")["items"]


JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("fields", "content", "advice"),
    [
        pytest.param({"Content-Type": "text/plain"}, b"{}", "application/json", id="as text"),
        pytest.param({}, b"{}", "application/json", id="as nothing"),
        pytest.param(
            JSON | {"Content-Encoding": "gzip"}, gzip.compress(b"{}"), "UTF-8", id="compressed"
        ),
        pytest.param(JSON, '{"x": "\u00e4"}'.encode("latin-1"), "UTF-8", id="another charset"),
    ],
)
def test_what_cannot_be_read_is_answered_with_how_to_send_it(
    site: Site, fields: dict[str, str], content: bytes, advice: str
) -> None:
    response = site.client.post("/hooks/sonarr", content=content, headers=fields)
    check_problem(response, response.status_code)
    assert advice in response.json()["detail"]


@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_body_of_more_than_a_mebibyte(site: Site, is_chunked: bool) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(17):
            yield b" " * 65536

    content = chunks() if is_chunked else b"".join(chunks())
    headers = {"Content-Type": "application/json"}
    check_problem(site.client.post("/refresh", content=content, headers=headers), 413)


def test_no_error_repeats_a_secret(site: Site) -> None:
    secret = "https://cdn.example/film?token=never-tell"
    new = {"site": "made.up", "slug": "x", "language": "de", "url": secret}
    for wrong in ({"year": secret}, {"season": 1}, {"url": f"ftp:{secret}"}):
        response = site.client.post("/mappings", json={**new, **wrong})
        assert response.status_code in (400, 422)
        assert "never-tell" not in response.text
    assert "never-tell" not in site.server.log.read_text()


def test_the_log_names_the_operation_alone(site: Site) -> None:
    site.client.get("/mappings", params={"q": "whisper"})
    site.client.get("/mappings/31337")
    log = site.server.log
    until(lambda: "/api/v1/mappings/{mapping_id} -> 404" in log.read_text(), "the last is logged")
    lines = log.read_text()
    assert "GET /api/v1/mappings -> 200" in lines
    assert "whisper" not in lines
    assert "31337" not in lines


def test_sonarr_is_heard(site: Site) -> None:
    told = site.post("/hooks/sonarr", payload("sonarr-test"))
    assert (told["sender"], told["ignored"], told["files"]) == ("sonarr", True, [])
    told = site.post("/hooks/radarr", payload("radarr-movie-file-delete"))
    assert [file["outcome"] for file in told["files"]] == ["not_found"]
    assert site.post("/hooks/sonarr", {"hello": "world"}, 400)["detail"]
    # Their settings offer both methods.
    put = site.client.put("/hooks/radarr", json=payload("radarr-test"))
    assert (put.status_code, put.json()["event"]) == (200, "Test")


def test_92_a_large_event_is_taken(site: Site) -> None:
    """A rename of 1,000 files with long names; mappings and jobs stay below 1 MiB."""
    name = "x" * 600
    files = [{"path": f"/tv/{name}/{number:04}{name}.strm"} for number in range(4000)]
    told = site.post("/hooks/sonarr", {"eventType": "Rename", "renamedEpisodeFiles": files})
    assert len(told["files"]) == 4000
    too_large = {"eventType": "Rename", "padding": "x" * (17 * 2**20)}
    assert site.post("/hooks/sonarr", too_large, 413)["detail"]
    assert site.post("/refresh", {"all": True, "site": "x" * 2**20}, 413)["detail"]


def test_93_the_right_address_is_said(site: Site) -> None:
    told = site.post("/hooks/radarr", payload("sonarr-test"), 400)
    assert "/api/v1/hooks/sonarr" in told["detail"]
    told = site.post("/hooks/sonarr", payload("radarr-rename"), 400)
    assert "/api/v1/hooks/radarr" in told["detail"]


@pytest.fixture
def below_a_prefix(upstream: Upstream, tmp_path: Path) -> Iterator[Site]:
    strmctl = new_site(tmp_path / "strmctl", upstream)
    base_url = {"STRMCTL_PROXY_PUBLIC_BASE_URL": f"{strmctl.base_url}/tv-%C3%A9"}
    with running(strmctl, upstream, base_url) as site:
        yield site


def test_below_a_prefix_that_a_front_may_take_off(below_a_prefix: Site) -> None:
    site, base = below_a_prefix, below_a_prefix.strmctl.base_url
    for address in (f"{base}/api/v1", f"{base}/tv-%C3%A9/api/v1"):
        new = {"site": "made.up", "slug": address, "language": "de"}
        response = site.client.post(f"{address}/mappings", json=new)
        assert response.status_code == 201, response.text
        location = response.headers["location"]
        assert location.startswith("/tv-%C3%A9/api/v1/mappings/")
        assert site.client.get(f"{base}{location}").json()["slug"] == address
        document = json.loads(site.client.get(f"{address}/openapi.json").content)
        assert document["servers"] == [{"url": "/tv-%C3%A9/api/v1"}]


def test_a_prefix_without_its_slash_leads_to_the_page(below_a_prefix: Site) -> None:
    site, base = below_a_prefix, below_a_prefix.strmctl.base_url
    response = site.client.get(f"{base}/tv-%C3%A9")
    assert response.status_code == 307
    assert response.headers["location"] == "/tv-%C3%A9/"
    assert site.client.get(f"{base}{response.headers['location']}").status_code == 200
