"""People are told what needs them, each thing once, by a real SMTP server and a real endpoint."""

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stage.mailbox import Mailbox, json_mailbox, smtp_mailbox
from stage.strmctl import Strmctl, new_strmctl
from strmctl.domain.identity import Identity
from strmctl.domain.resolver_health import ResolverHealth
from strmctl.services.alerting.alerting import alert_people
from strmctl.settings.model import NotifySettings, NotifyType, Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.tables.alerts import Troubles
from strmctl.storage.tables.mappings import Mappings, Registration
from strmctl.storage.tables.resolver_health import ResolverHealthTable

SECRET = "s3cr3t-token"
NOW = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)
EPISODES = [Identity("a.to", "series-05", "German", 1, number) for number in range(1, 49)]


@pytest.fixture(params=[smtp_mailbox, json_mailbox], ids=["smtp", "json"])
def mailbox(request: pytest.FixtureRequest) -> Iterator[Mailbox]:
    with request.param(SECRET) as mailbox:
        yield mailbox


@pytest.fixture
def endpoint() -> Iterator[Mailbox]:
    with json_mailbox(SECRET) as mailbox:
        yield mailbox


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with Database.open(tmp_path / "strmctl.db") as database:
        Mappings(database).register(
            [Registration(each, f"{number}.strm") for number, each in enumerate(EPISODES)]
        )
        yield database


def settings_for(database: Database, *boxes: Mailbox) -> Settings:
    tables = [
        NotifySettings(f"me{number}", NotifyType.APPRISE, box.url)
        for number, box in enumerate(boxes)
    ]
    return Settings(database=database.path, people=tables)


def sql(database: Database, statement: str, *values: object) -> None:
    with database.transaction() as connection:
        connection.execute(statement, values)


def die(
    database: Database, ids: list[int], reason: str = "the resolver says: no such episode"
) -> None:
    detail = json.dumps({"from": "suspect", "to": "dead", "reason": reason})
    for mapping_id in ids:
        sql(database, "UPDATE strm_mapping SET state = 'dead' WHERE id = ?", mapping_id)
        sql(
            database,
            "INSERT INTO event (mapping_id, kind, detail) VALUES (?, 'probed', ?)",
            mapping_id,
            detail,
        )


def test_newly_dead_links_are_one_digest(database: Database, mailbox: Mailbox) -> None:
    settings = settings_for(database, mailbox)
    die(database, [1])
    assert alert_people(settings, database, NOW) == [], "what was dead before is no news"
    die(database, list(range(2, 49)))
    alert_people(settings, database, NOW)
    assert mailbox.messages == [
        (
            "strmctl: 47 links are dead",
            "series-05: 47 episodes dead, the resolver says: no such episode",
        )
    ]
    alert_people(settings, database, NOW + timedelta(hours=1))
    assert len(mailbox.messages) == 1


def test_an_egress_is_told_down_and_back(database: Database, mailbox: Mailbox) -> None:
    settings = settings_for(database, mailbox)
    Troubles(database).open("egress", "", "the egress http://gluetun:8888 is down", NOW)
    alert_people(settings, database, NOW)
    alert_people(settings, database, NOW + timedelta(hours=1))
    assert mailbox.titles == ["strmctl: egress down"]
    assert "gluetun:8888 is down (since 2026-11-22 23:00 UTC)" in mailbox.messages[0][1]
    sql(
        database, "UPDATE strm_mapping SET last_probed_at = '2026-11-23T01:00:00.000Z' WHERE id = 1"
    )
    alert_people(settings, database, NOW + timedelta(hours=2))
    assert mailbox.messages[1:] == [("strmctl: egress works again", "the egress works again")]


def test_a_resolver_is_told_failing_and_recovered(database: Database, mailbox: Mailbox) -> None:
    settings = settings_for(database, mailbox)
    health = ResolverHealthTable(database)
    failing = ResolverHealth("aniworld", None, 3, NOW, "resolver 'aniworld': answers 502")
    health.add([failing])
    assert alert_people(settings, database, NOW) == [], "three failures are no trouble yet"
    health.add([failing])
    alert_people(settings, database, NOW)
    assert mailbox.messages == [
        (
            "strmctl: resolver failing",
            "resolver aniworld: 6 failures in a row, since 2026-11-22 23:00 UTC: answers 502",
        )
    ]
    health.add([ResolverHealth("aniworld", NOW)])
    assert alert_people(settings, database, NOW + timedelta(minutes=5)) == []
    alert_people(settings, database, NOW + timedelta(minutes=10))
    assert mailbox.messages[1:] == [
        ("strmctl: resolver works again", "resolver aniworld works again")
    ]


@pytest.mark.parametrize(
    ("kind", "title"),
    [
        pytest.param("brake", "strmctl: a safety limit stopped a run", id="brake"),
        pytest.param("disk", "strmctl: disk full", id="disk full"),
    ],
)
def test_other_troubles_are_told_once(
    kind: str, title: str, database: Database, endpoint: Mailbox
) -> None:
    settings = settings_for(database, endpoint)
    troubles = Troubles(database)
    troubles.open(kind, "probe", "why", NOW)
    for hour in range(3):
        alert_people(settings, database, NOW + timedelta(hours=hour))
    assert endpoint.titles == [title]
    troubles.close(kind, "probe")
    alert_people(settings, database, NOW + timedelta(hours=4))
    troubles.open(kind, "probe", "again", NOW)
    alert_people(settings, database, NOW + timedelta(hours=5))
    assert endpoint.titles == [title, title]


def test_a_kind_is_told_every_ten_minutes_at_most(database: Database, endpoint: Mailbox) -> None:
    settings = settings_for(database, endpoint)
    alert_people(settings, database, NOW)
    for minute in range(31):
        die(database, [minute + 1])
        alert_people(settings, database, NOW + timedelta(minutes=minute))
    assert [title.split()[1] for title in endpoint.titles] == ["1", "10", "10", "10"]


def test_maintenance_that_failed_is_told_with_its_reason(
    database: Database, endpoint: Mailbox
) -> None:
    settings = settings_for(database, endpoint)
    for code, cause in ((1, "maintain"), (12, "maintain"), (1, "page")):
        sql(
            database,
            "INSERT INTO job (command, arguments, cause, state, owner, message, exit_code,"
            " created_at, finished_at) VALUES ('probe', ?, ?, 'failed', 'x', 'unexpected KeyError',"
            " ?, '2026-11-22T22:59:00.000Z', '2026-11-22T23:00:00.000Z')",
            json.dumps([f"--{cause}", str(code)]),
            cause,
            code,
        )
    alert_people(settings, database, NOW)
    assert endpoint.messages == [
        ("strmctl: maintenance failed", "probe --maintain 1: unexpected KeyError")
    ]


def test_what_is_muted_is_not_told(database: Database, endpoint: Mailbox) -> None:
    settings = settings_for(database, endpoint)
    alert_people(settings, database, NOW)
    sql(database, "UPDATE strm_mapping SET muted_until = '9999-12-31T23:59:59.000Z'")
    die(database, [1, 2])
    assert alert_people(settings, database, NOW) == []


def test_what_cannot_be_sent_is_sent_later_and_others_get_theirs(
    database: Database, endpoint: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    with json_mailbox(SECRET) as other:
        settings = settings_for(database, endpoint, other)
        alert_people(settings, database, NOW)
        die(database, [1])
        Troubles(database).open("brake", "probe", "why", NOW)
        endpoint.status = 503
        with caplog.at_level(logging.DEBUG):
            alert_people(settings, database, NOW)
        assert (len(endpoint.messages), len(other.messages)) == (0, 2)
        assert "notify.me0: not sent: it answers 503" in caplog.text
        assert SECRET not in caplog.text
        endpoint.status = 200
        assert alert_people(settings, database, NOW + timedelta(seconds=30)) == []
        alert_people(settings, database, NOW + timedelta(seconds=61))
        assert sorted(endpoint.messages) == sorted(other.messages)


@pytest.fixture
def strmctl(tmp_path: Path, endpoint: Mailbox) -> Strmctl:
    strmctl = new_strmctl(tmp_path / "strmctl", "http://127.0.0.1:9/resolve")
    with (strmctl.folder / "strmctl.toml").open("a") as settings:
        settings.write(f'\n[notify.me]\ntype = "apprise"\nurl = "{endpoint.url}"\n')
    return strmctl


def test_doctor_sends_a_test(strmctl: Strmctl, endpoint: Mailbox) -> None:
    run = strmctl.run("doctor", "--json")
    assert endpoint.titles == ["strmctl: a test"]
    assert '"a test message was sent"' in run.stdout
    endpoint.status = 401
    run = strmctl.run("doctor")
    assert "notify me: notify.me: not sent: it answers 401" in run.stdout
    assert SECRET not in run.stdout + run.stderr


def test_a_run_without_its_egress_tells_people(strmctl: Strmctl, endpoint: Mailbox) -> None:
    strmctl.write("show", "--url", "https://cdn.test/film.mp4")
    environ = {"STRMCTL_UPSTREAM_EGRESS": "http://127.0.0.1:9"}
    assert strmctl.run("probe", "--all", environ=environ).returncode == 13
    assert endpoint.titles == ["strmctl: egress down"]
    assert strmctl.run("probe", "--all", environ=environ).returncode == 13
    assert len(endpoint.messages) == 1


@pytest.mark.parametrize(
    "url",
    [
        pytest.param(f"tgram://{SECRET}/12345", id="a token as host"),
        pytest.param(f"mailto://me:{SECRET}@made.up", id="a password"),
        pytest.param(f"ntfys://made.up/{SECRET}", id="a topic"),
        pytest.param(f"https://discord.com/api/webhooks/1?key={SECRET}", id="a query"),
    ],
)
def test_no_command_shows_the_url(url: str, strmctl: Strmctl) -> None:
    run = strmctl.run("config", "--json", environ={"STRMCTL_NOTIFY_ME_URL": url})
    assert run.returncode == 0, run.stderr
    assert "notify.me.url" in run.stdout
    assert SECRET not in run.stdout + run.stderr


@pytest.mark.parametrize(
    ("kind", "url", "code"),
    [
        pytest.param("apprise", "no url", 3, id="none at all"),
        pytest.param("jellyfin", f"tgram://{SECRET}/1", 3, id="a media server's is HTTP"),
    ],
)
def test_a_bad_url_is_one_line(kind: str, url: str, code: int, strmctl: Strmctl) -> None:
    environ = {"STRMCTL_NOTIFY_ME_URL": url, "STRMCTL_NOTIFY_ME_TYPE": kind}
    run = strmctl.run("list", environ=environ)
    assert (run.returncode, len(run.stderr.splitlines())) == (code, 1)
    assert "STRMCTL_NOTIFY_ME_URL" in run.stderr
    assert SECRET not in run.stderr


def test_a_service_that_apprise_does_not_know_is_found_by_doctor(strmctl: Strmctl) -> None:
    run = strmctl.run("doctor", environ={"STRMCTL_NOTIFY_ME_URL": f"nosuch://{SECRET}"})
    assert "notify.me.url is no URL that Apprise knows" in run.stdout
    assert SECRET not in run.stdout + run.stderr
