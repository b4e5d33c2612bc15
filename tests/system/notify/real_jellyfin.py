"""Jellyfin's and Emby's library as they keep it: 204 to every path, looked at a minute later."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import parse_qs, urlsplit

from system.notify.servers import TOKEN, Asked, Reply

ROOT = "/media/strm"


@dataclass(slots=True)
class JellyfinLibrary:
    """`shown` are the files of its items; what it was told waits in `heard` for `looks`.

    `only_query` is an Emby that has what it documents alone; `tells_as` the folder that clients
    are told in place of `root`.
    """

    shown: set[str] = field(default_factory=set)
    heard: list[dict[str, str]] = field(default_factory=list)
    root: str = ROOT
    only_query: bool = False
    tells_as: str = ""

    def looks(self) -> None:
        for update in self.heard:
            if not update["Path"].startswith(self.root + "/"):
                continue
            if update["UpdateType"] == "Deleted":
                self.shown.discard(update["Path"])
            else:
                self.shown.add(update["Path"])
        self.heard.clear()

    def speaks(self, asked: Asked) -> Reply:
        fields = asked.fields
        if TOKEN not in fields.get("authorization", "") + fields.get("x-emby-token", ""):
            return Reply(401)
        parts = urlsplit(asked.path)
        match asked.method, parts.path:
            case "POST", "/Library/Media/Updated":
                self.heard += asked.body["Updates"]
                return Reply(204)
            case "GET", "/System/Info":
                return Reply(200, {"ServerName": "tv", "Version": "10.11.0"})
            case "GET", "/Library/VirtualFolders" if not self.only_query:
                return Reply(200, self._folders())
            case "GET", "/Library/VirtualFolders/Query" if self.only_query:
                return Reply(200, {"Items": self._folders(), "TotalRecordCount": 1})
            case "GET", "/Items":
                asks = {name: values[-1] for name, values in parse_qs(parts.query).items()}
                return Reply(200, self._page(asks))
        return Reply(404)

    def _folders(self) -> list[dict[str, object]]:
        return [{"Name": "All", "Locations": [self.root], "ItemId": self.root}]

    def _page(self, asks: dict[str, str]) -> dict[str, Any]:
        """Items below a parent: shows and films of a library, episodes of a show."""
        items = sorted(set(self._below(asks["ParentId"], asks["Recursive"] == "true")))
        start, limit = int(asks["StartIndex"]), int(asks["Limit"])
        root = self.tells_as or self.root
        page = [
            {"Id": path, "Path": root + path.removeprefix(self.root), "Type": "x"}
            for path in items[start : start + limit]
        ]
        return {"Items": page, "TotalRecordCount": len(items), "StartIndex": start}

    def _below(self, parent: str, recursive: bool) -> Iterator[str]:
        for path in self.shown:
            inner = PurePosixPath(path)
            if not inner.is_relative_to(parent) or path == parent:
                continue
            if recursive or "S01E" not in path:
                yield path
            else:
                yield f"{parent}/{inner.relative_to(parent).parts[0]}"
