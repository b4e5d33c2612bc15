"""Every title in every form is read as it was written, or reported; nearly all are read."""

from collections.abc import Iterator

import pytest

from strmctl.domain.library.file_name import FileName, read, slug
from unit.domain.names import form_table as table

Case = tuple[str, str, int | None, int | None, int | None]


def key(title: str) -> str:
    """Letters and digits alone: what dots and brackets have done to a title is no fault."""
    return "".join(char for char in title.casefold() if char.isalnum())


def cases(form: str, text: str) -> Iterator[Case]:
    """Season, episode and year differ from title to title, and none is another's."""
    for number, title in enumerate(table.TITLES):
        season, episode, year = 1 + number % 7, 1 + number % 19, 1951 + number
        path = text.format(
            t=title, d=title.replace(" ", "."), y=year, s=season, ss=f"{season:02}", e=episode,
            ee=f"{episode:02}", eee=f"{episode:03}",
        )  # fmt: skip
        dated = year if "{y}" in text else None
        if form in table.FILMS:
            yield path, title, dated, None, None
        else:
            yield path, title, dated, 1 if form in table.ABSOLUTE else season, episode


FORMS = table.EPISODES | table.RELEASES | table.ABSOLUTE | table.FILMS
CASES = {form: list(cases(form, text)) for form, text in FORMS.items()}


def is_reported(found: FileName) -> bool:
    numberless = found.episode is None and not found.is_movie
    return found.title is None or found.doubt is not None or numberless or found.holds_several


def is_right(found: FileName, case: Case) -> bool:
    path, title, year, season, episode = case
    return (
        key(found.title or "") == key(title)
        and (found.year, found.season, found.episode) == (year, season, episode)
        and found.is_movie is (episode is None)
        and found.language == ("de" if ".German.DL." in path else None)
        and slug(found.title or "", found.year) == slug(title, year)
    )


@pytest.mark.parametrize("form", CASES)
def test_is_read_as_it_was_written_or_reported(form: str) -> None:
    found = [(case, read(case[0])) for case in CASES[form]]
    assert [it for it in found if not is_reported(it[1]) and not is_right(it[1], it[0])] == []


def test_there_are_at_least_600_and_hardly_any_is_reported() -> None:
    paths = [path for form in CASES.values() for path, *_ in form]
    reported = [path for path in paths if is_reported(read(path))]
    assert len(paths) >= 600
    assert len(reported) <= len(paths) // 100, reported


def test_no_two_titles_become_one() -> None:
    """In one form all are named alike but for their titles."""
    for text in (table.EPISODES | table.RELEASES | table.FILMS).values():
        numbers = {"y": 2001, "s": 1, "ss": "01", "e": 2, "ee": "02"}
        paths = [text.format(t=t, d=t.replace(" ", "."), **numbers) for t in table.TITLES]
        found = [read(path) for path in paths]
        slugs = [slug(it.title or "", it.year) for it in found if not is_reported(it)]
        assert len(slugs) == len(set(slugs)), text
