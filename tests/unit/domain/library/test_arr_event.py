"""Whatever they send is read or refused, and no path of theirs leads out of the library."""

import pytest
from hypothesis import given, strategies as st

from strmctl.domain.library import library_path
from strmctl.domain.library.arr_event import ArrEvent, Sender, read
from strmctl.domain.library.arr_path import (
    file_candidates,
    folder_candidates,
    mapping_of,
    root_mapping,
)
from strmctl.errors import UsageError

LIBRARY = "/srv/strm"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
NAMES = st.sampled_from(
    "eventType series movie path folderPath relativePath deletedFiles deleteReason episodeFile"
    " episodeFiles movieFile renamedEpisodeFiles renamedMovieFiles".split()
)
EVENTS = st.sampled_from(
    ["Rename", "Download", "EpisodeFileDelete", "MovieFileDelete", "SeriesDelete", "MovieDelete"]
)
PARTS = st.sampled_from(["..", ".", "", "a", "Show", ".hidden", "C:", "x.strm", "\\", "\x00"])
PATHS = st.lists(PARTS | st.text(max_size=5), max_size=8).flatmap(
    lambda parts: st.sampled_from(["/", "\\", "//"]).map(lambda by: by.join(parts))
)


def test_a_path_without_end_is_none() -> None:
    assert len(file_candidates(["/" + "a/" * 62 + "x.strm"], LIBRARY)) == 62
    assert file_candidates(["/" + "a/" * 100_000 + "x.strm"], LIBRARY) == []


@pytest.mark.parametrize("name", ["a\nb", "a\x00", "\ud800", "\x7f"])
def test_what_is_no_name_is_not_read(name: str) -> None:
    payload = {"eventType": "SeriesDelete", "deletedFiles": True, "series": {"path": f"/tv/{name}"}}
    assert read(Sender.SONARR, payload).gone_folder is None
    payload["series"] = {"path": "/tv/\u05d0\u200f"}
    assert read(Sender.SONARR, payload).gone_folder == "/tv/\u05d0\u200f"


@pytest.mark.parametrize(
    ("path", "places"),
    [
        pytest.param(
            "/data/tv/Show/S 1/x.strm",
            ["data/tv/Show/S 1/x.strm", "tv/Show/S 1/x.strm", "Show/S 1/x.strm", "S 1/x.strm"],
            id="another-root",
        ),
        pytest.param("D:\\tv\\Show\\x.strm", ["tv/Show/x.strm", "Show/x.strm"], id="windows"),
        pytest.param("\\\\nas\\tv\\x.strm", ["nas/tv/x.strm", "tv/x.strm"], id="share"),
        pytest.param("/srv/strm/x.strm", ["x.strm", "srv/strm/x.strm", "strm/x.strm"], id="own"),
        pytest.param("/x.strm", [], id="a-name-alone"),
        pytest.param("/.cache/tv/x.strm", ["tv/x.strm"], id="a-hidden-folder-before-it"),
        pytest.param("/tv/.trash/x.strm", [], id="in-a-hidden-folder"),
        pytest.param("/tv/../x/y.strm", [], id="up"),
        pytest.param("tv/Show/x.strm", [], id="relative"),
        pytest.param("/tv/Show/x.mkv", [], id="no-strm"),
    ],
)
def test_where_a_file_may_lie(path: str, places: list[str]) -> None:
    assert file_candidates([path], LIBRARY) == places


COMPOSED, DECOMPOSED = "Caf\u00e9/x.strm", "Cafe\u0301/x.strm"


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        pytest.param(COMPOSED, DECOMPOSED, id="a disk of macOS"),
        pytest.param(DECOMPOSED, COMPOSED, id="sonarr on macOS"),
    ],
)
def test_91_accents_are_written_in_two_ways(theirs: str, ours: str) -> None:
    folder = ours.rpartition("/")[0]
    paths = [(f"/tv/{folder}", f"Serien/{folder}")]
    assert f"tv/{ours}" in file_candidates([f"/tv/{theirs}"], LIBRARY)
    assert folder in folder_candidates(f"/tv/{theirs}".rpartition("/")[0], LIBRARY)
    assert f"Serien/{ours}" in file_candidates([f"/tv/{theirs}"], LIBRARY, paths)
    assert mapping_of(f"/tv/{theirs}", [f"Serien/{ours}"]) == ("/tv", "Serien")
    assert root_mapping("/tv", [f"/tv/{theirs}"], [f"Serien/{ours}"]) == ("Serien", 1)


@pytest.mark.parametrize("name", ["rename", "RENAME", "Rename"])
def test_93_a_later_version_may_write_names_in_another_case(name: str) -> None:
    file = {"path": "/tv/Show/x.strm"}
    event = read(Sender.SONARR, {"eventType": name, "renamedEpisodeFiles": [file]})
    assert (event.name, event.present) == (name, [("/tv/Show/x.strm",)])


@pytest.mark.parametrize("name", ["x.STRM", "x.Strm"])
def test_the_extension_counts_in_any_case(name: str) -> None:
    file = {"relativePath": name, "previousPath": f"/tv/Show/old {name}"}
    event = read(
        Sender.SONARR,
        {"eventType": "Rename", "series": {"path": "/tv/Show"}, "renamedEpisodeFiles": [file]},
    )
    assert event.present == [(f"/tv/Show/{name}",)]
    assert event.before == {(f"/tv/Show/{name}",): (f"/tv/Show/old {name}",)}
    assert library_path.explicit(f"Show/{name}") == f"Show/{name}"


@pytest.mark.parametrize(
    ("sender", "name", "owner"),
    [
        pytest.param(Sender.SONARR, "seriesDelete", {"series": {"path": "/a/b"}}, id="series"),
        pytest.param(Sender.RADARR, "movieDelete", {"movie": {"folderPath": "/a/b"}}, id="film"),
    ],
)
def test_93_a_deletion_in_camel_case(
    sender: Sender, name: str, owner: dict[str, dict[str, str]]
) -> None:
    event = read(sender, {"eventType": name, "deletedFiles": True, **owner})
    assert event.gone_folder == "/a/b"


def test_both_spellings_count() -> None:
    assert file_candidates(["/tv/a.strm", "/tv/b.strm"], LIBRARY) == ["tv/a.strm", "tv/b.strm"]


@given(PATHS)
def test_no_path_leads_out_of_the_library(path: str) -> None:
    for place in [*file_candidates([path], LIBRARY), *folder_candidates(path, LIBRARY)]:
        assert not place.startswith("/")
        assert not {"", ".", ".."} & set(place.split("/"))


@given(
    st.sampled_from(list(Sender)),
    st.dictionaries(NAMES, JSON | st.dictionaries(NAMES, JSON)),
    EVENTS,
)
def test_whatever_has_an_event_type_is_read(
    sender: Sender, payload: dict[str, object], name: str
) -> None:
    others = {Sender.SONARR: "movie", Sender.RADARR: "series"}
    own = {key: value for key, value in payload.items() if key != others[sender]}
    event = read(sender, {**own, "eventType": name})
    assert isinstance(event, ArrEvent)
    assert event.name == name
    assert all(spellings for spellings in (*event.present, *event.gone))


@given(st.sampled_from(list(Sender)), JSON)
def test_anything_else_is_refused(sender: Sender, payload: object) -> None:
    with pytest.raises(UsageError):
        read(sender, payload)
