"""When a client leaves, its work ends: nothing is fetched, resolved or awaited for nobody."""

import asyncio

from starlette.types import Receive
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle


class Leaving:
    """Ends the work for one request; server/http/protocol.py says when its client has `left`.

    ASGI has a message for that, but to wait for it would cost each segment two more tasks.
    """

    __slots__ = ("_answering", "_content", "_cycle", "_has_left")

    def __init__(self, cycle: RequestResponseCycle) -> None:
        self._cycle = cycle
        self._answering: asyncio.Task[object] | None = None
        self._content: asyncio.Task[None] | None = None
        self._has_left = False

    def left(self) -> None:
        self._has_left = True
        # Else the upstream would go on sending, and its provider would count a viewer.
        if self._answering is not None:
            self._answering.cancel()

    def begin(self, receive: Receive) -> None:
        """Cancel the task that calls this once the client has left, until `complete` or `end`.

        Only for methods whose requests have no content, since any content is thrown away.
        """
        self._answering = asyncio.current_task()
        # uvicorn stops reading behind a pipelined request, and would not see the client leave.
        self._cycle.flow.resume_reading()
        # Content that nobody reads would fill the window, and hide that the client has left.
        if self._cycle.more_body:
            self._content = asyncio.create_task(_read(receive))
        if self._has_left:
            self.left()

    def took_along(self) -> bool:
        """Whether the task was cancelled because its client left; if so, undo that."""
        if self._answering is None or not self._has_left:
            return False
        self._answering.uncancel()
        return True

    def complete(self) -> None:
        """What follows the last byte is the server's own and short."""
        self._answering = None

    def end(self) -> None:
        self._answering = None
        if self._content is not None:
            self._content.cancel()


async def _read(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
