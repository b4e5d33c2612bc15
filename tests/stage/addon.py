"""A Stremio addon made with the real stremio-addon-sdk, whose links expire as nginx says."""

import json
import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from stage.nginx import SECRET

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Addon:
    """`offers`: a video's id to the paths of its media, `meta:ID` to what the addon says of it."""

    url: str
    file: Path
    offers: dict[str, object] = field(default_factory=dict)

    def offer(self, video: str, *paths: str, **more: object) -> None:
        self.put(video, {"paths": paths, **more})

    def describe(self, imdb: str, kind: str, name: str, **more: object) -> None:
        self.put(f"meta:{imdb}", {"id": imdb, "type": kind, "name": name, **more})

    def put(self, key: str, what: object) -> None:
        self.offers[key] = what
        self._write()

    def forget(self) -> None:
        self.offers.clear()
        self._write()

    def _write(self) -> None:
        new = self.file.with_suffix(".new")
        new.write_text(json.dumps(self.offers))
        new.replace(self.file)

    def configured(self, **config: object) -> str:
        """The manifest of a user who has configured the addon: their choice is in the path."""
        return self.url.replace("/manifest.json", f"/{quote(json.dumps(config))}/manifest.json")


@contextmanager
def running_addon(
    folder: Path, origin: str, resources: Sequence[str] = ("stream", "meta")
) -> Iterator[Addon]:
    if not (_HERE.parent / "node_modules" / "stremio-addon-sdk").exists():
        raise FileNotFoundError("tests/node_modules/stremio-addon-sdk: run tests/setup.sh")
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "entries.json"
    file.write_text("{}")
    command = ["node", str(_HERE / "addon.cjs"), str(file), origin, SECRET, *resources]
    with (folder / "addon.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    with process:
        try:
            assert process.stdout is not None
            said = process.stdout.readline()
            found = re.search(r"http://\S+/manifest\.json", said)
            assert found, said + (folder / "addon.log").read_text()
            yield Addon(found[0], file)
        finally:
            process.kill()
