"""Row 72: page and `stats` begin with what is wrong; nothing is green that is not well."""

import html
import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

import pytest

from stage.strmctl import new_strmctl
from system.page.scene import SITE, Scene
from system.page.site import Site

FAILED = "the library's disk is full: free some space"


@pytest.fixture
def fresh(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A server of its own with an empty library."""
    strmctl = new_strmctl(tmp_path_factory.mktemp("wrong") / "strmctl", f"{site.url}/resolve")
    with strmctl.serving():
        yield Scene(strmctl, site, strmctl.base_url)


def text_of(scene: Scene, path: str = "/") -> str:
    with scene.client() as client:
        page = client.get(path).text
    main = page[page.index("<main") : page.index("</main>")]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", main)).split())


def green_of(scene: Scene) -> list[str]:
    """The texts of what the style sheet paints as well."""
    with scene.client() as client:
        page = client.get("/").text
    return re.findall(r'<p class="(?:well|calm)">([^<]*)', page)


def sql(scene: Scene, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(scene.strmctl.folder / "strmctl.db")) as connection:
        connection.execute(statement, values)
        connection.commit()


def failed_run(scene: Scene, message: str | None = FAILED, state: str = "failed") -> None:
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.000Z}"
    sql(
        scene,
        "INSERT INTO job (command, arguments, cause, state, owner, message, exit_code, created_at,"
        " finished_at) VALUES ('refresh', ?, 'maintain', ?, 'x', ?, 1, ?, ?)",
        '["--expiring", "2h"]',
        state,
        message,
        now,
        now,
    )


def fail(scene: Scene, ids: list[int], state: str, reason: str) -> None:
    scene.set_state(ids, state)
    for mapping_id in ids:
        detail = json.dumps({"from": "alive", "to": state, "reason": reason})
        sql(
            scene,
            "INSERT INTO event (mapping_id, kind, detail) VALUES (?, 'probed', ?)",
            mapping_id,
            detail,
        )


def well(scene: Scene) -> None:
    """Probed just now, all of it."""
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.000Z}"
    sql(scene, "UPDATE strm_mapping SET last_probed_at = ?", now)


def stats_of(scene: Scene) -> list[str]:
    run = scene.strmctl.run("stats")
    assert run.returncode == 0, run.stderr
    return run.stdout.splitlines()


def test_72_what_is_not_known_and_what_failed_come_first(fresh: Scene) -> None:
    fresh.series("known", 11, state="alive")
    fresh.series("unknown", 89, state="unknown")
    failed_run(fresh)
    text = text_of(fresh)
    unknown, failed = text.index("89 links of 100 (89 %)"), text.index(FAILED)
    assert unknown < failed < text.index("known to play")
    assert "refresh --expiring 2h" in text[:failed]
    assert green_of(fresh) == []
    lines = stats_of(fresh)
    assert lines[0] == "89 of 100 links (89 %) unknown: no verdict yet"
    assert FAILED in lines[1]


def test_72_failing_links_are_grouped_with_their_reason(fresh: Scene) -> None:
    fresh.series("alive", 10, state="alive")
    gone = fresh.series("series-05", 48, title="series-05")
    fail(fresh, gone, "dead", "the resolver says: no such episode")
    well(fresh)
    line = "series-05: 48 episodes dead, the resolver says: no such episode"
    text = text_of(fresh)
    assert text.index(line) < text.index("known to play")
    assert green_of(fresh) == []
    assert stats_of(fresh)[0] == line


@pytest.mark.parametrize("state", ["suspect", "blocked", "throttled"])
def test_72_no_state_but_alive_is_called_well(state: str, fresh: Scene) -> None:
    fail(fresh, fresh.series("one", 2), state, "HTTP 403")
    well(fresh)
    assert f"one: 2 episodes {state}, HTTP 403" in text_of(fresh)
    assert green_of(fresh) == []


def test_72_a_run_that_was_interrupted_is_wrong_as_well(fresh: Scene) -> None:
    fresh.series("one", 2, state="alive")
    well(fresh)
    failed_run(fresh, "the server that ran it has ended", "interrupted")
    assert "was interrupted" in text_of(fresh)
    assert green_of(fresh) == []


def test_72_a_later_run_that_ends_well_takes_it_back(fresh: Scene) -> None:
    fresh.series("one", 2, state="alive")
    well(fresh)
    failed_run(fresh)
    failed_run(fresh, None, "succeeded")
    assert FAILED not in text_of(fresh)
    assert green_of(fresh)[0].startswith("All links are known to play")
    assert stats_of(fresh)[0].startswith("nothing:")


def test_72_what_is_muted_needs_no_attention(fresh: Scene) -> None:
    fail(fresh, fresh.series("one", 2), "dead", "HTTP 404")
    well(fresh)
    sql(fresh, "UPDATE strm_mapping SET muted_until = '9999-12-31T23:59:59.000Z'")
    text = text_of(fresh)
    assert "one: 2 episodes" not in text
    assert "Nothing needs attention: 2 muted links do not play." in text
    assert green_of(fresh) == []


def test_72_a_failed_job_says_why_in_its_first_line(fresh: Scene) -> None:
    failed_run(fresh)
    text = text_of(fresh, "/job?id=1")
    assert text.index(FAILED) < text.index("done")
    assert FAILED in text_of(fresh, "/jobs")


def test_72_a_job_whose_items_failed_says_so(fresh: Scene) -> None:
    rows = [{"site": "no.resolver", "slug": "x", "season": 1, "episode": n} for n in (1, 2)]
    ids = fresh.write(rows)
    with fresh.client() as own:
        started = own.post("/api/v1/refresh", json={"id": ids}).json()
        job = fresh.wait_for_job(own, int(started["id"]))
    assert job["state"] == "failed"
    assert str(job["message"]).startswith("2 of 2 failed: ")


def test_72_long_names_are_cut_in_the_middle(fresh: Scene) -> None:
    title = "An Extraordinarily Long Name Of A Series That Nobody Can Read Whole, Season One"
    fail(fresh, fresh.series("long", 1, title=title), "dead", "HTTP 404")
    found = re.search(r"An Extra\S*[^:]*…[^:]*Season One: 1 episode dead", text_of(fresh))
    assert found is not None
    assert SITE not in found[0]


def test_72_a_resolver_that_fails_is_not_called_well(fresh: Scene) -> None:
    fresh.series("one", 2, state="alive")
    well(fresh)
    assert green_of(fresh)[0].startswith("All links are known to play")
    sql(
        fresh,
        "INSERT INTO resolver_health (resolver, failures, failing_since, reason)"
        " VALUES ('made_up', 7, '2026-11-22T23:00:00.000Z', 'it answers 502')",
    )
    text = text_of(fresh)
    assert text.index("7 failures in a row, it answers 502") < text.index("known to play")
    assert green_of(fresh) == []
