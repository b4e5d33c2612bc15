"""Kodi's JSON-RPC: a scan for each show or film with new files, one clean-up for what is gone.

A scan takes the folder that it is given for a show, so never that of a season, and finds it in
its database by the slash at the end. Kodi says OK to everything at once: a scan that comes while
another runs ends that one, and a clean-up is dropped. So each waits for the one before, and what
Kodi shows afterwards is asked for.
"""

import asyncio
import json
import re
from collections import defaultdict
from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import datetime
from itertools import chain

from strmctl.domain.library.path_spelling import compared
from strmctl.domain.notice import FileChange, Notice, server_path
from strmctl.services.notifying.connection import (
    Address,
    Connection,
    Outcome,
    Stage,
    UndeliveredError,
)
from strmctl.settings.model import NotifySettings

_RPC = "/jsonrpc"
_SEASON = re.compile(r"specials?|(season|series|staffel|saison)[ ._-]*\d+", re.IGNORECASE)
_SCANNING = "Library.IsScanningVideo"
"""True while Kodi cleans its library as well."""

_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0
_LISTS = {"VideoLibrary.GetEpisodes": "episodes", "VideoLibrary.GetMovies": "movies"}
_NOT_SHOWN = (
    "it has scanned {} and does not show what is there: is the folder part of a source whose "
    "content is set?"
)
_STILL_SHOWN = (
    "it has cleaned its library and still shows what was below {}: is the folder part of one of "
    "its sources, and does it reach that?"
)
_STACK = "stack://"
_CREDENTIALS = re.compile("//[^/@]*@")


class RefusedCall(UndeliveredError):
    """JSON-RPC's `error`: one call was refused, the next may be taken."""


class Kodi:
    """The token is `user:password`, as Kodi's web server wants it."""

    def __init__(self, table: NotifySettings, library: str) -> None:
        self._library = library
        url = table.url.rstrip("/")
        user, _, password = table.token.partition(":")
        auth = (user, password) if table.token else None
        address = url if url.endswith(_RPC) else url + _RPC
        self.address = Address(address, auth=auth, ca=table.ca)

    async def notify(
        self, connection: Connection, notices: Sequence[Notice], now: datetime
    ) -> AsyncGenerator[Outcome, None]:
        folders: defaultdict[str, list[Notice]] = defaultdict(list)
        gone: defaultdict[str, list[Notice]] = defaultdict(list)
        for notice in notices:
            # VideoLibrary.Scan finds what is new; only VideoLibrary.Clean removes what is gone.
            where = gone if notice.change is FileChange.DELETED else folders
            where[self._show(notice)].append(notice)
        for folder, scanned in folders.items():
            async for outcome in self._scan(connection, folder, scanned):
                yield outcome
        if gone:
            async for outcome in self._clean(connection, gone):
                yield outcome

    async def examine(self, connection: Connection) -> None:
        await _call(connection, "JSONRPC.Ping", answer="pong")

    async def libraries(self, connection: Connection) -> None:
        return None

    async def _scan(
        self, connection: Connection, folder: str, notices: Sequence[Notice]
    ) -> AsyncGenerator[Outcome, None]:
        await _idle(connection)
        shown: list[Notice] = []
        if all(it.attempts > 1 and it.change is FileChange.CREATED for it in notices):
            # A scan that outlasted the patience of the attempt before has been of use.
            shown = self._seen(notices, await _files(connection, folder))
        left = [notice for notice in notices if notice not in shown]
        yield Outcome(Stage.SHOWN, shown)
        if not left:
            return
        try:
            await _call(connection, "VideoLibrary.Scan", {"directory": folder})
        except RefusedCall as error:
            yield Outcome(Stage.REFUSED, left, str(error))
            return
        await _idle(connection)
        files = await _files(connection, folder)
        shown = left if files is None else self._seen(left, files)
        yield Outcome(Stage.SHOWN, shown)
        missing = [notice for notice in left if notice not in shown]
        yield Outcome(Stage.REFUSED, missing, _NOT_SHOWN.format(folder))

    async def _clean(
        self, connection: Connection, gone: Mapping[str, Sequence[Notice]]
    ) -> AsyncGenerator[Outcome, None]:
        notices = list(chain.from_iterable(gone.values()))
        await _idle(connection)
        try:
            # A dialogue on the television would wait for somebody to press a key.
            await _call(connection, "VideoLibrary.Clean", {"showdialogs": False})
        except RefusedCall as error:
            yield Outcome(Stage.REFUSED, notices, str(error))
            return
        await _idle(connection)
        for folder, deleted in gone.items():
            still = self._seen(deleted, await _files(connection, folder))
            yield Outcome(Stage.SHOWN, [notice for notice in deleted if notice not in still])
            yield Outcome(Stage.REFUSED, still, _STILL_SHOWN.format(folder))

    def _seen(self, notices: Sequence[Notice], files: set[str] | None) -> list[Notice]:
        return [
            notice
            for notice in notices
            if files and _plain(server_path(self._library, notice.strm_path)) in files
        ]

    # Kodi would take "Season 01" for a show of that name.
    def _show(self, notice: Notice) -> str:
        *folders, _ = notice.strm_path.split("/")
        if len(folders) > 1 and _SEASON.fullmatch(folders[-1]):
            folders.pop()
        # Kodi's table of paths has each folder with a slash at its end.
        return server_path(self._library, "/".join([*folders, ""]))


# A second Scan makes Kodi stop the first one, and it says OK to both.
async def _idle(connection: Connection) -> None:
    """Wait until it scans and cleans no more; not at all where it does not say."""
    pause = _SHORTEST_PAUSE
    while await _is_scanning(connection):
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)


async def _is_scanning(connection: Connection) -> bool:
    asked = _request("XBMC.GetInfoBooleans", {"booleans": [_SCANNING]})
    result = await _asked(connection, asked)
    return result is not None and result.get(_SCANNING) is True


async def _files(connection: Connection, folder: str) -> set[str] | None:
    """The episodes and films that it shows below the folder; None where it does not say."""
    found: set[str] = set()
    below = {"field": "path", "operator": "startswith", "value": folder}
    for method, key in _LISTS.items():
        asked = _request(method, {"filter": below, "properties": ["file"]})
        result = await _asked(connection, asked)
        # Every list of Kodi's has `limits`; another answer is no list.
        if result is None or "limits" not in result:
            return None
        items = result.get(key)
        for item in items if isinstance(items, list) else ():
            if isinstance(item, dict) and isinstance(item.get("file"), str):
                found.update(map(_plain, _parts(item["file"])))
    return found


def _parts(file: str) -> list[str]:
    """The files of a film in several parts: Kodi shows them as one, in one URL."""
    if not file.startswith(_STACK):
        return [file]
    # A comma of a name is doubled there.
    return [part.replace(",,", ",") for part in file.removeprefix(_STACK).split(" , ")]


def _plain(path: str) -> str:
    # A source may have been added with smb://user:password@nas.
    return compared(_CREDENTIALS.sub("//", path))


async def _asked(
    connection: Connection, request: Mapping[str, object]
) -> Mapping[str, object] | None:
    """The result, None for one that is no object: a question proves nothing then."""
    try:
        result = _result(await connection.post(request))
    except RefusedCall:
        return None
    return result if isinstance(result, dict) else None


def _request(method: str, params: Mapping[str, object] | None = None) -> dict[str, object]:
    request: dict[str, object] = {"jsonrpc": "2.0", "id": 1, "method": method}
    return request if params is None else {**request, "params": params}


async def _call(
    connection: Connection,
    method: str,
    params: Mapping[str, object] | None = None,
    *,
    answer: str = "OK",
) -> None:
    """Raises RefusedCall for any other answer."""
    if _result(await connection.post(_request(method, params))) != answer:
        raise RefusedCall("it answers with JSON-RPC error ?")


def _result(answer: bytes) -> object:
    """JSON-RPC 2.0 section 5: `result` or `error`, with status 200 either way."""
    try:
        document = json.loads(answer)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or not {"result", "error"} & document.keys():
        raise UndeliveredError("it answers, but not as Kodi's JSON-RPC does")
    if "result" in document:
        return document["result"]
    error = document["error"]
    code = error.get("code") if isinstance(error, dict) else None
    raise RefusedCall(f"it answers with JSON-RPC error {code if isinstance(code, int) else '?'}")
