"""tests/again.py takes a test that passes alone, and no other."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

AGAIN = Path(__file__).parents[1] / "again.py"

TESTS = """\
import os
import pytest

@pytest.mark.parametrize("number", range(4))
def test_beside_others(number):
    assert number >= {beside} or "PYTEST_XDIST_WORKER" not in os.environ

def test_always():
    assert not {broken}
"""


@pytest.mark.parametrize(
    ("most", "beside", "broken", "code", "shown"),
    [
        pytest.param(0, 0, False, 0, "", id="all pass"),
        pytest.param(0, 1, False, 1, "", id="none may fail"),
        pytest.param(2, 2, False, 0, "Failed beside others, passed alone:", id="two pass alone"),
        pytest.param(2, 3, False, 1, "", id="one too many"),
        pytest.param(2, 1, True, 1, "Once more, alone:", id="one fails again"),
    ],
)
def test_what_failed_beside_others(
    tmp_path: Path, most: int, beside: int, broken: bool, code: int, shown: str
) -> None:
    (tmp_path / "test_some.py").write_text(TESTS.format(beside=beside, broken=broken))
    kept = tmp_path / ".pytest_cache/v/cache/lastfailed"
    kept.parent.mkdir(parents=True)
    kept.write_text('{"test_of_an_earlier_run.py::test": true}')
    pytest_itself = Path(sys.executable).with_name("pytest")
    command = [sys.executable, str(AGAIN), str(most), str(pytest_itself), "-n", "2", "-q"]
    # What runs this test says there that it is one of several.
    environ = {name: text for name, text in os.environ.items() if not name.startswith("PYTEST_")}
    ended = subprocess.run(
        [*command, "-c", os.devnull, "--rootdir", "."],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environ,
        check=False,
    )
    assert ended.returncode == code, ended.stdout
    assert shown in ended.stdout
    assert "earlier" not in ended.stdout
    assert ("Once more" in ended.stdout) == (shown != "")
