"""Every title in every form is read as it was written, or reported; nearly all are read."""

from collections.abc import Iterator

import pytest

from strmctl.domain.library.file_name import FileName, read, slug
from unit.domain.names import form_table as table

Case = tuple[str, str, int | None, int | None, int | None]


def key(title: str) -> str:
    """Letters and digits alone: what dots and brackets have done to a title is no fault."""
    return "".join(char for char in title.casefold() if char.isalnum())


def cases() -> Iterator[tuple[str, Case]]:
    """Season, episode and year differ from title to title, and none is another's."""
    for number, title in enumerate(table.TITLES):
        season, episode, year = 1 + number % 7, 1 + number % 19, 1951 + number
        values = {
            "t": title, "d": title.replace(" ", "."), "y": year, "s": season, "ss": f"{season:02}",
            "e": episode, "ee": f"{episode:02}", "eee": f"{episode:03}",
        }  # fmt: skip
        for form, text in (table.EPISODES | table.RELEASES).items():
            dated = year if "{y}" in text else None
            yield f"{title}: {form}", (text.format(**values), title, dated, season, episode)
        for form, text in table.ABSOLUTE.items():
            dated = year if "{y}" in text else None
            yield f"{title}: {form}", (text.format(**values), title, dated, 1, episode)
        for form, text in table.FILMS.items():
            yield f"{title}: film, {form}", (text.format(**values), title, year, None, None)


CASES = dict(cases())


def is_reported(found: FileName) -> bool:
    numberless = found.episode is None and not found.is_movie
    return found.title is None or found.doubt is not None or numberless or found.holds_several


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_is_read_as_it_was_written(case: Case) -> None:
    path, title, year, season, episode = case
    found = read(path)
    if is_reported(found):
        return
    assert key(found.title or "") == key(title)
    assert (found.season, found.episode) == (season, episode)
    assert found.year == year
    assert found.language in (None, "de" if ".German." in path else None)
    assert slug(found.title or "", found.year) == slug(title, year)


def test_there_are_at_least_600_and_hardly_any_is_reported() -> None:
    reported = [path for path, *_ in CASES.values() if is_reported(read(path))]
    assert len(CASES) >= 600
    assert len(reported) <= len(CASES) // 100, reported


def test_no_two_titles_become_one() -> None:
    """In one form all are named alike but for their titles."""
    for text in (table.EPISODES | table.RELEASES | table.FILMS).values():
        numbers = {"y": 2001, "s": 1, "ss": "01", "e": 2, "ee": "02"}
        paths = [text.format(t=t, d=t.replace(" ", "."), **numbers) for t in table.TITLES]
        found = [read(path) for path in paths]
        slugs = [slug(it.title or "", it.year) for it in found if not is_reported(it)]
        assert len(slugs) == len(set(slugs)), text
