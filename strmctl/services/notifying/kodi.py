"""Kodi's JSON-RPC: a scan for each show or film with new files, one clean-up for what is gone.

A scan takes the folder that it is given for a show, so never that of a season, and finds it in
its database by the slash at the end.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from strmctl.domain.notice import FileChange, Notice, server_path
from strmctl.services.notifying.connection import Address, Call, Connection, NotTold
from strmctl.settings.model import NotifySettings

_RPC = "/jsonrpc"
_SEASON = re.compile(r"specials?|(season|series|staffel|saison)[ ._-]*\d+", re.IGNORECASE)


class Kodi:
    """The token is `user:password`, as Kodi's web server wants it."""

    def __init__(self, table: NotifySettings, library: str) -> None:
        self._library = library
        url = table.url.rstrip("/")
        user, _, password = table.token.partition(":")
        auth = (user, password) if table.token else None
        self.address = Address(url if url.endswith(_RPC) else url + _RPC, auth=auth)

    def calls(self, notices: Sequence[Notice]) -> Iterator[Call]:
        folders: defaultdict[str, list[Notice]] = defaultdict(list)
        gone: list[Notice] = []
        for notice in notices:
            where = gone if notice.change is FileChange.DELETED else folders[self._show(notice)]
            where.append(notice)
        for folder, scanned in folders.items():
            yield Call(scanned, _request("VideoLibrary.Scan", {"directory": folder}))
        if gone:
            yield Call(gone, _request("VideoLibrary.Clean", {"showdialogs": False}))

    def check(self, answer: bytes) -> None:
        _check(answer, "OK")

    async def examine(self, connection: Connection) -> None:
        _check(await connection.post(_request("JSONRPC.Ping")), "pong")

    async def libraries(self, connection: Connection) -> None:
        return None

    def _show(self, notice: Notice) -> str:
        *folders, _ = notice.strm_path.split("/")
        if len(folders) > 1 and _SEASON.fullmatch(folders[-1]):
            folders.pop()
        return server_path(self._library, "/".join([*folders, ""]))


def _request(method: str, params: Mapping[str, object] | None = None) -> dict[str, object]:
    request: dict[str, object] = {"jsonrpc": "2.0", "id": 1, "method": method}
    return request if params is None else {**request, "params": params}


def _check(answer: bytes, wanted: str) -> None:
    """JSON-RPC 2.0 section 5: `result` or `error`, with status 200 either way."""
    try:
        document = json.loads(answer)
    except (ValueError, RecursionError):
        raise NotTold("it answers, but not as Kodi's JSON-RPC does") from None
    if isinstance(document, dict) and document.get("result") == wanted:
        return
    error = document.get("error") if isinstance(document, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    raise NotTold(f"it answers with JSON-RPC error {code if isinstance(code, int) else '?'}")
