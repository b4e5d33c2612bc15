"""A library that a server shows: series are registered as a user would, states are set."""

import json
import secrets
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass

import httpx

from stage.strmctl import Strmctl
from stage.waiting import until
from system.page.site import SECRET, Site

SITE = "made.up"
OVER = ("succeeded", "failed", "cancelled", "interrupted")


@dataclass(frozen=True, slots=True)
class Scene:
    """`base` is where the page is, without a slash at its end."""

    strmctl: Strmctl
    site: Site
    base: str

    @contextmanager
    def client(self, **options: object) -> Iterator[httpx.Client]:
        fixed = {"base_url": self.base, "trust_env": False, "verify": False, "timeout": 30}
        with httpx.Client(**{**fixed, **options}) as client:  # type: ignore[arg-type]
            yield client

    def series(
        self,
        slug: str,
        episodes: int = 1,
        *,
        state: str = "dead",
        title: str | None = None,
        seasons: int = 1,
    ) -> list[int]:
        """So many episodes in every season, each with a URL; the ids of their links."""
        ids = self.write(
            [
                {"slug": slug, "season": season, "episode": episode, "title": title}
                for season in range(1, seasons + 1)
                for episode in range(1, episodes + 1)
            ]
        )
        self.set_state(ids, state)
        return ids

    def write(self, rows: Sequence[Mapping[str, object]]) -> list[int]:
        """Register them as a user would, at this site, each with a URL; the ids of their links."""
        more = {"site": SITE, "language": "English"}
        url = f"{self.site.url}/media/film.mp4?token={SECRET}"
        lines = [
            json.dumps({**more, "url": f"{url}-given-{n}", **row}) for n, row in enumerate(rows)
        ]
        file = self.strmctl.folder / f"{secrets.token_hex(4)}.ndjson"
        file.write_text("\n".join(lines), encoding="utf-8")
        run = self.strmctl.run("write", "--from", str(file), "--json")
        assert run.returncode == 0, run.stderr
        documents = map(json.loads, run.stdout.splitlines())
        return [line["id"] for line in documents if line["type"] == "mapping"]

    def set_state(self, ids: Sequence[int], state: str) -> None:
        with closing(sqlite3.connect(self.strmctl.folder / "strmctl.db")) as connection:
            connection.executemany(
                "UPDATE strm_mapping SET state = ? WHERE id = ?", [(state, id_) for id_ in ids]
            )
            connection.commit()

    def set_provider(self, mapping_id: int, provider: str) -> None:
        """As if a resolver had named it."""
        with closing(sqlite3.connect(self.strmctl.folder / "strmctl.db")) as connection:
            connection.execute(
                "UPDATE strm_mapping SET provider_used = ? WHERE id = ?", (provider, mapping_id)
            )
            connection.commit()

    def state(self, mapping_id: int) -> str:
        with closing(sqlite3.connect(self.strmctl.folder / "strmctl.db")) as connection:
            [(state,)] = connection.execute(
                "SELECT state FROM strm_mapping WHERE id = ?", (mapping_id,)
            )
        return str(state)

    def wait_for_job(self, client: httpx.Client, job_id: int) -> dict[str, object]:
        """The job once it is over."""
        job: dict[str, object] = {}

        def is_over() -> bool:
            job.update(client.get(f"/api/v1/jobs/{job_id}").json())
            return job["state"] in OVER

        until(is_over, f"job {job_id} is over", 60)
        return job
