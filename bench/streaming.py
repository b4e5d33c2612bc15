"""The price of a byte and of a request: `strmctl serve` beside nginx and the proxies of its field.

CPU seconds are those of the proxy's process alone, as the operating system counts them.
"""

import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from bench import players
from bench.measuring import STRMCTL, Comparison, Contender, Goal, NotMeasuredError, Sample, command
from bench.origin import (
    FILM,
    FILM_BYTES,
    LARGE,
    PROXIES,
    SMALL,
    Origin,
    Proxy,
    free_port,
    nginx,
    origin,
    wait_for,
)
from bench.other_proxies import OTHERS, Url
from bench.peers import Others

_REFERENCE = "nginx, tuned"
_BYTES, _SEGMENTS = 2_000_000_000, 4000
_WAITS, _BETWEEN = 2000, 0.1
_GOALS = {
    False: {"1": 1.2, "32": 1.15, "large 1": 1.5, "large 32": 1.5, "small 16": 10},
    True: {"1": 1.15, "32": 1.15, "large 1": 1.5, "large 32": 1.5, "small 16": 10},
}
_SETTINGS = """\
[proxy]
public_base_url = "http://127.0.0.1:{own}"
[serve]
port = {own}
[maintain]
enabled = false
[upstream]
allow = ["127.0.0.1"]
[resolvers.plain]
sites = ["plain"]
type = "template"
url = "{plain}/{{slug}}"
[resolvers.tls]
sites = ["tls"]
type = "template"
url = "{tls}/{{slug}}"
"""


@contextmanager
def comparisons(size: float, others: Others) -> Iterator[list[Comparison]]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        source = stack.enter_context(origin(folder))
        every: dict[str, tuple[Proxy, Url] | NotMeasuredError] = {}
        for name in PROXIES:
            proxy = stack.enter_context(nginx(source, name))
            every[name] = (proxy, _nginx_url(proxy))
        for name, begun in OTHERS.items():
            try:
                every[name] = stack.enter_context(begun(source, others))
            except NotMeasuredError as error:
                every[name] = error
        every["strmctl"] = stack.enter_context(_strmctl(source))
        compared = [one for tls in (False, True) for one in _of_site(every, size, tls)]
        yield [*compared, *(_wait(every, source, size, tls) for tls in (False, True))]


def _of_site(
    every: Mapping[str, tuple[Proxy, Url] | NotMeasuredError], size: float, tls: bool
) -> Iterator[Comparison]:
    site, upstream = ("tls", "a TLS") if tls else ("plain", "a plain")
    goals, amount = _GOALS[tls], round(_BYTES * size)
    for number in (1, 32):
        enough = min(amount, FILM_BYTES * number * 9 // 10)
        yield _compared(
            f"{number} film(s) of {upstream} upstream",
            every,
            lambda url, number=number, enough=enough: players.films(  # type: ignore[misc]
                url(site, FILM), number, enough
            ),
            goals[str(number)],
            enough // 10**6,
            "MB",
        )
    for name, number, count in (
        (LARGE, 1, max(8, amount // (4 * 2**20))),
        (LARGE, 32, max(64, amount // (4 * 2**20))),
        (SMALL, 16, max(200, round(_SEGMENTS * size))),
    ):
        kind = name.removesuffix(".m3u8")
        yield _compared(
            f"{kind} segments of {upstream} upstream, {number} at once",
            every,
            lambda url, name=name, number=number, count=count: players.segments(  # type: ignore[misc]
                players.listed(url(site, name)), number, count
            ),
            goals[f"{kind} {number}"],
            count,
            "segments",
        )


def _wait(
    every: Mapping[str, tuple[Proxy, Url] | NotMeasuredError],
    source: Origin,
    size: float,
    tls: bool,
) -> Comparison:
    """What a player waits longer for a segment than if it asked the origin itself."""
    site, number = ("tls" if tls else "plain"), max(200, round(_WAITS * size))
    direct = [f"{source.url(tls=False)}/small/{index}.ts" for index in range(400)]

    def contender(name: str, one: tuple[Proxy, Url] | NotMeasuredError) -> Contender:
        def run() -> Sample:
            if isinstance(one, NotMeasuredError):
                raise one
            proxy, url = one
            urls = players.listed(url(site, SMALL))
            least = players.median_wait(direct, 16, number, _BETWEEN)
            before = _busy(proxy.process_id)
            wait = players.median_wait(urls, 16, number, _BETWEEN)
            cpu = _busy(proxy.process_id) - before
            return Sample(max(wait - least, 1e-6), cpu, f"{1e3 * least:.2f} ms directly")

        return Contender(name, run)

    return Comparison(
        f"seconds that 64 KiB segments of a {site} upstream come later, 16 players",
        [contender(name, one) for name, one in every.items()],
        Goal("strmctl", 0.0005),
    )


def _compared(
    title: str,
    every: Mapping[str, tuple[Proxy, Url] | NotMeasuredError],
    play: Callable[[Url], int],
    at_most: float,
    amount: int,
    unit: str,
) -> Comparison:
    def contender(name: str, one: tuple[Proxy, Url] | NotMeasuredError) -> Contender:
        def run() -> Sample:
            if isinstance(one, NotMeasuredError):
                raise one
            proxy, url = one
            return _measured(proxy, lambda: play(url))

        return Contender(name, run)

    contenders = [contender(name, one) for name, one in every.items()]
    return Comparison(
        title, contenders, Goal("strmctl", at_most, _REFERENCE, by_cpu=True), amount, unit
    )


def _measured(proxy: Proxy, play: Callable[[], int]) -> Sample:
    began, before = time.perf_counter(), _busy(proxy.process_id)
    try:
        total = play()
    except (OSError, httpx.HTTPError) as error:
        raise NotMeasuredError(f"did not play: {error}") from error
    seconds, cpu = time.perf_counter() - began, _busy(proxy.process_id) - before
    return Sample(seconds, max(cpu, 0.001), f"{1e9 * cpu / total:.2f} CPU s/GB")


def _busy(process_id: int) -> float:
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _nginx_url(proxy: Proxy) -> Url:
    return lambda site, name: f"http://127.0.0.1:{proxy.port}/{site}/{name}"


@contextmanager
def _strmctl(source: Origin) -> Iterator[tuple[Proxy, Url]]:
    home, own = source.folder / "strmctl", free_port()
    home.mkdir()
    command(STRMCTL, "init", folder=home)
    settings = _SETTINGS.format(own=own, plain=source.url(tls=False), tls=source.url(tls=True))
    (home / "strmctl.toml").write_text(settings)
    for site in ("plain", "tls"):
        for name in (FILM, LARGE, SMALL):
            identity = ("--site", site, "--slug", name, "--language", "x", "--title", name)
            command(STRMCTL, "-q", "write", *identity, folder=home)
    environ = os.environ | {"SSL_CERT_FILE": str(source.folder / "certificate.pem")}
    words = (STRMCTL, "serve", "-q")
    with subprocess.Popen(words, cwd=home, env=environ, stdin=subprocess.DEVNULL) as process:
        try:
            wait_for(own)
            yield Proxy(process.pid, own), _of_library(home)
        finally:
            process.terminate()


def _of_library(home: Path) -> Url:
    def url(site: str, name: str) -> str:
        identity = ("--site", site, "--slug", name, "--language", "x")
        asked = (STRMCTL, "url", *identity)
        return subprocess.run(
            asked, cwd=home, check=True, capture_output=True, text=True
        ).stdout.strip()

    return url
