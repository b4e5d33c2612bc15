"""Thousands of names in all forms are adopted and given back: no byte, mode or owner differs."""

from collections import Counter
from pathlib import Path

import pytest

from stage.command_line import Strmctl
from unit.domain.names import form_table as table

FILES = 3500
State = dict[str, tuple[bytes, int, int, int, int]]


def paths() -> list[str]:
    """Each of an identity of its own: episodes differ from form to form, years of films too."""
    found: dict[str, None] = {}
    episodes = [*table.EPISODES.values(), *table.RELEASES.values()]
    for turn in range(2):
        for title in table.TITLES:
            for number, form in enumerate(episodes):
                season, episode = 1 + number, 10 + number + 45 * turn
                found[
                    form.format(
                        t=title, d=title.replace(" ", "."), y=1990, s=season, ss=f"{season:02}",
                        e=episode, ee=f"{episode:02}",
                    )
                ] = None  # fmt: skip
            for number, form in enumerate(table.FILMS.values()):
                found[form.format(t=title, y=1950 + number + 20 * turn)] = None
    return list(found)[:FILES]


def state(library: Path) -> State:
    files = (file for file in library.rglob("*") if file.is_file())
    return {
        str(file.relative_to(library)): (
            file.read_bytes(), (it := file.stat()).st_mode, it.st_uid, it.st_gid, it.st_size,
        )
        for file in files
    }  # fmt: skip


@pytest.mark.slow
def test_adopted_unchanged_and_given_back(strmctl: Strmctl, library: Path) -> None:
    root = library / "library"
    names = paths()
    assert len(names) == FILES
    for number, path in enumerate(names):
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"# {number}\nhttps://cdn.example/{number}.mp4|Referer=https%3A%2F%2Fa\n")
        file.chmod((0o644, 0o664, 0o600)[number % 3])
    before = state(root)
    adopted = strmctl("import", "library", "--json").records
    outcomes = Counter(record["outcome"] for record in adopted[:-1])
    # Every one is read, and none is merged into another.
    assert outcomes == {"adopted": FILES}
    after = state(root)
    again = strmctl("import", "library", "--json").records
    assert again[-1]["unchanged"] == FILES
    assert state(root) == after
    strmctl("undo", "--force")
    assert state(root) == before
