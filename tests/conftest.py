"""What every test may use: a clean environment, and the command line as a function."""

import gc
import io
import os
import signal
import sys
from collections.abc import Generator, Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import hypothesis
import pytest

from stage.command_line import Ended, Strmctl
from stage.strmctl import initialise
from strmctl.cli.frame.ending import run_to_the_end

# A shell starts what it puts into the background with SIGINT ignored, and so would be started
# whatever the tests start and then interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The command is started some thousand times, and each start would compile it again where the
# surroundings let Python keep no bytecode; so would each worker compile all tests.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# How long an example takes says more of the machine than of the code. A change is judged by the
# same examples wherever it is tested; `make explore` looks for others.
patient = hypothesis.settings(
    deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.register_profile("strmctl", patient, derandomize=True)
hypothesis.settings.register_profile("explore", patient, print_blob=True)
hypothesis.settings.load_profile("strmctl")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--long", action="store_true", help="also more cases of the same kinds, and longer ones"
    )


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Ten thousand tests are made and none is thrown away: whoever looks for garbage among them,
    now or during each test, finds nothing and takes a third of the time of collecting them."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What may take longest begins first, so that no worker is left alone with it in the end."""
    if not config.getoption("--long"):
        config.hook.pytest_deselected(items=[item for item in items if _is_long(item)])
        items[:] = [item for item in items if not _is_long(item)]
    items.sort(key=_longest_it_may_take, reverse=True)


def _is_long(item: pytest.Item) -> bool:
    return item.get_closest_marker("long") is not None


def _longest_it_may_take(item: pytest.Item) -> float:
    limit = item.get_closest_marker("timeout")
    return float(limit.args[0]) if limit else 0.0


@pytest.fixture(scope="session")
def is_long(pytestconfig: pytest.Config) -> bool:
    """Whether the tests are run with `--long`, as `make test-long` does."""
    return bool(pytestconfig.getoption("--long"))


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("STRM_", "STRMCTL_")) or name == "NO_COLOR":
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", "/nonexistent")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def strmctl(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Strmctl]:
    """Run a command line in this process and a new working folder; the exit code is checked."""
    hook, on_sigterm = sys.excepthook, signal.getsignal(signal.SIGTERM)

    def run(*arguments: object, code: int = 0, stdin: str = "") -> Ended:
        out, err = io.StringIO(), io.StringIO()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode()), "utf-8"))
        with redirect_stdout(out), redirect_stderr(err):
            ended = run_to_the_end([str(argument) for argument in arguments])
        assert ended == code, f"exit code {ended}: {err.getvalue()}{out.getvalue()}"
        return Ended(ended, out.getvalue(), err.getvalue())

    yield run
    sys.excepthook = hook
    signal.signal(signal.SIGTERM, on_sigterm)


@pytest.fixture
def library(folder: Path) -> Path:
    """The working folder after `strmctl init`."""
    initialise(folder)
    return folder
