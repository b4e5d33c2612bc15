"""The same library in other modes, with other proofs, and on small disks."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from stage.command_line import Strmctl
from system.doctor.well import UPSTREAM, Record, episode, replace_settings

Findings = Callable[..., list[Record]]

FILM = ("--site", "a.to", "--slug", "film", "--language", "de")
FIRST, SECOND = "https://cdn.test/first.mp4?token=1", "https://cdn.test/second.mp4?token=2"


@pytest.fixture
def film(strmctl: Strmctl, well: Path) -> Path:
    """A file of mode direct; the library holds nothing else."""
    strmctl("remove", "--series", "show")
    replace_settings(well, 'mode = "proxy"', 'mode = "direct"')
    strmctl("write", *FILM, "--url", FIRST)
    return well / "library" / "Film" / "Film.strm"


def checks(found: list[Record]) -> list[tuple[str, str, bool]]:
    return [(item["check"], item["subject"], item["fixed"]) for item in found]


def test_direct_is_well(findings: Findings, film: Path) -> None:
    assert film.read_text() == f"{FIRST}\n"
    assert findings(code=0) == []


def test_an_earlier_url_is_renewed(strmctl: Strmctl, findings: Findings, film: Path) -> None:
    strmctl("write", *FILM, "--url", SECOND)
    film.write_text(f"{FIRST}\n")
    assert checks(findings(code=10)) == [("outdated", "Film/Film.strm", False)]
    assert checks(findings("--fix", code=0)) == [("outdated", "Film/Film.strm", True)]
    assert film.read_text() == f"{SECOND}\n"
    assert findings(code=0) == []


def test_a_moved_file_is_known_by_its_url(findings: Findings, film: Path) -> None:
    film.rename(film.with_name("Renamed.strm"))
    assert checks(findings(code=10)) == [("moved", "Film/Renamed.strm", False)]
    assert checks(findings("--fix", code=0)) == [("moved", "Film/Renamed.strm", True)]
    assert findings(code=0) == []


def test_a_copy_is_a_duplicate(findings: Findings, film: Path) -> None:
    shutil.copy(film, film.with_name("Copy.strm"))
    for arguments in ([], ["--fix"]):
        assert checks(findings(*arguments, code=10)) == [("duplicate", "Film/Copy.strm", False)]


def test_a_url_of_somebody_else_is_not_touched(findings: Findings, film: Path) -> None:
    film.write_text("https://elsewhere.test/by-hand.mp4\n")
    for arguments in ([], ["--fix"]):
        assert checks(findings(*arguments, code=10)) == [("edited", "Film/Film.strm", False)]
    assert film.read_text() == "https://elsewhere.test/by-hand.mp4\n"


def test_from_direct_to_proxy_and_back(well: Path, findings: Findings, film: Path) -> None:
    for before, after in (("direct", "proxy"), ("proxy", "direct")):
        replace_settings(well, f'mode = "{before}"', f'mode = "{after}"')
        [found] = findings(code=10)
        assert found["check"] == "outdated"
        assert "proxy.mode" in found["reason"]
        findings("--fix", code=0)
        assert film.read_text().startswith(FIRST if after == "direct" else "http://127.0.0.1:")
        assert findings(code=0) == []


def test_another_api_key(strmctl: Strmctl, well: Path, findings: Findings) -> None:
    replace_settings(well, 'auth = "hmac"', 'auth = "api_key"')
    strmctl("rewrite")
    assert findings(code=0) == []
    (well / "strmctl.key").write_text("another-key-of-32-characters-or-so\n")
    assert {item["check"] for item in findings(code=10)} == {"outdated"}
    findings("--fix", code=0)
    assert findings(code=0) == []


def test_an_old_base_url_is_named(well: Path, findings: Findings) -> None:
    file = episode(well, 1)
    file.write_text(file.read_text().replace("127.0.0.1", "old.test"))
    [found] = findings(code=10)
    assert (found["check"], found["subject"]) == ("outdated", f"Show/Season 01/{file.name}")
    assert "public_base_url" in found["reason"]
    assert checks(findings("--fix", code=0)) == [("outdated", found["subject"], True)]
    assert findings(code=0) == []


def test_a_signature_that_was_changed_is_renewed(well: Path, findings: Findings) -> None:
    file = episode(well, 1)
    text = file.read_text()
    file.write_text(text[:-4] + ("AAA\n" if text[-4:] != "AAA\n" else "BBB\n"))
    [found] = findings(code=10)
    assert (found["check"], found["reason"]) == ("outdated", "its proof does not verify")
    findings("--fix", code=0)
    assert file.read_text() == text


def test_maintenance_that_would_come_too_late(well: Path, findings: Findings) -> None:
    replace_settings(well, "[maintain]\nenabled = false", "[maintain]\nenabled = true")
    assert findings(code=0) == []
    replace_settings(well, 'refresh_every = "15m"', 'refresh_every = "90m"')
    [found] = findings(code=3)
    assert (found["check"], found["subject"]) == ("maintain", "maintain.refresh_every")
    assert "links would end between two runs" in found["reason"]


def test_who_may_see_the_page_is_told(
    well: Path, findings: Findings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRMCTL_PROXY_PUBLIC_BASE_URL", "http://192.0.2.1:8888")
    assert ("page", "serve.admin_token", False) in checks(findings(code=10))
    monkeypatch.setenv("STRMCTL_SERVE_ADMIN_TOKEN", "long-and-random")
    assert "page" not in {check for check, _, _ in checks(findings(code=10))}


def test_what_is_being_written_right_now_is_no_leftover(well: Path, findings: Findings) -> None:
    file = well / "library" / "Show" / ".strmctl-0123456789abcdef-7.tmp"
    file.write_bytes(b"http")
    assert findings("--fix", code=0) == []
    assert file.exists()


def test_links_within_the_library_lead_nowhere_new(well: Path, findings: Findings) -> None:
    (well / "library" / "Again").symlink_to(well / "library" / "Show")
    (well / "library" / "Loop").symlink_to(well / "library")
    assert findings(code=0) == []


def test_a_folder_that_has_become_a_link_holds_no_copies(
    strmctl: Strmctl, well: Path, findings: Findings
) -> None:
    library = well / "library"
    (library / "Anime").mkdir()
    (library / "Show").rename(library / "Anime" / "Show")
    (library / "Show").symlink_to("Anime/Show")
    assert findings(code=0) == []
    steps = strmctl("import", library, "--json").records[:-1]
    assert {step["outcome"] for step in steps} == {"unchanged"}
    copy = library / "Copy.strm"
    shutil.copy(episode(well, 1), copy)
    assert checks(findings(code=10)) == [("duplicate", copy.name, False)]
    copy.unlink()
    (library / "Show").unlink()
    assert {check for check, _, _ in checks(findings(code=10))} == {"moved"}


def test_a_link_in_place_of_a_file(well: Path, findings: Findings) -> None:
    file = episode(well, 1)
    target = file.rename(file.with_name("Kept.strm"))
    file.symlink_to(target)
    for arguments in ([], ["--fix"]):
        found = findings(*arguments, code=10)
        assert ("edited", f"Show/Season 01/{file.name}", False) in checks(found)
    assert file.is_symlink()


def test_a_small_disk(well: Path) -> None:
    """Of 1 MiB, in a mount name space of its own."""
    mount = "mount -t tmpfs -o size=1m tmpfs library"
    (well / "library").rename(well / "before")
    (well / "library").mkdir()
    look = f"cp -r before/. library && '{sys.executable}' -m strmctl doctor --json"
    apart = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    try:
        subprocess.run([*apart, "sh", "-c", mount], cwd=well, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this user may not mount anything")
    ended = subprocess.run(
        [*apart, "sh", "-c", f"{mount} && {look}"], cwd=well, capture_output=True, check=False
    )
    assert ended.returncode == 10, ended.stderr
    [found, _] = map(json.loads, ended.stdout.splitlines())
    assert (found["check"], found["subject"]) == ("space", str(well / "library"))


def test_no_upstream_url_is_ever_told(strmctl: Strmctl, well: Path) -> None:
    """Whatever is wrong with the files that hold them."""
    replace_settings(well, 'mode = "proxy"', 'mode = "direct"')
    strmctl("rewrite")
    assert episode(well, 1).read_text() == f"{UPSTREAM}\n"
    episode(well, 1).rename(well / "library" / "Moved.strm")
    shutil.copy(episode(well, 2), well / "library" / "Copy.strm")
    episode(well, 3).write_text("ftp://cdn.test/x?token=hush-5up3rs3cret\n")
    replace_settings(well, 'mode = "direct"', 'mode = "proxy"')
    for arguments in ([], ["-v"], ["--json"], ["-vv", "--fix"]):
        ended = strmctl("doctor", *arguments, code=10)
        assert "cdn.test" not in ended.out + ended.err
        assert "5up3rs3cret" not in ended.out + ended.err
