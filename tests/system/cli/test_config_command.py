"""`config` shows every value, its source, and no secret."""

from pathlib import Path

import pytest

from stage.command_line import Strmctl
from strmctl.settings.names import KEYS


def test_every_value_and_its_source(
    strmctl: Strmctl, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "strmctl.toml").write_text(
        '[proxy]\nmode = "redirect"\nsecret = "hunter2-hunter2-x"\n'
    )
    monkeypatch.setenv("STRMCTL_SERVE_PORT", "9000")
    shown = strmctl("config", "--json", "--database", "x.db")
    *settings, summary = shown.records
    by_key = {record["key"]: (record["value"], record["source"]) for record in settings}
    assert list(by_key) == list(KEYS)
    assert by_key["proxy.mode"] == ("redirect", str(folder / "strmctl.toml"))
    assert by_key["serve.port"] == (9000, "env STRMCTL_SERVE_PORT")
    assert by_key["database"] == (str(folder / "x.db"), "flag")
    assert by_key["probe.window"] == ("10m", "default")
    assert "hunter2" not in shown.out
    assert summary == {
        "type": "summary",
        "settings": len(KEYS),
        "file": str(folder / "strmctl.toml"),
    }


def test_as_text_one_setting_a_line(strmctl: Strmctl) -> None:
    rows = [line.split("\t") for line in strmctl("config").out.splitlines()]
    assert [row[0] for row in rows] == list(KEYS)
    assert ["serve.port", "8888", "default"] in rows


def test_a_common_option_may_stand_first(strmctl: Strmctl, folder: Path) -> None:
    (folder / "other.toml").write_text("[serve]\nport = 1\n")
    first = strmctl("--config", "other.toml", "--json", "config").out
    assert first == strmctl("config", "--json", "--config", "other.toml").out
    assert '"key":"serve.port","value":1' in first


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        pytest.param('type = "nope"', "type", id="no such kind"),
        pytest.param('type = "http"', "url: is missing", id="a key is missing"),
        pytest.param(
            'type = "http"\nurl = "http://127.0.0.1/"\nfoo = 1',
            "foo: is unknown to type 'http', which knows url, headers",
            id="a key too many",
        ),
    ],
)
def test_a_resolver_that_cannot_be_used(
    strmctl: Strmctl, folder: Path, keys: str, told: str
) -> None:
    file = folder / "strmctl.toml"
    file.write_text(f'[resolvers.x]\nsites = ["*"]\n{keys}\n')
    ended = strmctl("config", code=3)
    assert ended.err.startswith(f"strmctl: {file}: [resolvers.x] {told}")
    assert ended.out == ""
