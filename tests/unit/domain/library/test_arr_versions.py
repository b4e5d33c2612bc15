"""Events of every version of Sonarr and Radarr are understood alike, whatever they leave out."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest

from stage import arr_classes
from stage.arr_classes import EPISODE, FILM, MOVIE, RENAMED, RENAMED_MOVIE, SHOW
from strmctl.domain.library.arr_event import ArrEvent, Sender, read

S, R = Sender.SONARR, Sender.RADARR
VERSIONS = [(S, it) for it in arr_classes.SONARR] + [(R, it) for it in arr_classes.RADARR]
EVERY = [(*who, event) for who in VERSIONS for event in arr_classes.EVENTS]

HERE = {S: f"{SHOW}/{EPISODE}", R: f"{FILM}/{MOVIE}"}
OTHER = {S: f"{SHOW}/{RENAMED}", R: f"{FILM}/{RENAMED_MOVIE}"}
FOLDER = {S: SHOW, R: FILM}


def said(sender: Sender, version: str, event: str) -> dict[str, Any]:
    """What is to be read of it."""
    match event:
        case "Download":
            return {"present": [HERE[sender]]}
        case "Upgrade":
            return {"present": [HERE[sender]], "gone": [OTHER[sender]]}
        case "Rename" if version == "3.0.0":
            return {"changed_folder": FOLDER[sender]}
        case "Rename":
            return {"present": [OTHER[sender]]}
        case "FileDelete":
            return {"gone": [HERE[sender]]}
    return {"gone_folder": FOLDER[sender]}


def understood(event: ArrEvent) -> dict[str, Any]:
    """Its files by their one spelling, and only what it says."""
    for spellings in (*event.present, *event.gone):
        assert len(set(spellings)) == 1, "both spellings are of one file"
    found = {
        "present": [spellings[0] for spellings in event.present],
        "gone": [spellings[0] for spellings in event.gone],
        "gone_folder": event.gone_folder,
        "changed_folder": event.changed_folder,
    }
    return {name: value for name, value in found.items() if value}


@pytest.mark.parametrize(
    ("sender", "version", "event"), EVERY, ids=["-".join(map(str, it)) for it in EVERY]
)
def test_93_every_version_is_understood(sender: Sender, version: str, event: str) -> None:
    found = read(sender, arr_classes.payload(sender, version, event))
    assert understood(found) == said(sender, version, event)


@pytest.mark.parametrize(("sender", "version"), VERSIONS, ids=["-".join(it) for it in VERSIONS])
@pytest.mark.parametrize(
    "event", ["Health", "HealthRestored", "ApplicationUpdate", "ManualInteractionRequired", "Later"]
)
def test_93_events_that_concern_no_file(sender: Sender, version: str, event: str) -> None:
    sent = arr_classes.payload(sender, version, "Download") | {"eventType": event}
    assert not read(sender, sent).concerns_files


@pytest.mark.parametrize(
    ("sender", "version", "event"), EVERY, ids=["-".join(map(str, it)) for it in EVERY]
)
def test_93_whatever_is_left_out_invents_nothing(sender: Sender, version: str, event: str) -> None:
    """Without any one of its fields an event says the same, or less: never another file."""
    whole = arr_classes.payload(sender, version, event)
    known = {HERE[sender], OTHER[sender], FOLDER[sender]}
    for path in paths(whole):
        less = deepcopy(whole)
        remove(less, path)
        if path == ["eventType"]:
            continue
        found = understood(read(sender, less))
        named = [*found.get("present", ()), *found.get("gone", ())]
        named += [found[key] for key in ("gone_folder", "changed_folder") if key in found]
        assert set(named) <= known, path


def test_93_a_deletion_that_names_no_file() -> None:
    """The first Sonarr 3 named the episodes alone."""
    found = read(S, arr_classes.without_a_file())
    assert (found.gone_folder, found.gone_episodes) == (SHOW, [(1, 1)])


def test_93_an_import_of_many_files() -> None:
    found = understood(read(S, arr_classes.import_complete()))
    assert found == {"present": [f"{SHOW}/{EPISODE}", f"{SHOW}/{RENAMED}"]}


def paths(document: Any) -> Iterator[list[str | int]]:
    """Of every field of a JSON document."""
    pairs = document.items() if isinstance(document, dict) else enumerate(document)
    for key, value in pairs:
        yield [key]
        if isinstance(value, dict | list):
            yield from ([key, *rest] for rest in paths(value))


def remove(document: Any, path: list[str | int]) -> None:
    *above, last = path
    for key in above:
        document = document[key]
    del document[last]
