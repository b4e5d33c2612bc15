"""A client that leaves takes its work along: nothing is fetched, resolved or awaited for nobody."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_WITHOUT_BODY = ("GET", "HEAD")


class UntilTheClientLeaves:
    """Cancels the answer to a client that has left before its end.

    Only of methods whose requests have no body, since this reads what would bring it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # A POST's body and its disconnect come through the same channel.
        if scope["type"] != "http" or scope["method"] not in _WITHOUT_BODY:
            await self._app(scope, receive, send)
            return
        is_complete = False

        async def watch(message: Message) -> None:
            nonlocal is_complete
            is_complete = message["type"] == "http.response.body" and not message.get("more_body")
            await send(message)

        answering = asyncio.ensure_future(self._app(scope, receive, watch))
        # Without it an upstream goes on sending to nobody, and a provider counts that as a viewer.
        leaving = asyncio.create_task(_disconnect(receive))
        try:
            await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if is_complete:  # What follows the last byte is the server's own and short.
                await asyncio.wait({answering})
        finally:
            leaving.cancel()
            answering.cancel()
            await asyncio.wait({answering, leaving})
        if not answering.cancelled():
            answering.result()


async def _disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
