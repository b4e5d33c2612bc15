"""The buttons are forms: what they do without the script, and for whom they do nothing."""

import re

import httpx
import pytest

from system.page.scene import SITE, Scene


def test_a_refresh_leads_to_its_job_and_back_to_a_live_link(
    client: httpx.Client, scene: Scene
) -> None:
    [mapping_id] = scene.series("no-script")
    answer = client.post("/begin", data={"do": "refresh", "id": str(mapping_id)})
    assert answer.status_code == 303
    job = re.fullmatch(r"job\?id=(\d+)", answer.headers["location"])
    assert job
    page = client.get("/" + answer.headers["location"])
    assert page.status_code == 200
    assert scene.wait_for_job(client, int(job[1]))["state"] == "succeeded"
    assert scene.state(mapping_id) == "alive"
    assert "refreshed" in client.get("/" + answer.headers["location"]).text
    assert "Refreshed" in client.get(f"/mapping?id={mapping_id}").text
    assert f"id={job[1]}" in client.get("/jobs").text


@pytest.mark.parametrize("where", ["mapping?id={id}", "series?site={site}&slug=no-script-box"])
def test_a_refresh_brings_sidecars_where_the_box_is_ticked(
    client: httpx.Client, scene: Scene, where: str
) -> None:
    [mapping_id] = scene.series("no-script-box")
    page = client.get("/" + where.format(id=mapping_id, site=SITE)).text
    assert '<input type="checkbox" name="sidecars" value="1">' in page
    form = {"do": "refresh", "id": str(mapping_id)}
    for more in ({"sidecars": "1"}, {}):
        location = client.post("/begin", data={**form, **more}).headers["location"]
        job = scene.wait_for_job(client, int(location.partition("=")[2]))
        assert ("--sidecars" in str(job["arguments"])) is bool(more)


def test_a_series_is_probed_and_the_probe_cancelled(client: httpx.Client, scene: Scene) -> None:
    scene.series("no-script-series", 3)
    scene.site.open.clear()
    try:
        form = {"do": "refresh", "site": SITE, "series": "no-script-series", "season": "1"}
        location = client.post("/begin", data=form).headers["location"]
        job_id = int(location.partition("=")[2])
        assert client.get(f"/api/v1/jobs/{job_id}").json()["total"] == 3
        text = client.get(f"/{location}").text
        assert 'http-equiv="refresh"' in text
        assert f'data-job="{job_id}"' in client.get("/library").text
        answer = client.post("/cancel", data={"id": str(job_id)})
        assert answer.headers["location"] == location
        assert scene.wait_for_job(client, job_id)["state"] == "cancelled"
    finally:
        scene.site.open.set()


@pytest.mark.parametrize(
    "form",
    [
        pytest.param({"do": "refresh"}, id="nothing is selected"),
        pytest.param({"do": "remove", "id": "1"}, id="another command"),
        pytest.param({"id": "1"}, id="no command"),
        pytest.param({"do": "probe", "state": "odd"}, id="no such state"),
        pytest.param({"do": "probe", "id": "1 or 1"}, id="no number"),
        pytest.param({"do": "probe", "id": "1" * 70_000}, id="too long"),
        pytest.param({"do": "probe", "site": "a\x00b"}, id="what no command can be told"),
    ],
)
def test_forms_that_no_button_sends(client: httpx.Client, form: dict[str, str]) -> None:
    assert client.post("/begin", data=form).status_code == 400


def test_a_value_that_looks_like_an_option_is_none(client: httpx.Client, scene: Scene) -> None:
    form = {"do": "probe", "series": "--all", "site": "--deep"}
    location = client.post("/begin", data=form).headers["location"]
    job = scene.wait_for_job(client, int(location.partition("=")[2]))
    assert (job["state"], job["done"]) == ("succeeded", 0)


@pytest.mark.parametrize("path", ["/begin", "/cancel", "/login", "/logout"])
@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"Sec-Fetch-Site": "cross-site"}, id="as browsers say it today"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, id="from a sister site"),
        pytest.param({"Origin": "https://evil.example"}, id="as older browsers say it"),
        pytest.param({"Origin": "null"}, id="from a sandboxed frame"),
    ],
)
def test_cross_site_posts_are_refused(
    client: httpx.Client, scene: Scene, path: str, fields: dict[str, str]
) -> None:
    jobs = client.get("/api/v1/jobs").json()["items"]
    form = {"do": "refresh", "state": "dead", "id": "1", "token": "x"}
    assert client.post(path, data=form, headers=fields).status_code == 403
    assert client.get("/api/v1/jobs").json()["items"] == jobs


def test_a_braked_refresh_can_be_forced(client: httpx.Client, scene: Scene) -> None:
    [last] = scene.series("all-before")
    scene.series("too-many", max(150, last), state="alive")
    form = {"do": "refresh", "site": SITE, "series": "too-many"}
    location = client.post("/begin", data=form).headers["location"]
    job = scene.wait_for_job(client, int(location.partition("=")[2]))
    assert job["exit_code"] == 25
    text = client.get(f"/{location}").text
    assert "safety.max_change" in text
    assert "Do it all the same" in text
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]+)"', text))
    assert fields == {"site": SITE, "series": "too-many", "force": "1"}
