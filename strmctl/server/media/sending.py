"""Says when bytes of an answer have gone out, which is when a healing or a play counts."""

from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_MEDIA_FOLLOWS = (200, 206)


class Sending:
    """`sent` is called after each piece of the body of an answer that brings what was asked for."""

    def __init__(self, answer: ASGIApp, sent: Callable[[], None]) -> None:
        self._answer = answer
        self._sent = sent

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        brings = False

        async def watch(message: Message) -> None:
            nonlocal brings
            await send(message)
            if message["type"] == "http.response.start":
                brings = message["status"] in _MEDIA_FOLLOWS and scope["method"] != "HEAD"
            elif brings and message.get("body"):
                self._sent()

        await self._answer(scope, receive, watch)
