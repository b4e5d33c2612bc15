"""`.nfo` files: their names and texts, read as other programs and strmctl's own import do."""

from xml.etree import ElementTree

import pytest
from hypothesis import given, strategies as st

from strmctl.domain.external_ids import NO_IDS, ExternalIds
from strmctl.domain.identity import Identity
from strmctl.domain.library.nfo_text import is_ours, nfo_files
from strmctl.domain.mapping import Mapping
from strmctl.domain.names import nfo

EPISODE = Identity("a.to", "show", "de", 1, 2)
FILM = Identity("a.to", "film", "de")
IDS = ExternalIds(imdb="tt0388629", tvdb=81797)


def texts(root: ElementTree.Element) -> dict[str, str | None]:
    return {child.tag: child.text for child in root}


def test_an_episode_has_no_ids_of_its_series() -> None:
    path = "Show (1999)/Season 01/Show S01E02.strm"
    files = nfo_files(
        Mapping(
            1, EPISODE, path, title="Show & <Tell>", year=1999, ids=IDS, episode_title="The Sun"
        )
    )
    of_episode, of_series = files.values()
    assert list(files) == ["Show (1999)/Season 01/Show S01E02.nfo", "Show (1999)/tvshow.nfo"]
    episode = ElementTree.fromstring(of_episode)
    assert episode.tag == "episodedetails"
    assert texts(episode) == {
        "title": "The Sun",
        "showtitle": "Show & <Tell>",
        "season": "1",
        "episode": "2",
    }
    series = ElementTree.fromstring(of_series)
    assert series.tag == "tvshow"
    assert (series.findtext("title"), series.findtext("year")) == ("Show & <Tell>", "1999")
    found = [(it.get("type"), it.get("default"), it.text) for it in series.iter("uniqueid")]
    assert found == [("imdb", "true", "tt0388629"), ("tvdb", None, "81797")]
    assert nfo.external_ids(of_series.decode()) == IDS


def test_a_film() -> None:
    mapping = Mapping(1, FILM, "Film/Film.STRM", title="Film", ids=ExternalIds(tmdb=9))
    [(path, text)] = nfo_files(mapping).items()
    film = ElementTree.fromstring(text)
    assert (path, film.tag, film.findtext("title")) == ("Film/Film.nfo", "movie", "Film")
    assert nfo.external_ids(text.decode()) == mapping.ids


@pytest.mark.parametrize(
    ("path", "folder"),
    [
        pytest.param("Show/x.strm", "Show", id="no season's folder"),
        pytest.param("Show/Specials/x.strm", "Show", id="specials"),
        pytest.param("TV/Show/Staffel 1/x.strm", "TV/Show", id="another language"),
        pytest.param("Show/Show Season 1/x.strm", "Show", id="a season with the title"),
        pytest.param("Anime/Show Season 2/x.strm", "Anime/Show Season 2", id="on a shelf"),
        pytest.param("Season 1/x.strm", None, id="the library is the series"),
        pytest.param("x.strm", None, id="no folder"),
        pytest.param("Anime/x.strm", None, id="a shelf"),
    ],
)
def test_the_folder_of_a_series(path: str, folder: str | None) -> None:
    files = nfo_files(Mapping(1, EPISODE, path, ids=IDS))
    assert [it for it in files if it.endswith("tvshow.nfo")] == (
        [f"{folder}/tvshow.nfo"] if folder else []
    )


def test_a_series_without_ids_has_no_file() -> None:
    assert list(nfo_files(Mapping(1, EPISODE, "Show/x.strm", ids=NO_IDS))) == ["Show/x.nfo"]


@given(title=st.text(), place=st.integers(0, 500), byte=st.integers(0, 255))
def test_any_title_and_any_change(title: str, place: int, byte: int) -> None:
    mapping = Mapping(1, EPISODE, "Show/x.strm", title=title, episode_title=title)
    [text] = nfo_files(mapping).values()
    ElementTree.fromstring(text)
    assert is_ours(text)
    changed = text[:place] + bytes([byte]) + text[place + 1 :]
    assert is_ours(changed) == (changed == text)


@pytest.mark.parametrize("text", [b"", b"<movie/>", b"<!-- strmctl 0 -->\n<movie/>"])
def test_anothers(text: bytes) -> None:
    assert not is_ours(text)
