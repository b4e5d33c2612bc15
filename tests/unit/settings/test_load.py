"""Who wins, and what a wrong key or value is told."""

import shlex
from datetime import timedelta
from pathlib import Path

import pytest

from strmctl.errors import SettingsError
from strmctl.settings.environment import NAMES
from strmctl.settings.load import Loaded, load
from strmctl.settings.model import Auth, Mode, Settings
from strmctl.settings.names import KEYS


def written(folder: Path, text: str) -> Path:
    file = folder / "strmctl.toml"
    file.write_text(text, encoding="utf-8")
    return file


def source_of(loaded: Loaded, key: str) -> str:
    return next(value.source for value in loaded.values if value.key == key)


def test_defaults_need_no_file(folder: Path) -> None:
    loaded = load(environ={})
    assert loaded.file is None
    assert loaded.settings.library == folder / "library"
    assert loaded.settings.serve == Settings().serve
    assert {value.source for value in loaded.values} == {"default"}
    assert [value.key for value in loaded.values] == list(KEYS)


def test_each_layer_wins_over_the_one_below(folder: Path) -> None:
    file = written(folder, "[serve]\nport = 1\n")
    environ = {"STRMCTL_SERVE_PORT": "2"}
    assert load(file, {}, {}).settings.serve.port == 1
    assert source_of(load(file, {}, {}), "serve.port") == str(file)
    assert load(file, {}, environ).settings.serve.port == 2
    assert source_of(load(file, {}, environ), "serve.port") == "env STRMCTL_SERVE_PORT"
    assert load(file, {"serve.port": "3"}, environ).settings.serve.port == 3
    assert source_of(load(file, {"serve.port": "3"}, environ), "serve.port") == "flag"


def test_the_settings_file_is_looked_for_in_order(folder: Path) -> None:
    (folder / "config" / "strmctl").mkdir(parents=True)
    platform = written(folder / "config" / "strmctl", 'library = "platform"')
    environ = {"XDG_CONFIG_HOME": str(folder / "config")}
    assert load(environ=environ).file == platform
    here = written(folder, 'library = "here"')
    assert load(environ=environ).file == here
    named = folder / "named.toml"
    named.write_text('library = "named"')
    assert load(environ=environ | {"STRMCTL_CONFIG": str(named)}).file == named
    flag = folder / "flag.toml"
    flag.write_text('library = "flag"')
    assert load(flag, environ={"STRMCTL_CONFIG": str(named)}).file == flag


def test_relative_paths_count_from_where_they_are_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "etc").mkdir()
    (folder / "cwd").mkdir()
    file = written(folder / "etc", 'library = "media"\n[proxy]\nsecret_file = "/abs/key"\n')
    monkeypatch.chdir(folder / "cwd")
    settings = load(file, {}, {}).settings
    assert settings.library == folder / "etc" / "media"
    assert settings.database == folder / "etc" / "strmctl.db"
    assert settings.proxy.secret_file == Path("/abs/key")
    assert load(file, {"database": "x.db"}, {}).settings.database == folder / "cwd" / "x.db"
    environ = {"STRMCTL_LIBRARY": "lib"}
    assert load(file, {}, environ).settings.library == folder / "cwd" / "lib"


def test_every_key_has_a_variable() -> None:
    assert NAMES["STRMCTL_LIBRARY"] == "library"
    assert NAMES["STRMCTL_PROXY_PUBLIC_BASE_URL"] == "proxy.public_base_url"
    assert sorted(NAMES.values()) == sorted(KEYS)


@pytest.mark.parametrize(
    ("environ", "key", "expected"),
    [
        pytest.param({"STRM_PROXY_MODE": "direct"}, "proxy.mode", Mode.DIRECT, id="mode"),
        pytest.param(
            {"STRM_PUBLIC_BASE_URL": "https://tv.example"},
            "proxy.public_base_url",
            "https://tv.example",
            id="base-url",
        ),
        pytest.param({"STRM_PROXY_AUTH": "token"}, "proxy.auth", Auth.HMAC, id="auth-token"),
        pytest.param({"STRM_PROXY_AUTH": "apikey"}, "proxy.auth", Auth.API_KEY, id="auth-apikey"),
        pytest.param({"STRM_PROXY_AUTH": "none"}, "proxy.auth", Auth.NONE, id="auth-none"),
        pytest.param({"STRM_PROXY_SECRET": "s" * 20}, "proxy.secret", ("s" * 20,), id="secret"),
        pytest.param(
            {"STRM_PROXY_UPSTREAM_ALLOWLIST": "NAS.local, 192.168.1.0/24"},
            "upstream.allow",
            ("nas.local", "192.168.1.0/24"),
            id="allowlist",
        ),
        pytest.param(
            {"STRM_PROXY_CACHE_TTL_SECONDS": "90"},
            "proxy.cache_ttl",
            timedelta(seconds=90),
            id="cache-ttl",
        ),
        pytest.param(
            {"STRM_PROXY_MODE": "direct", "STRMCTL_PROXY_MODE": "redirect"},
            "proxy.mode",
            Mode.REDIRECT,
            id="our-name-wins",
        ),
        pytest.param({"STRMCTL_PROXY_MODE": ""}, "proxy.mode", Mode.PROXY, id="empty-is-not-set"),
        pytest.param({"STRM_SOMETHING_ELSE": "x"}, "proxy.mode", Mode.PROXY, id="not-ours"),
    ],
)
def test_variables(folder: Path, environ: dict[str, str], key: str, expected: object) -> None:
    values = {value.key: value.value for value in load(environ=environ).values}
    assert values[key] == expected


def test_resolver_tables(folder: Path) -> None:
    file = written(
        folder,
        '[resolvers.ani-world]\nsites = ["aniworld.to", "s.to"]\ntype = "http"\n'
        'url = "http://127.0.0.1:9000/r"\nheaders = {X-Token = "t"}\n'
        '[resolvers.rest]\nsites = "*"\ntype = "template"\nurl = "http://nas/{slug}"\n',
    )
    first, rest = load(file, {}, {}).settings.resolvers
    assert (first.name, first.sites, first.type) == ("ani-world", ("aniworld.to", "s.to"), "http")
    assert first.timeout == timedelta(seconds=30)
    assert first.options == {"url": "http://127.0.0.1:9000/r", "headers": {"X-Token": "t"}}
    assert rest.sites == ("*",)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        pytest.param('"./a.py --x"', ["{folder}/./a.py", "--x"], id="text"),
        pytest.param("""'"bin/a b.py" x/y'""", ["{folder}/bin/a b.py", "x/y"], id="quoted"),
        pytest.param('["bin/a b.py", "./c"]', ["{folder}/bin/a b.py", "./c"], id="list"),
        pytest.param('"python3 ./a.py"', ["python3", "./a.py"], id="a bare name"),
        pytest.param('"/opt/a.py"', ["/opt/a.py"], id="absolute"),
        pytest.param('["~/a.py"]', ["~/a.py"], id="at home"),
    ],
)
def test_a_resolver_s_program_lies_beside_the_settings(
    folder: Path, monkeypatch: pytest.MonkeyPatch, command: str, words: list[str]
) -> None:
    (folder / "it's here").mkdir()
    text = f'[resolvers.a]\nsites = ["a"]\ntype = "command"\ncommand = {command}\n'
    file = written(folder / "it's here", text)
    monkeypatch.chdir("/")
    [table] = load(file, {}, {}).settings.resolvers
    found = table.options["command"]
    split = shlex.split(found) if isinstance(found, str) else found
    assert split == [word.format(folder=file.parent) for word in words]


def test_notify_tables(folder: Path) -> None:
    file = written(folder, '[notify.tv]\ntype = "kodi"\nurl = "http://127.0.0.1:8080/jsonrpc"\n')
    [told] = load(file, {}, {"STRMCTL_NOTIFY_TV_TOKEN": "user:pass"}).settings.notify
    assert (told.name, told.type, told.token, told.library) == ("tv", "kodi", "user:pass", "")
    assert "pass" not in repr(told)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param('tokem = "x"', "unknown key; did you mean 'token'?", id="unknown key"),
        pytest.param(
            "zork = 1", "unknown key; it takes type, url, token, library, ca", id="like no other"
        ),
        pytest.param('url = "ftp://a"', "it takes an http:// or https:// URL", id="no web URL"),
        pytest.param('token = "ä"', "= ***: it takes a secret of visible ASCII", id="no ASCII"),
    ],
)
def test_a_wrong_notify_table(folder: Path, text: str, told: str) -> None:
    start = "" if text.startswith("url") else 'url = "http://a"\n'
    file = written(folder, f'[notify.tv]\ntype = "kodi"\n{start}{text}\n')
    with pytest.raises(SettingsError, match=r"notify\.tv") as refused:
        load(file, {}, {})
    assert str(refused.value).endswith(told)


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("1", True), ("False", False), ("0", False)],
    ids=["true", "1", "False", "0"],
)
def test_a_switch_in_the_environment(folder: Path, text: str, value: bool) -> None:
    loaded = load(None, {}, {"STRMCTL_MAINTAIN_ENABLED": text})
    assert loaded.settings.maintain.enabled is value


def test_a_switch_is_true_or_false(folder: Path) -> None:
    with pytest.raises(SettingsError, match=r"'perhaps': it takes true \| false"):
        load(None, {}, {"STRMCTL_MAINTAIN_ENABLED": "perhaps"})


def test_variables_reach_resolvers(folder: Path) -> None:
    file = written(
        folder, '[resolvers.ani-world]\nsites = ["a"]\ntype = "http"\nurl = "http://a"\n'
    )
    environ = {
        "STRMCTL_RESOLVERS_ANI_WORLD_TIMEOUT": "2m",
        "STRMCTL_RESOLVERS_ANI_WORLD_EGRESS": "socks5://gluetun:1080",
        "STRMCTL_RESOLVERS_ANI_WORLD_URL": "http://b",
        "STRMCTL_RESOLVERS_NEW_SITES": "x,y",
        "STRMCTL_RESOLVERS_NEW_TYPE": "http",
    }
    first, new = load(file, {}, environ).settings.resolvers
    assert first.timeout == timedelta(minutes=2)
    assert first.egress == "socks5://gluetun:1080"
    assert first.options == {"url": "http://b"}
    assert (new.name, new.sites, new.type) == ("new", ("x", "y"), "http")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param('librari = "x"', "unknown key 'librari'; did you mean 'library'?", id="typo"),
        pytest.param(
            "[proxy]\nmoed = 1",
            "unknown key 'proxy.moed'; did you mean 'proxy.mode'?",
            id="in-table",
        ),
        pytest.param(
            "[porxy]\nmode = 1", "unknown key 'porxy'; did you mean 'proxy'?", id="unknown-table"
        ),
        pytest.param("zork = 1", "known are library, database and the tables proxy, ", id="none"),
        pytest.param("[zork]\na = 1", "and the tables proxy, serve, ", id="no-such-table"),
        pytest.param("[safety]\nzork = 1", "; [safety] takes max_change", id="none-in-table"),
        pytest.param("[resolver.x]", "did you mean 'resolvers'?", id="table-of-tables"),
        pytest.param("port = 1", "did you mean 'serve.port'?", id="outside-its-table"),
        pytest.param("proxy = 1", "proxy is a table: write [proxy]", id="not-a-table"),
        pytest.param("[resolvers]\na = 1", "resolvers.a is a table", id="resolver-not-a-table"),
        pytest.param('[proxy]\nmode = "x"', "proxy | redirect | direct", id="choice"),
        pytest.param("[serve]\nport = 70000", "serve.port = 70000", id="port"),
        pytest.param("[serve]\nport = true", "a port from 0 to 65535", id="port-bool"),
        pytest.param("[serve]\nworkers = 0", "a whole number from 1", id="count"),
        pytest.param('[probe]\nwindow = "ten"', 'a duration such as "10s"', id="duration"),
        pytest.param("[upstream]\nread_timeout = 0", "above 0", id="zero-timeout"),
        pytest.param('[upstream]\nplaylist_max = "1XB"', "a size such as", id="size"),
        pytest.param('[upstream]\nallow = ["10.0.0.0/99"]', "CIDR", id="allow"),
        pytest.param('[upstream]\negress = "ftp://x"', "socks5h://", id="egress"),
        pytest.param('[upstream]\negress = "socks5://u:p\u00e4@x"', "ASCII", id="egress-letters"),
        pytest.param('[upstream]\negress = "socks5h://u:%C3%A4@x"', "ASCII", id="egress-coded"),
        pytest.param(f'[upstream]\negress = "socks5://u:{256 * "p"}@x"', "255", id="egress-long"),
        pytest.param("[safety]\nmax_change = 1.5", "a share from 0 to 1", id="share"),
        pytest.param("library = 3", "a path", id="path"),
        pytest.param('[proxy]\npublic_base_url = "x.example"', "http://", id="base-url"),
        pytest.param('[proxy]\npublic_base_url = "http://x/?a=1"', "query", id="base-url-query"),
        pytest.param('[probe]\ncanaries = ["x"]', "http(s) URLs", id="canaries"),
        pytest.param("a = [", "not TOML", id="syntax"),
        pytest.param("\n\nx\n", "line 3", id="syntax-line"),
        pytest.param('[resolvers.a]\nsites = ["x"]', "resolvers.a.type is missing", id="required"),
        pytest.param('[resolvers."a.b"]\ntype = "http"', "letters, digits", id="resolver-name"),
    ],
)
def test_what_is_wrong_is_one_line_with_the_file(folder: Path, text: str, told: str) -> None:
    file = written(folder, text)
    with pytest.raises(SettingsError) as caught:
        load(file, {}, {})
    message = str(caught.value)
    assert message.startswith(str(file))
    assert told in message
    assert "\n" not in message


def test_a_place_that_cannot_be_looked_at_holds_no_file(folder: Path) -> None:
    """As the home of another user, which `su` leaves in HOME: stat(2) fails with EACCES there."""
    beyond = f"/{'x' * 300}"
    for name in ("HOME", "XDG_CONFIG_HOME"):
        assert load(environ={name: beyond}).file is None
    with pytest.raises(SettingsError, match="no such settings file"):
        load(Path(beyond), environ={})


def test_a_missing_file_that_was_asked_for(folder: Path) -> None:
    with pytest.raises(SettingsError, match=r"nope\.toml: no such settings file"):
        load(folder / "nope.toml", {}, {})
    with pytest.raises(SettingsError, match="no such settings file"):
        load(environ={"STRMCTL_CONFIG": "gone.toml"})


def test_a_variable_that_names_nothing(folder: Path) -> None:
    with pytest.raises(SettingsError, match="STRMCTL_SERVE_PROT names no setting; did you mean"):
        load(environ={"STRMCTL_SERVE_PROT": "1"})


@pytest.mark.parametrize(
    ("environ", "secret"),
    [
        pytest.param({"STRMCTL_UPSTREAM_EGRESS": "ftp://u:hunter2@x"}, "hunter2", id="egress"),
        pytest.param(
            {"STRMCTL_PROXY_PUBLIC_BASE_URL": "http://u:hunter2@x/"}, "hunter2", id="userinfo"
        ),
        pytest.param(
            {"STRMCTL_PROXY_PUBLIC_BASE_URL": "http://x/?t=hunter2"}, "hunter2", id="query"
        ),
    ],
)
def test_a_bad_value_does_not_give_a_secret_away(
    folder: Path, environ: dict[str, str], secret: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        load(environ=environ)
    assert secret not in str(caught.value)
    assert next(iter(environ)) in str(caught.value)


def test_secrets_are_masked_and_out_of_repr(folder: Path) -> None:
    file = written(
        folder,
        '[proxy]\nsecret = "hunter2-hunter2-x"\n[upstream]\negress = "http://u:hunter2@gate:1"\n'
        '[resolvers.a]\nsites = ["*"]\ntype = "http"\nurl = "http://u:hunter2@h/r?k=hunter2"\n'
        'command = ["prog", "--token", "hunter2"]\n'
        'api_token = "hunter2"\nheaders = {Referer = "hunter2"}\nretries = 3\n'
        '[probe]\ncanaries = ["https://h/alive?k=hunter2"]\n',
    )
    loaded = load(file, {}, {})
    shown = {value.key: value.shown for value in loaded.values}
    assert "hunter2" not in repr(loaded)
    assert "hunter2" not in repr(shown)
    assert shown["upstream.egress"] == "http://***@gate:1"
    assert shown["resolvers.a.url"] == "http://***@h/r?***"
    assert shown["resolvers.a.command"] == ["prog", "--token", "***"]
    assert shown["resolvers.a.retries"] == 3
    assert shown["probe.canaries"] == ["https://h/alive?***"]


@pytest.mark.parametrize(
    "name",
    [
        "STRMCTL_PORT",
        "STRMCTL_PORT_8888_TCP",
        "STRMCTL_PORT_8888_TCP_ADDR",
        "STRMCTL_SERVICE_HOST",
        "STRMCTL_SERVICE_PORT_HTTP",
    ],
)
def test_what_containers_say_about_a_service_is_no_setting(folder: Path, name: str) -> None:
    assert load(environ={name: "tcp://10.0.0.1:8888"}).settings == load(environ={}).settings
