"""Ids out of a `.nfo` that Kodi, Jellyfin or Sonarr put beside a film or into a series' folder.

Read by pattern, not as XML: some hold a URL behind the document, some an entity that expands.
"""

import re

from strmctl.domain.external_ids import ExternalIds
from strmctl.domain.names.written import ids_of

_UNIQUE_ID = re.compile(
    r"<uniqueid\b[^>]*\btype=[\"'](?P<where>imdb|tvdb|tmdb)[\"'][^>]*>\s*(?P<id>(?:tt)?\d+)\s*<",
    re.IGNORECASE,
)
_OWN_TAG = re.compile(r"<(?P<where>imdb|tvdb|tmdb)_?id>\s*(?P<id>(?:tt)?\d+)\s*<", re.IGNORECASE)
_LINK = re.compile(
    r"imdb\.com/title/(?P<imdb>tt\d+)|thetvdb\.com/\S*?[?&/](?:id=|series/)(?P<tvdb>\d+)"
    r"|themoviedb\.org/(?:tv|movie)/(?P<tmdb>\d+)",
    re.IGNORECASE,
)
# An actor has ids as well: what stands before the first one is the film's or series'.
_ACTOR = re.compile(r"<(?:actor|director|credits|episodedetails)\b", re.IGNORECASE)


def external_ids(text: str) -> ExternalIds:
    own = _ACTOR.split(text, maxsplit=1)[0]
    found: dict[str, str] = {}
    for form in (_UNIQUE_ID, _OWN_TAG):
        for match in form.finditer(own):
            found.setdefault(match["where"].lower(), match["id"].lower())
    # Kodi takes a bare URL below the document, or alone, for the id.
    if not found:
        for match in _LINK.finditer(own):
            found |= {name: value for name, value in match.groupdict().items() if value}
    return ids_of(found)
