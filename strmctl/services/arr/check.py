"""Asks Sonarr and Radarr for their folders, and finds those folders in the library."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
from msgspec import Struct

from strmctl import __version__
from strmctl.domain.http.unanswered import why_unanswered
from strmctl.domain.library.arr_path import folder_candidates, mapped, root_mapping, shows_below
from strmctl.domain.library.path_spelling import compared_as
from strmctl.errors import ItemError
from strmctl.settings.model import ArrServer, Settings
from strmctl.storage.files.library_tree import strm_paths

_SECONDS = 30.0
_VERSIONS = ("v3", "v5", "v4")
"""Sonarr 3 and 4 and Radarr 3 to 6 have v3; v5 is what Sonarr's next one adds, v4 Radarr's: both
have the same documents at system/status, rootfolder, series and movie."""

_SHOWS = {"sonarr": "series", "radarr": "movie"}
_REFUSED = (401, 403)

SAME, MAPPED, NEEDED, ABSENT, EMPTY = "same", "mapped", "needed", "absent", "empty"


class Root(Struct, frozen=True):
    """One root folder: `library_folder` is the library's that holds its series or films, None
    where it has none of them.

    `outcome`: `same` (found without a mapping), `mapped` (by `[arr] paths`), `needed` (a mapping
    would find them), `absent`, or `empty` where nothing lies there yet.
    """

    server: str
    app: str
    version: str
    root_folder: str
    library_folder: str | None
    shows: int
    matched: int
    outcome: str


class Seen(Struct, frozen=True):
    """What one server says of itself."""

    app: str
    version: str
    roots: Sequence[str]
    shows: Sequence[str]


def look(server: ArrServer) -> Seen:
    """Raises ItemError where it does not answer as Sonarr or Radarr does; redirects hold keys."""
    headers = {"X-Api-Key": server.key, "User-Agent": f"strmctl/{__version__}"}
    base = server.url.rstrip("/")
    # SSL_CERT_FILE counts, for a server with a private CA; HTTP_PROXY would see the key.
    verify = httpx.create_ssl_context(trust_env=True)
    with httpx.Client(
        headers=headers, timeout=_SECONDS, trust_env=False, verify=verify, follow_redirects=False
    ) as client:
        api, status = _api(client, base, server.name)
        app = str(status.get("appName", "")).lower()
        roots = _paths(client, api, "rootfolder", server.name)
        kinds = [_SHOWS[app]] if app in _SHOWS else list(_SHOWS.values())
        shows = [path for kind in kinds for path in _paths(client, api, kind, server.name)]
    return Seen(app or "?", str(status.get("version", "?")), roots, shows)


def library_folders(library: Path) -> set[str]:
    """Every folder that has a `.strm` file somewhere below it."""
    folders: set[str] = set()
    for path in strm_paths(library):
        folder = path.rpartition("/")[0]
        while folder and folder not in folders:
            folders.add(folder)
            folder = folder.rpartition("/")[0]
    return folders


def compare(settings: Settings, server: ArrServer, seen: Seen, folders: set[str]) -> Iterator[Root]:
    for root in seen.roots:
        shows = shows_below(root, seen.shows)
        folder, matched, outcome = _outcome(settings, root, shows, folders)
        yield Root(server.name, seen.app, seen.version, root, folder, len(shows), matched, outcome)


def _outcome(
    settings: Settings, root: str, shows: Sequence[str], folders: set[str]
) -> tuple[str | None, int, str]:
    paths = settings.arr.paths
    now, known = mapped(root, paths), {compared_as(root, folder) for folder in folders}
    places = [compared_as(root, mapped(it, paths) or "") for it in shows] if now is not None else []
    matched = sum(place in known for place in places)
    best = root_mapping(root, shows, folders)
    if now is not None and (best is None or matched >= best[1]):
        return now, matched, MAPPED
    # In a new Sonarr nothing lies below the root folder yet.
    if best is None:
        return None, 0, ABSENT if shows else EMPTY
    folder, count = best
    if now is None and _is_found(settings, root, shows, folder, known):
        return folder, count, SAME
    return folder, count, NEEDED


def _is_found(
    settings: Settings, root: str, shows: Sequence[str], folder: str, known: set[str]
) -> bool:
    """Whether the longest end of each path leads to that folder by itself."""
    for show in shows:
        wanted = compared_as(root, mapped(show, [(root, folder)]) or "")
        candidates = folder_candidates(show, str(settings.library))
        places = (compared_as(root, it) for it in candidates)
        if wanted in known and next((it for it in places if it in known), None) != wanted:
            return False
    return True


def _api(client: httpx.Client, base: str, name: str) -> tuple[str, dict[str, Any]]:
    for version in _VERSIONS:
        api = f"{base}/api/{version}"
        try:
            status = _get(client, f"{api}/system/status", name)
        except _NoSuchPageError:
            continue
        # Other programs answer all that they do not know with a document, and 200.
        if isinstance(status, dict) and ("appName" in status or "version" in status):
            return api, status
    raise ItemError(f"arr.{name}: no API of Sonarr or Radarr answers there: check arr.{name}.url")


class _NoSuchPageError(ItemError):
    pass


def _get(client: httpx.Client, url: str, name: str) -> Any:
    try:
        response = client.get(url)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ItemError(
            f"arr.{name}: it does not answer ({why_unanswered(error)}): check arr.{name}.url"
        ) from error
    _check_status(response.status_code, name)
    try:
        return json.loads(response.content)
    # A login page of a front answers 200, in HTML.
    except (ValueError, RecursionError):
        raise ItemError(
            f"arr.{name}: it answers, but not as Sonarr or Radarr: does something else answer?"
        ) from None


def _check_status(status: int, name: str) -> None:
    if status in _REFUSED:
        raise ItemError(f"arr.{name}: it refuses the key (HTTP {status}): correct arr.{name}.key")
    # The next Sonarr and Radarr may have no v3 any more.
    if status == httpx.codes.NOT_FOUND:
        raise _NoSuchPageError(f"arr.{name}: HTTP 404: check arr.{name}.url")
    if httpx.codes.is_redirect(status):
        raise ItemError(
            f"arr.{name}: it answers HTTP {status}, a redirect, perhaps to a page to sign in: "
            f"correct arr.{name}.url (https, its URL base, not the front's address)"
        )
    if not httpx.codes.is_success(status):
        raise ItemError(f"arr.{name}: it answers HTTP {status}")


def _paths(client: httpx.Client, api: str, kind: str, name: str) -> list[str]:
    """Raises ItemError for what is no list of them: that is no empty list."""
    document = _get(client, f"{api}/{kind}", name)
    if isinstance(document, dict):
        # Lists of theirs that are paged come so.
        document = document.get("records")
    if not isinstance(document, list):
        raise ItemError(
            f"arr.{name}: it answers {kind} with no list: does something else answer there? "
            f"check arr.{name}.url"
        )
    paths = [entry.get("path") for entry in document if isinstance(entry, dict)]
    found = [path for path in paths if isinstance(path, str) and path]
    if document and not found:
        raise ItemError(
            f"arr.{name}: its {kind} have no paths, as in an API that is newer than this strmctl: "
            "update strmctl"
        )
    return found
