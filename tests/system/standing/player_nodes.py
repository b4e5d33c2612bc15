"""Player nodes beside the node that has the library."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from stage.site import Site
from stage.strmctl import Strmctl
from stage.waiting import free_port

_NOTHING: Mapping[str, str] = {}


@contextmanager
def player(
    upkeep: Strmctl,
    folder: Path,
    *arguments: str,
    settings: Mapping[str, str] = _NOTHING,
    port: int | None = None,
) -> Iterator[Site]:
    """Another node, with the settings, the key and what is in its folder already."""
    folder.mkdir(exist_ok=True)
    for name in ("strmctl.toml", "strmctl.key"):
        shutil.copy(upkeep.folder / name, folder / name)
    node = Strmctl(folder, port or free_port())
    role = {"STRMCTL_SERVE_ROLE": "player"}
    environ = {"STRMCTL_PROXY_PUBLIC_BASE_URL": node.base_url, **role, **settings}
    with node.serving(*arguments, environ=environ) as server:
        yield Site(node, node.base_url, environ, server)
