"""Kodi's library as Kodi 20 keeps it: OK to everything, done later, dropped where one is running.

Seen of Kodi 20.1: a scan that comes while another runs ends that one and is not done itself; a
clean-up is not done while anything runs; the flag is up when the call has been answered.
"""

import base64
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from system.notify.servers import KODI_TOKEN, Asked, Reply

_LOOKS = 3
"""So often the flag is seen up before the work is done."""


@dataclass(slots=True)
class KodiLibrary:
    """`folder` is its source; `refuses` are folders whose scan is answered with an error, and
    `stacked` is the URL of a film in several files."""

    folder: Path
    shown: set[str] = field(default_factory=set)
    refuses: set[str] = field(default_factory=set)
    has_content: bool = True
    stacked: str = ""
    done: list[str] = field(default_factory=list)
    _work: str = ""
    _looks: int = 0

    def speaks(self, asked: Asked) -> Reply:
        expected = "Basic " + base64.b64encode(KODI_TOKEN.encode()).decode()
        if asked.fields.get("authorization") != expected:
            return Reply(401)
        call = asked.body
        result = self._answer(call["method"], call.get("params", {}))
        key = "error" if isinstance(result, dict) and "code" in result else "result"
        return Reply(200, {"jsonrpc": "2.0", "id": call["id"], key: result})

    def _answer(self, method: str, params: dict[str, Any]) -> Any:
        match method:
            case "JSONRPC.Ping":
                return "pong"
            case "VideoLibrary.Scan":
                return self._scan(params["directory"])
            case "VideoLibrary.Clean":
                if not self._work:
                    self._begin("clean")
                return "OK"
            case "XBMC.GetInfoBooleans":
                self._pass()
                return {name: bool(self._work) for name in params["booleans"]}
            case "VideoLibrary.GetEpisodes" | "VideoLibrary.GetMovies":
                return self._listed(method, params["filter"])
        return {"code": -32601, "message": "Method not found."}

    def _scan(self, directory: str) -> Any:
        if directory in self.refuses:
            return {"code": -32100, "message": "Failed to execute method."}
        if self._work:
            self._work = ""
        else:
            self._begin(directory)
        return "OK"

    def _begin(self, work: str) -> None:
        self._work, self._looks = work, _LOOKS

    def _pass(self) -> None:
        self._looks -= 1
        if not self._work or self._looks > 0:
            return
        if self._work == "clean":
            self.shown = {path for path in self.shown if Path(path).exists()}
        elif self.has_content:
            self.shown |= {str(path) for path in Path(self._work).rglob("*.strm")}
        self.done.append(self._work)
        self._work = ""

    def _listed(self, method: str, given: dict[str, str]) -> dict[str, Any]:
        assert (given["field"], given["operator"]) == ("path", "startswith")
        is_film = method == "VideoLibrary.GetMovies"
        found = [
            {"file": path, "label": Path(path).stem}
            for path in sorted(self.shown)
            if path.startswith(given["value"]) and ("S01E" not in path) is is_film
        ]
        if is_film and self.stacked:
            found.append({"file": self.stacked, "label": "in parts"})
        key = "movies" if is_film else "episodes"
        return {key: found, "limits": {"start": 0, "end": len(found), "total": len(found)}}
