"""Names as libraries hold them, each with what a person reads in it; see odd_names.tsv.

The columns are path, title, year, season and episode (or `film`), language, edition; `reported`
stands where a person would ask.
"""

from pathlib import Path

import pytest

from strmctl.domain.library.file_name import FileName, read

LINES = Path(__file__).with_name("odd_names.tsv").read_text(encoding="utf-8").splitlines()
NAMES = dict(line.split("\t", 1) for line in LINES)


def read_as(found: FileName) -> str:
    numberless = found.episode is None and not found.is_movie
    if found.title is None or found.doubt or found.holds_several or numberless:
        return "reported"
    number = "film" if found.is_movie else f"{found.season}x{found.episode}"
    values = (found.title, found.year, number, found.language, found.edition)
    return "\t".join("" if value is None else str(value) for value in values)


@pytest.mark.parametrize("path", NAMES)
def test_is_read_as_a_person_reads_it(path: str) -> None:
    assert read_as(read(path)) == NAMES[path]


def test_an_obfuscated_file_is_what_its_folder_says() -> None:
    found = read("Show.S01E02.German.1080p.WEB-GRP/a1b2c3.strm")
    assert (found.title, found.season, found.episode, found.language) == ("Show", 1, 2, "de")
