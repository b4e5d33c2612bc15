"""A title without digits is read back out of every form, whatever letters it has."""

from hypothesis import given, strategies as st

from strmctl.domain.library.file_name import read, slug
from strmctl.domain.names.languages import is_language
from strmctl.domain.names.words import EPISODE, SEASON, is_release, is_shelf
from unit.domain.names import form_table as table

_COUNTING = frozenset(f"{SEASON}|{EPISODE}".replace("s?", "").split("|"))
_LETTERS = "abcdefghijklmnopqrstuvwxyzäöüßéñçøłžабвгдежзийклмнопрст海边的灯塔進巨人町바다등불"


def _is_plain(word: str) -> bool:
    """What counts, describes a release or sorts a library is no random title's word."""
    return not (
        is_release(word) or is_language(word) or is_shelf(word) or word.lower() in _COUNTING
    )


words = st.text(_LETTERS, min_size=3, max_size=9).map(str.capitalize).filter(_is_plain)
titles = st.lists(words, min_size=1, max_size=4).map(" ".join)
forms = st.sampled_from([*table.EPISODES.values(), *table.RELEASES.values()])


@given(titles, forms, st.integers(1, 30), st.integers(1, 99), st.integers(1930, 2035))
def test_an_episode_is_read_back(
    title: str, form: str, season: int, episode: int, year: int
) -> None:
    path = form.format(
        t=title, d=title.replace(" ", "."), y=year, s=season, ss=f"{season:02}", e=episode,
        ee=f"{episode:02}",
    )  # fmt: skip
    found = read(path)
    dated = year if "{y}" in form else None
    assert (found.season, found.episode, found.doubt) == (season, episode, None)
    assert slug(found.title or "", found.year) == slug(title, dated)


@given(titles, st.sampled_from(list(table.FILMS.values())), st.integers(1930, 2035))
def test_a_film_is_read_back(title: str, form: str, year: int) -> None:
    found = read(form.format(t=title, y=year))
    assert (found.title, found.year, found.is_movie, found.doubt) == (title, year, True, None)


@given(st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=3))
def test_any_path_can_be_read(parts: list[str]) -> None:
    found = read("/".join(parts) + ".strm")
    assert (found.season is None) == (found.episode is None)
