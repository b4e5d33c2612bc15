"""All proxies that are compared, each begun with the same origin: nginx, strmctl and the others."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.measuring import Contender, NotMeasuredError, Sample
from bench.stage import library, other_proxies
from bench.stage.origin import FILM, LARGE, PROXIES, SMALL, Origin, Proxy, nginx
from bench.stage.other_proxies import Url
from bench.stage.peers import Others

TUNED, PLAIN_NGINX = PROXIES
STRMCTL = "strmctl"
SITES = ("plain", "tls")
Begun = tuple[Proxy, Url] | NotMeasuredError


@contextmanager
def _nginx(source: Origin, name: str) -> Iterator[tuple[Proxy, Url]]:
    with nginx(source, name) as proxy:
        yield proxy, lambda site, name: f"http://127.0.0.1:{proxy.port}/{site}/{name}"


@contextmanager
def _strmctl(source: Origin) -> Iterator[tuple[Proxy, Url]]:
    sites = {site: f"{source.url(tls=site == 'tls')}/{{slug}}" for site in SITES}
    slugs = dict.fromkeys(SITES, (FILM, LARGE, SMALL))
    with (
        TemporaryDirectory(dir=source.folder) as folder,
        library.serving(
            Path(folder) / "strmctl",
            sites,
            slugs,
            certificate=source.folder / "certificate.pem",
        ) as (proxy, named),
    ):
        yield proxy, lambda site, name: named[site, name]


def begin(name: str, source: Origin, others: Others) -> AbstractContextManager[tuple[Proxy, Url]]:
    """Raises NotMeasuredError where it cannot be had."""
    if name == STRMCTL:
        return _strmctl(source)
    if name in PROXIES:
        return _nginx(source, name)
    return other_proxies.OTHERS[name](source, others)


NAMES = (STRMCTL, *PROXIES, *other_proxies.OTHERS)


@contextmanager
def begun(source: Origin, others: Others) -> Iterator[Mapping[str, Begun]]:
    """All of them at once, each idle while another is measured."""
    every: dict[str, Begun] = {}
    with ExitStack() as stack:
        for name in NAMES:
            try:
                every[name] = stack.enter_context(begin(name, source, others))
            except NotMeasuredError as error:
                every[name] = error
        yield every


def contenders(
    every: Mapping[str, Begun], run: Callable[[str, Proxy, Url], Sample]
) -> list[Contender]:
    def contender(name: str, one: Begun) -> Contender:
        def measured() -> Sample:
            if isinstance(one, NotMeasuredError):
                raise one
            return run(name, *one)

        return Contender(name, measured)

    return [contender(name, one) for name, one in every.items()]
