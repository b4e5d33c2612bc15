"""`strmctl probe` beside link checkers, on links that an upstream answers after 50 ms.

All may have as many requests under way at once, to all hosts and to one; how many an upstream
really saw together is told. The peers are told not to hold back and to use HEAD where they can.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.measuring import (
    STRMCTL,
    By,
    Comparison,
    Contender,
    Goal,
    NotMeasuredError,
    Sample,
    Work,
    command,
)
from bench.stage.peers import LINKCHECKER, LINKINATOR, LYCHEE, Others, Peer
from bench.stage.upstream import Upstream, upstream

SUBJECTS = ("probe",)
LINKS = 10_000
AT_ONCE = 64
_DELAY = 0.05
_SETTINGS = f"""
[upstream]
allow = ["127.0.0.1"]

[probe]
concurrency = {AT_ONCE}
per_host = {AT_ONCE}
"""
_LINKCHECKER_SETTINGS = """
[checking]
maxrequestspersecond=1000000
"""


@contextmanager
def comparisons(size: float, others: Others) -> Iterator[list[Comparison]]:
    links = round(LINKS * size)
    with upstream(_DELAY) as server, TemporaryDirectory() as folder:
        bench = _Bench(server, links, Path(folder), others)
        contenders = [
            bench.contender("strmctl", bench.strmctl()),
            bench.peer(LYCHEE, bench.lychee),
            bench.peer(LINKINATOR, bench.linkinator),
            bench.peer(LINKCHECKER, bench.linkchecker),
        ]
        summary = "probing 10,000 links that take 50 ms: seconds / CPU to lychee"
        goals = [
            Goal("strmctl", 1.0, LYCHEE.name, summary=summary),
            Goal("strmctl", 3.0, LYCHEE.name, By.CPU, summary),
        ]
        yield [Comparison(Work(SUBJECTS[0], "probing", goals, links, "links"), contenders)]


class _Bench:
    def __init__(self, server: Upstream, links: int, folder: Path, others: Others) -> None:
        self._server = server
        self._links = links
        self._folder = folder
        self._others = others

    def contender(self, name: str, run: Callable[[], Sample]) -> Contender:
        return Contender(name, lambda: self._counted(run))

    def peer(self, peer: Peer, run: Callable[[str], Sample]) -> Contender:
        return self.contender(peer.name, lambda: run(peer.path(self._others)))

    def strmctl(self) -> Callable[[], Sample]:
        """Every round begins with a library whose links were never probed."""
        home = self._folder / "strmctl"
        home.mkdir()
        command(STRMCTL, "init", folder=home)
        (home / "strmctl.toml").write_text(_SETTINGS)
        lines = ["site,slug,season,episode,language,url"]
        lines += [f"a.to,s{n // 100},1,{n % 100},German,{self._server.link(n)}" for n in self._all]
        (home / "links.csv").write_text("\n".join(lines))
        command(STRMCTL, "-q", "write", "--from", "links.csv", folder=home)
        fresh, database = home / "fresh.db", home / "strmctl.db"
        command(STRMCTL, "-q", "backup", str(fresh), folder=home)

        def run() -> Sample:
            for leftover in home.glob("strmctl.db*"):
                leftover.unlink()
            shutil.copy(fresh, database)
            return command(STRMCTL, "-q", "probe", "--all", folder=home)

        return run

    def lychee(self, program: str) -> Sample:
        return command(
            program,
            *("--quiet", "--no-progress", "--method=head", "--max-retries=0"),
            *(f"--max-concurrency={AT_ONCE}", f"--host-concurrency={AT_ONCE}"),
            "--host-request-interval=0ms",
            self._server.page(self._links),
        )

    def linkinator(self, program: str) -> Sample:
        limits = (f"--concurrency={AT_ONCE}", "--verbosity=none")
        return command(program, *limits, self._server.page(self._links))

    def linkchecker(self, program: str) -> Sample:
        settings = self._folder / "linkcheckerrc"
        settings.write_text(_LINKCHECKER_SETTINGS)
        return command(
            program,
            *("--config", str(settings), "--threads", str(AT_ONCE), "--recursion-level=1"),
            *("--no-robots", "--check-extern", "--no-status", "--output=none"),
            self._server.page(self._links),
        )

    @property
    def _all(self) -> range:
        return range(self._links)

    def _counted(self, run: Callable[[], Sample]) -> Sample:
        """Whoever does not ask for every link is no contender."""
        self._server.seen()
        sample = run()
        seen = self._server.seen()
        if seen.links != self._links:
            raise NotMeasuredError(f"asked for {seen.links} of {self._links} links")
        note = f"{seen.requests} requests, {seen.at_once} at once"
        return Sample(sample.seconds, sample.cpu, note)
