"""What the library's files are: strmctl's own by their content, foreign, or no `.strm` at all."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from itertools import islice
from pathlib import Path
from urllib.parse import urlsplit

from strmctl.domain.identity import Identity
from strmctl.domain.library import strm_text
from strmctl.domain.urls import playback_url
from strmctl.domain.urls.playback_url import Proof
from strmctl.domain.urls.upstream_url import check_link
from strmctl.errors import ForbiddenError, ItemError, UpstreamError, UsageError
from strmctl.storage.files.library_tree import is_folder
from strmctl.storage.files.strm_file import Content, LibraryFiles

_BATCH = 1000
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")

NO_URL = "holds no URL"
"""The reason of a bad file that was read and is empty, but for comments perhaps."""


_ADD_ON = "not an http(s) URL: only the Kodi add-on that it names can play a plugin:// URL"


class Kind(StrEnum):
    """`own` holds a playback URL, `foreign` another http(s) URL, `bad` anything else."""

    OWN = "own"
    FOREIGN = "foreign"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class TreeFile:
    """One file; `identity` is what an own one names, `proved` says that its signature verifies.

    `headers` are those that stand behind the URL for Kodi, not checked; `reason` says what is
    wrong with a bad one.
    """

    strm_path: str
    kind: Kind
    content: bytes = field(default=b"", repr=False)
    url: str | None = field(default=None, repr=False)
    identity: Identity | None = None
    proved: bool = False
    headers: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    reason: str = ""


def folder_in(library: Path, text: str) -> str:
    """A folder relative to the library, "" for itself, from one that the user names, relative to
    where they are or to the library. Raises UsageError for one outside."""
    root = os.path.realpath(library)
    named = [os.path.realpath(path) for path in (text, library / text)]
    inside = [path for path in named if path == root or path.startswith(f"{root}{os.sep}")]
    found = next((path for path in inside if is_folder(Path(path))), None)
    if found is not None:
        return "" if found == root else os.path.relpath(found, root)
    if is_folder(Path(named[0])) and named[0] not in inside:
        raise UsageError(
            f"{text}: lies outside of the library {library}: move it there, or set `library`"
        )
    raise UsageError(f"{text}: no such folder here or in the library {library}")


def look(files: LibraryFiles, strm_paths: Iterable[str], proof: Proof) -> Iterator[list[TreeFile]]:
    """Batch by batch, so that memory stays flat however large the library is."""
    paths = iter(strm_paths)
    while batch := list(islice(paths, _BATCH)):
        # Linux allows any byte in a name; SQLite's text and terminals do not.
        contents = files.read_all(path for path in batch if not _UNPRINTABLE.search(path))
        yield [
            classify(path, contents[path], proof) if path in contents else _misnamed(path)
            for path in batch
        ]


def classify(strm_path: str, content: Content, proof: Proof) -> TreeFile:
    if content is None or isinstance(content, ItemError):
        reason = "vanished while it was looked at" if content is None else str(content)
        return TreeFile(strm_path, Kind.BAD, reason=reason.removeprefix(f"{strm_path}: "))
    text = strm_text.parse(content)
    url = text.url
    if url is None:
        return TreeFile(strm_path, Kind.BAD, content, reason=NO_URL)
    identity = playback_url.identity_in(url)
    if identity is not None:
        proved = _is_proved(url, proof)
        return TreeFile(strm_path, Kind.OWN, content, url, identity, proved)
    if text.has_more:
        return TreeFile(strm_path, Kind.BAD, content, url, reason="holds more than one URL")
    # Adopted as a foreign URL, it would make the proxy its own upstream.
    if playback_url.has_its_form(url):
        reason = "a playback URL of strmctl whose identity cannot be read"
        return TreeFile(strm_path, Kind.BAD, content, url, reason=reason)
    try:
        check_link(url)
    except UpstreamError as error:
        # Add-ons of Kodi write plugin:// into .strm files.
        reason = _ADD_ON if url.lower().startswith("plugin://") else str(error)
        return TreeFile(strm_path, Kind.BAD, content, url, reason=reason)
    return TreeFile(strm_path, Kind.FOREIGN, content, url, headers=text.headers)


def _misnamed(path: str) -> TreeFile:
    """With a path that can be shown and stored."""
    shown = _UNPRINTABLE.sub("\ufffd", path)
    reason = "its name is not UTF-8 or holds a control character: rename it"
    return TreeFile(shown, Kind.BAD, reason=reason)


def _is_proved(url: str, proof: Proof) -> bool:
    try:
        playback_url.verify(urlsplit(url).query, proof, datetime.now(UTC))
    except ForbiddenError:
        return False
    return True
