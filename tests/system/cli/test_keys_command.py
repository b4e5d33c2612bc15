"""`keys`: a rotation loses no file, shows no key, and leaves a file that only its owner reads."""

from pathlib import Path

import pytest

from stage.command_line import Ended, Strmctl

ROWS = "site,slug,language\na.to,one,de\na.to,two,de\n"


@pytest.fixture
def shelf(strmctl: Strmctl, library: Path) -> Path:
    """A library folder of two films."""
    strmctl("write", "--from", "-", "-q", stdin=ROWS)
    return library / "library"


@pytest.fixture
def key(library: Path) -> Path:
    return library / "strmctl.key"


@pytest.mark.usefixtures("shelf")
def test_a_rotation(strmctl: Strmctl, library: Path, key: Path) -> None:
    secret = key.read_text().strip()
    [old] = _uses(strmctl("keys", "list", "--json"))
    assert old["state"] == "signs"
    assert old["files"] == 2

    added = strmctl("keys", "add", "--json").document
    assert added == {"type": "key", "id": added["id"], "state": "signs", "files": 0}
    new = added["id"]
    assert _uses(strmctl("keys", "list", "--json")) == [
        added,
        {**old, "state": "verifies"},
    ]
    ended = strmctl("keys", "retire", old["id"], code=25)
    assert f"2 files signed with {old['id']}: run `strmctl rewrite`" in ended.err
    strmctl("rewrite")
    assert strmctl("keys", "retire", old["id"], "--json").document["id"] == old["id"]

    assert _uses(strmctl("keys", "list", "--json")) == [{**added, "files": 2}]
    assert secret not in key.read_text()
    assert key.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in library.iterdir() if "key" in path.name) == [key.name]
    assert strmctl("rewrite").err == "2 unchanged\n"
    assert not new.startswith("-")


@pytest.mark.usefixtures("library")
def test_one_file_is_one_file(strmctl: Strmctl) -> None:
    strmctl("write", "--site", "a.to", "--slug", "one", "--language", "de")
    [old] = _uses(strmctl("keys", "list", "--json"))
    strmctl("keys", "add")
    refused = strmctl("keys", "retire", old["id"], code=25).err
    assert f": 1 file signed with {old['id']}: " in refused
    assert f" {old['id']}: 1 file signed with it, " in strmctl("doctor", code=10).out


@pytest.mark.usefixtures("shelf")
def test_no_key_is_ever_shown(strmctl: Strmctl, key: Path) -> None:
    ends = [
        strmctl("keys", action, *more)
        for more in ((), ("--json",), ("-vv",))
        for action in ("add", "list")
    ]
    secrets = key.read_text().split()
    assert len(secrets) == 4
    assert not any(secret in ended.out + ended.err for ended in ends for secret in secrets)


def test_as_a_table(strmctl: Strmctl, shelf: Path) -> None:
    (shelf / "x.strm").write_text(
        "http://h/strm/stream?site=a.to&slug=x&lang=de&sig=abcdefgh.abc\n"
    )
    signs, unknown = strmctl("keys", "list").out.splitlines()
    assert signs.split("\t")[1:] == ["signs", "2"]
    assert unknown == "abcdefgh\tunknown\t1"


@pytest.mark.usefixtures("shelf")
def test_comments_and_other_keys_stay(strmctl: Strmctl, key: Path) -> None:
    first = key.read_text().strip()
    key.write_text(f"\ufeff# mine\r\n\r\n{first}\r\n# older\r\nan-older-key-of-mine\r\n")
    new = strmctl("keys", "add", "--json").document["id"]
    comment, blank, added, *rest = key.read_text().splitlines()
    assert (comment, blank, rest) == ("# mine", "", [first, "# older", "an-older-key-of-mine"])
    strmctl("keys", "retire", new, "--force")
    assert added not in key.read_text()
    assert key.read_text().splitlines() == ["# mine", "", *rest]


@pytest.mark.usefixtures("shelf")
def test_a_key_that_all_know_before_it_signs(strmctl: Strmctl, key: Path) -> None:
    [old] = _uses(strmctl("keys", "list", "--json"))
    before = key.read_text()
    new = strmctl("keys", "add", "--verify-only", "--json").document
    assert (new["state"], new["files"]) == ("verifies", 0)
    # A file of 0.1.0 reads the same way: the first line signs.
    assert key.read_text().startswith(before)
    assert _uses(strmctl("keys", "list", "--json")) == [old, new]
    assert strmctl("rewrite").err == "2 unchanged\n"

    promoted = strmctl("keys", "promote", new["id"], "--json").document
    assert promoted == {**new, "state": "signs"}
    assert _uses(strmctl("keys", "list", "--json")) == [promoted, {**old, "state": "verifies"}]
    assert key.read_text().splitlines()[1:] == before.splitlines()
    assert key.stat().st_mode & 0o777 == 0o600
    assert strmctl("rewrite").err == "2 rewritten\n"
    strmctl("keys", "retire", old["id"])
    assert _uses(strmctl("keys", "list", "--json")) == [{**promoted, "files": 2}]


@pytest.mark.usefixtures("shelf")
def test_what_signs_already_is_promoted_to_nothing_new(strmctl: Strmctl, key: Path) -> None:
    new = strmctl("keys", "add", "--json").document["id"]
    before = key.stat()
    assert strmctl("keys", "promote", new).out == f"{new} signs from now on\n"
    assert key.stat().st_mtime_ns == before.st_mtime_ns


@pytest.mark.usefixtures("shelf")
def test_the_key_that_signs_is_not_retired(strmctl: Strmctl, key: Path) -> None:
    [old] = _uses(strmctl("keys", "list", "--json"))
    new = strmctl("keys", "add", "--verify-only", "--json").document["id"]
    before = key.read_text()
    ended = strmctl("keys", "retire", old["id"], code=25)
    assert f"{old['id']} is the key that signs" in ended.err
    assert "`strmctl keys promote ID`" in ended.err
    assert key.read_text() == before
    strmctl("keys", "promote", new)
    strmctl("rewrite")
    strmctl("keys", "retire", old["id"])
    assert len(key.read_text().split()) == 1


@pytest.mark.usefixtures("shelf")
def test_promoting_leaves_comments_and_order(strmctl: Strmctl, key: Path) -> None:
    first = key.read_text().strip()
    key.write_text(f"\ufeff# mine\r\n{first}\r\n\r\nan-older-key-of-mine\r\na-key-of-last-year\r\n")
    *_, older, oldest = _uses(strmctl("keys", "list", "--json"))
    strmctl("keys", "promote", older["id"])
    assert key.read_text().splitlines() == [
        "# mine",
        "an-older-key-of-mine",
        first,
        "",
        "a-key-of-last-year",
    ]
    strmctl("keys", "promote", oldest["id"])
    assert key.read_text().splitlines()[1] == "a-key-of-last-year"


@pytest.mark.usefixtures("shelf")
def test_the_doctor_says_which_keys_are_known(strmctl: Strmctl) -> None:
    [old] = _uses(strmctl("keys", "list", "--json"))
    new = strmctl("keys", "add", "--verify-only", "--json").document["id"]
    # Nobody resolves its site, which is another finding.
    known = [{"id": old["id"], "state": "signs"}, {"id": new, "state": "verifies"}]
    assert strmctl("doctor", "--json", code=10).records[-1]["keys"] == known
    assert f"keys: {old['id']} signs, {new} verifies\n" in strmctl("doctor", code=10).err
    strmctl("keys", "retire", new)
    assert "keys:" not in strmctl("doctor", code=10).err
    assert f"keys: {old['id']} signs\n" in strmctl("doctor", "-v", code=10).err


@pytest.mark.usefixtures("shelf")
def test_the_last_key_stays(strmctl: Strmctl, key: Path) -> None:
    before = key.read_text()
    [use] = _uses(strmctl("keys", "list", "--json"))
    for force in ((), ("--force",)):
        ended = strmctl("keys", "retire", use["id"], *force, code=25)
        assert "is the last key" in ended.err
    assert key.read_text() == before


@pytest.mark.usefixtures("shelf")
def test_a_leaked_key_is_retired_at_once(strmctl: Strmctl) -> None:
    [old] = _uses(strmctl("keys", "list", "--json"))
    strmctl("keys", "add")
    strmctl("keys", "retire", old["id"], "--force")
    assert [(use["state"], use["files"]) for use in _uses(strmctl("keys", "list", "--json"))] == [
        ("signs", 0),
        ("unknown", 2),
    ]
    strmctl("rewrite")
    assert [use["files"] for use in _uses(strmctl("keys", "list", "--json"))] == [2]


@pytest.mark.usefixtures("shelf")
def test_with_api_keys(strmctl: Strmctl, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRM_PROXY_AUTH", "api_key")
    strmctl("rewrite")
    [use] = _uses(strmctl("keys", "list", "--json"))
    assert (use["state"], use["files"]) == ("signs", 2)


@pytest.mark.usefixtures("shelf")
def test_a_key_file_behind_a_link(strmctl: Strmctl, library: Path, key: Path) -> None:
    real = library / "secrets" / "key"
    real.parent.mkdir()
    key.rename(real)
    key.symlink_to(real)
    strmctl("keys", "add")
    assert key.is_symlink()
    assert len(real.read_text().split()) == 2


@pytest.mark.parametrize(
    ("environment", "arguments", "code", "message"),
    [
        pytest.param({}, ("turn",), 2, "list|retire': 'turn' is not one", id="no such action"),
        pytest.param({}, ("retire",), 2, "retire takes the id", id="retire what"),
        pytest.param({}, ("promote",), 2, "promote takes the id", id="promote what"),
        pytest.param({}, ("add", "x"), 2, "the others take none", id="add what"),
        pytest.param({}, ("list", "--verify-only"), 2, "belongs to add", id="verify only what"),
        pytest.param({}, ("promote", "nobodys"), 12, "no such key: nobodys", id="promote nobody's"),
        pytest.param(
            {"STRM_PROXY_SECRET": "a-key-in-the-environment"},
            ("add", "--verify-only"),
            3,
            "proxy.secret holds the keys",
            id="add to keys in the settings",
        ),
        pytest.param({}, ("retire", "nobodys"), 12, "no such key: nobodys", id="no such key"),
        pytest.param(
            {"STRM_PROXY_SECRET": "a-key-in-the-environment"},
            ("add",),
            3,
            "proxy.secret holds the keys",
            id="keys in the settings",
        ),
        pytest.param({"STRM_PROXY_AUTH": "none"}, ("list",), 3, "no key is used", id="no keys"),
        pytest.param(
            {"STRMCTL_LIBRARY": "nowhere"}, ("list",), 12, "library is not there", id="no library"
        ),
    ],
)
@pytest.mark.usefixtures("shelf")
def test_refused(
    strmctl: Strmctl,
    key: Path,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    arguments: tuple[str, ...],
    code: int,
    message: str,
) -> None:
    before = key.read_text()
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    ended = strmctl("keys", *arguments, code=code)
    assert message in ended.err
    assert ended.err.count("\n") == 1
    assert key.read_text() == before


@pytest.mark.usefixtures("shelf")
def test_a_key_file_that_cannot_be_replaced(strmctl: Strmctl, key: Path) -> None:
    key.unlink()
    key.symlink_to("/proc/self/environ")
    ended = strmctl("keys", "add", code=3)
    assert "cannot be replaced" in ended.err
    assert ended.err.count("\n") == 1


def _uses(ended: Ended) -> list[dict[str, object]]:
    *uses, summary = ended.records
    assert summary == {"type": "summary", "count": len(uses)}
    return uses
