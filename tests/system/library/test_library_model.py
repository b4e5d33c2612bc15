"""Whatever people, runs and crashes do to a library, its files and its rows agree again.

The model is the library itself: what a run may and may not do follows from how files and rows
were before it.
"""

import shutil
import tempfile
from contextlib import closing, suppress
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import settings as profile, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from stage.library_runs import PLANNERS, Crash, CrashingFiles, Snapshot
from strmctl.domain.change import Finding
from strmctl.domain.identity import Identity
from strmctl.domain.library import strm_text
from strmctl.domain.mapping import Mapping as Row
from strmctl.domain.selection import Selection
from strmctl.domain.urls import playback_url
from strmctl.domain.urls.playback_url import NoProof
from strmctl.errors import StrmctlError
from strmctl.services.changing.change_run import ChangeRun
from strmctl.services.changing.undo import undo
from strmctl.services.keys.playback_urls import PlaybackUrls
from strmctl.services.writing.batch import batches
from strmctl.services.writing.entry import entry
from strmctl.settings.model import ProxySettings, Settings
from strmctl.storage.database.connection import Database
from strmctl.storage.files.library_tree import strm_paths
from strmctl.storage.files.strm_file import LibraryFiles
from strmctl.storage.tables.journal import Journal
from strmctl.storage.tables.mappings import Mappings

EPISODES = [f"Show/Season 01/Show S01E{number:02}.strm" for number in (1, 2, 3)]
PATHS = st.sampled_from([*EPISODES, "Film (2001).strm", "New/Film (2001).strm", "New/x.strm"])
NUMBERS = st.sampled_from([1, 2, 3])
KEYS = st.sampled_from(["a" * 32, "b" * 32])

COMMANDS = st.sampled_from(sorted(PLANNERS))


class Library(RuleBasedStateMachine):
    @initialize(key=KEYS)
    def make(self, key: str) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.settings = self._settings(key)
        self.settings.library.mkdir()
        self.database = Database.open(self.settings.database)
        self._next_url = 0
        for number in (1, 2, 3):
            self.write(number, None, True)

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            self.database.close()
            shutil.rmtree(self.folder)

    # What people do

    @rule(number=NUMBERS, path=st.none() | PATHS, has_url=st.booleans())
    def write(self, number: int, path: str | None, has_url: bool) -> None:
        fields = {
            "site": "a.to", "slug": "show", "language": "de", "season": 1, "episode": number,
            "path": path, "url": self._url() if has_url else None,
        }  # fmt: skip
        with batches(self.settings) as opened:
            # What is in the way is told by tests/system/cli; here it only has to do no harm.
            with suppress(StrmctlError):
                opened.write_one(entry(fields))

    @rule(path=PATHS, comment=st.booleans())
    def put_a_foreign_file(self, path: str, comment: bool) -> None:
        self._put(path, ("# mine\n" if comment else "") + self._url())

    @rule(path=PATHS, number=NUMBERS)
    def put_a_playback_url(self, path: str, number: int) -> None:
        identity = Identity("a.to", "show", "de", 1, number)
        self._put(path, PlaybackUrls(self.settings).of(Row(0, identity, path)))

    @rule(path=PATHS, content=st.sampled_from(["", "\ufeff", "rtmp://a/b", "# only this"]))
    def put_rubbish(self, path: str, content: str) -> None:
        self._put(path, content)

    @rule(path=PATHS, spoilt=st.sampled_from(["\ufeff{}", "\r\n {}\r\n", "# mine\n{}"]))
    def spoil(self, path: str, spoilt: str) -> None:
        if (file := self._file(path)).exists():
            self._put(path, spoilt.format(file.read_text().strip("\ufeff")))

    @rule(old=PATHS, new=PATHS)
    def move(self, old: str, new: str) -> None:
        if self._file(old).exists():
            self._file(new).parent.mkdir(parents=True, exist_ok=True)
            self._file(old).rename(self._file(new))

    @rule(
        new=st.permutations([*EPISODES, "New/x.strm"]),
        count=st.integers(2, 4),
        fills=st.booleans(),
    )
    def rename_all(self, new: list[str], count: int, fills: bool) -> None:
        """At once, as when all episodes of a season are counted anew; a place may be filled."""
        contents = {
            target: self._file(path).read_bytes()
            for path, target in zip(EPISODES[:count], new, strict=False)
            if self._file(path).exists()
        }
        for path in EPISODES[:count]:
            self._file(path).unlink(missing_ok=True)
        for target, content in contents.items():
            self._file(target).parent.mkdir(parents=True, exist_ok=True)
            self._file(target).write_bytes(content)
        if fills and not self._file(EPISODES[0]).exists():
            self.put_a_foreign_file(EPISODES[0], comment=False)

    @rule(old=PATHS, new=PATHS)
    def copy(self, old: str, new: str) -> None:
        if self._file(old).exists() and old != new:
            self._put(new, self._file(old).read_text())

    @rule(path=PATHS)
    def delete(self, path: str) -> None:
        self._file(path).unlink(missing_ok=True)

    @rule(key=KEYS)
    def change_the_key(self, key: str) -> None:
        self.settings = self._settings(key)

    # What runs do

    @rule(command=COMMANDS)
    def run(self, command: str) -> None:
        before = self._snapshot()
        self._carry_out(command)
        self._lost_nothing(command, before)

    @rule(command=COMMANDS, batch=st.sampled_from([1, 2, 1000]))
    def run_and_undo(self, command: str, batch: int) -> None:
        before = self._snapshot()
        if self._carry_out(command, batch=batch):
            self._undo(batch=batch)
            assert self._snapshot() == before

    @rule(number=NUMBERS, path=st.none() | PATHS)
    def write_and_undo(self, number: int, path: str | None) -> None:
        before, last = self._snapshot(), self._last_run()
        self.write(number, path, True)
        if self._last_run() != last:
            self._undo()
            assert self._snapshot() == before

    @rule(
        command=COMMANDS,
        step=st.integers(1, 4),
        after=st.booleans(),
        batch=st.sampled_from([1, 2, 1000]),
    )
    def crash(self, command: str, step: int, after: bool, batch: int) -> None:
        """At a file; what the run would have done is done by the same run again."""
        before = self._snapshot()
        files = CrashingFiles(self.settings.library, step, after=after)
        try:
            self._carry_out(command, files, batch=batch)
        except Crash:
            self._reopen()
        self._lost_nothing(command, before)

    @rule(command=COMMANDS, step=st.integers(0, 3), again=st.booleans())
    def stop_and_undo(self, command: str, step: int, again: bool) -> None:
        """Between two changes; `again` stops the undo in the same way."""
        before, last = self._snapshot(), self._last_run()
        self._carry_out(command, stop_after=step, batch=1)
        self._reopen()
        stopped = self._last_run()
        if stopped == last:
            return
        if again:
            self._undo(stop_after=step, batch=1)
            self._reopen()
        if self._last_run() == stopped:
            self._undo()
        assert self._snapshot() == before

    # What must hold

    @rule()
    def agree(self) -> None:
        """One round of import, rewrite and prune, and another of import and rewrite for the files
        that found no place before prune: then no run finds anything to change."""
        for command in ("import", "overwrite", "prune", "import", "overwrite"):
            self._carry_out(command)
        self._check_agreement()
        before = self._snapshot(), self._mtimes()
        for command in PLANNERS:
            assert self._carry_out(command) == 0, command
        assert (self._snapshot(), self._mtimes()) == before

    @invariant()
    def nothing_is_left_over(self) -> None:
        if hasattr(self, "folder"):
            paths = {row.strm_path for row in self._snapshot().rows.values()}
            assert not any(path.startswith("/") for path in paths)

    def _check_agreement(self) -> None:
        now = self._snapshot()
        urls = PlaybackUrls(self.settings)
        for row in now.rows.values():
            assert row.strm_path in now.files, row
            assert strm_text.parse(now.files[row.strm_path]).url == urls.of(row)
        texts = map(strm_text.parse, now.files.values())
        named = (playback_url.identity_in(text.url or "") for text in texts)
        assert {identity for identity in named if identity} <= now.rows.keys()

    def _lost_nothing(self, command: str, before: Snapshot) -> None:
        """Only prune forgets rows and removes files, and only what has lost the other."""
        now = self._snapshot()
        for row in before.rows.values():
            if self._holds(row, before.files.get(row.strm_path)):
                assert now.rows[row.identity].strm_path == row.strm_path
        if command != "prune":
            assert now.rows.keys() >= before.rows.keys()
            assert now.files.keys() >= before.files.keys()
        else:
            forgotten = before.rows.keys() - now.rows.keys()
            assert not {before.rows[it].strm_path for it in forgotten} & before.files.keys()

    def _holds(self, row: Row, content: bytes | None) -> bool:
        url = strm_text.parse(content or b"").url or ""
        return playback_url.identity_in(url) == row.identity

    # The steps

    def _carry_out(
        self,
        command: str,
        files: LibraryFiles | None = None,
        *,
        batch: int = 1000,
        stop_after: int | None = None,
    ) -> int:
        """The number of changes planned; `stop_after` so many are done, the rest is not."""
        files = files or self._files()
        run = ChangeRun(self.database, files, command, limit=None, batch=batch)
        steps = run.plan(PLANNERS[command](self.settings, self.database, files))
        assert all(
            step.reason for step in steps if isinstance(step, Finding) and step.kind != "unchanged"
        )
        with closing(run.carry_out()) as done:
            assert [it.error for it in islice(done, stop_after) if it.error] == []
        return run.planned

    def _undo(self, *, batch: int = 1000, stop_after: int | None = None) -> None:
        with closing(undo(self.database, self._files(), NoProof(), batch=batch)) as done:
            assert [it.error for it in islice(done, stop_after) if it.error] == []

    def _reopen(self) -> None:
        self.database.close()
        self.database = Database.open(self.settings.database)

    def _snapshot(self) -> Snapshot:
        root = self.settings.library
        rows = Mappings(self.database).select(Selection())
        return Snapshot(
            {path: (root / path).read_bytes() for path in strm_paths(root)},
            {row.identity: row for row in rows},
        )

    def _mtimes(self) -> dict[str, int]:
        root = self.settings.library
        return {path: (root / path).stat().st_mtime_ns for path in strm_paths(root)}

    def _last_run(self) -> int | None:
        last = Journal(self.database).last()
        return None if last is None else last.id

    def _settings(self, key: str) -> Settings:
        return Settings(
            library=self.folder / "library",
            database=self.folder / "strmctl.db",
            proxy=ProxySettings(secret=(key,)),
        )

    def _files(self) -> LibraryFiles:
        return LibraryFiles(self.settings.library)

    def _file(self, path: str) -> Path:
        return self.settings.library / path

    def _put(self, path: str, content: str) -> None:
        self._file(path).parent.mkdir(parents=True, exist_ok=True)
        self._file(path).write_text(content)

    def _url(self) -> str:
        self._next_url += 1
        return f"https://cdn.example/{self._next_url}.mp4"


class OftenLibrary(Library):
    """The same more often."""


class LongerLibrary(Library):
    """The same for longer."""


TestLibrary = Library.TestCase
TestLibrary.settings = profile(max_examples=20, stateful_step_count=20, deadline=None)

TestOftenLibrary = pytest.mark.slow(pytest.mark.timeout(900)(OftenLibrary.TestCase))
TestOftenLibrary.settings = profile(max_examples=100, stateful_step_count=20, deadline=None)

TestLongerLibrary = pytest.mark.long(
    pytest.mark.slow(pytest.mark.timeout(900)(LongerLibrary.TestCase))
)
TestLongerLibrary.settings = profile(max_examples=200, stateful_step_count=40, deadline=None)
