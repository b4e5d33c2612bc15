"""`.nfo` files as Jellyfin, Emby and Kodi read them; one that somebody has changed is theirs.

What the library knows are a series' ids and year, so they stand in the series' own `tvshow.nfo`: in
an episode's file they would be taken for the episode's. https://kodi.wiki/view/NFO_files
"""

import hashlib
import re
from xml.etree import ElementTree

from strmctl.domain.library.library_path import EXTENSION
from strmctl.domain.mapping import Mapping
from strmctl.domain.names import folders

SERIES = "tvshow.nfo"

_MARK = re.compile(rb"<!-- strmctl ([0-9a-f]{32}) -->\n")
# XML 1.0 section 2.2 has no way to write these.
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def nfo_files(mapping: Mapping) -> dict[str, bytes]:
    """The content of each `.nfo` file, by its path in the library."""
    stem = mapping.strm_path[: -len(EXTENSION)]
    if mapping.identity.season is None:
        return {f"{stem}.nfo": _text(_work(mapping))}
    files = {f"{stem}.nfo": _text(_episode(mapping))}
    folder = _series_folder(mapping.strm_path)
    if folder and mapping.ids:
        files[f"{folder}/{SERIES}"] = _text(_work(mapping))
    return files


def is_ours(content: bytes) -> bool:
    """Whether strmctl wrote it, and nobody has changed it since."""
    mark = _MARK.search(content)
    return mark is not None and mark[1] == _digest(_MARK.sub(b"", content, count=1))


def _series_folder(strm_path: str) -> str:
    """ "" where there is none: the library, or a folder that sorts."""
    parts = strm_path.split("/")[:-1]
    found = folders.read(parts)
    if found.shelf is not None or (found.holds_season and found.series is None):
        return ""
    # "Anime/Show Season 2" has no other folder of its own.
    is_below = found.holds_season and found.series is not found.named
    return "/".join(parts[:-1] if is_below else parts)


def _episode(mapping: Mapping) -> ElementTree.Element:
    episode = ElementTree.Element("episodedetails")
    # Without a title of its own, a media server asks its providers for it.
    _add(episode, "title", mapping.episode_title)
    _add(episode, "showtitle", mapping.title)
    _add(episode, "season", mapping.identity.season)
    _add(episode, "episode", mapping.identity.episode)
    return episode


def _work(mapping: Mapping) -> ElementTree.Element:
    """The element of the series or film."""
    work = ElementTree.Element("tvshow" if mapping.identity.season is not None else "movie")
    _add(work, "title", mapping.title)
    _add(work, "year", mapping.year)
    known = {name: value for name, value in mapping.ids.record().items() if value is not None}
    for place, (name, value) in enumerate(known.items()):
        # Kodi takes the default one for the item's own.
        _add(work, "uniqueid", value, type=name, **({"default": "true"} if not place else {}))
    return work


def _add(parent: ElementTree.Element, name: str, value: object, **attributes: str) -> None:
    if value is not None:
        child = ElementTree.SubElement(parent, name, attributes)
        child.text = _NOT_IN_XML.sub("", str(value))


def _text(root: ElementTree.Element) -> bytes:
    ElementTree.indent(root)
    start = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    body = ElementTree.tostring(root, encoding="unicode").encode() + b"\n"
    return start + b"<!-- strmctl %s -->\n" % _digest(start + body) + body


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).hexdigest()[:32].encode()
