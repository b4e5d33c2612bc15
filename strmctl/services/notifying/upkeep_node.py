"""A player node hands over what it has seen to play to the node that keeps the library's database.

No viewer waits for that. What cannot be handed over yet waits, of each title the newest, and of
very many titles the oldest is dropped: the upkeep node's own probes find the same, later.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from strmctl.discreet import Discreet
from strmctl.domain.identity import Identity
from strmctl.domain.mapping import Resolution
from strmctl.newest import Newest
from strmctl.services.notifying.connection import Address, Connection, UndeliveredError
from strmctl.services.observer import Proven, unproven
from strmctl.services.threads import in_thread
from strmctl.settings.model import Role, ServeSettings, Settings
from strmctl.storage.database.rows import time_text

_PATH = "/api/v1/resolutions"
_WAITING = 1000
_REMEMBERED = 10_000
_TIMEOUT = 5.0
_AT_THE_END = 1.0
_PAUSES = (1.0, 2.0, 5.0, 15.0, 60.0)
_LINE_EVERY = 60.0
_FOR_GOOD = frozenset({400, 404, 413, 422})
"""It would answer the same again."""

log = logging.getLogger(__name__)


class _Proof(Discreet, frozen=True):
    hidden = ("resolution",)

    identity: Identity
    resolution: Resolution
    healed: bool

    def body(self) -> dict[str, object]:
        """As server/api/models.py takes it."""
        link = self.resolution
        return {
            **self.identity.fields(),
            "url": link.url,
            "headers": dict(link.headers),
            "provider_used": link.provider,
            "resolved_at": time_text(link.resolved_at),
            "expires_at": time_text(link.expires_at),
            "happened": "healed" if self.healed else "played",
        }


class _Waiting:
    """What is to be handed over; `add` never waits."""

    def __init__(self) -> None:
        self._proofs: Newest[Identity, _Proof] = Newest(_WAITING)
        self._last: Newest[Identity, Resolution] = Newest(_REMEMBERED)
        self._some = asyncio.Event()

    def add(self, proof: _Proof) -> bool:
        """False where there are too many, and the oldest one was dropped."""
        # Each segment proves it anew.
        if self._last.get(proof.identity) == proof.resolution or not proof.resolution.resolved_at:
            return True
        self._last.put(proof.identity, proof.resolution)
        self._some.set()
        return self._proofs.put(proof.identity, proof)

    async def first(self) -> _Proof:
        await self._some.wait()
        return next(iter(self._proofs.values()))

    def over(self, proof: _Proof) -> None:
        """Nothing is left to do for it; a newer one of its title, which came meanwhile, stays."""
        if self._proofs.get(proof.identity) is proof:
            del self._proofs[proof.identity]
        if not self._proofs:
            self._some.clear()

    def __bool__(self) -> bool:
        return bool(self._proofs)


class _Lines:
    """One a minute at most, and the same one not twice before something went well."""

    def __init__(self) -> None:
        self._last = ""
        self._free_at = 0.0

    def say(self, text: str) -> None:
        now = time.monotonic()
        if text == self._last or now < self._free_at:
            return
        self._last, self._free_at = text, now + _LINE_EVERY
        log.warning("the upkeep node (serve.upkeep_url): %s", text)

    def went_well(self) -> None:
        self._last = ""


class _UpkeepNode:
    def __init__(self, address: Address) -> None:
        self._address = address
        self._waiting = _Waiting()
        self._lines = _Lines()
        self._ending = asyncio.Event()
        self._connection: Connection | None = None

    def proven(self, identity: Identity, resolution: Resolution, *, healed: bool) -> None:
        if not self._waiting.add(_Proof(identity, resolution, healed)):
            self._lines.say(f"more than {_WAITING} titles wait for it: the oldest are dropped")

    async def hand_over(self) -> None:
        """Until it is cancelled, or once `end` was called, until nothing more can be done."""
        failures = 0
        async with AsyncExitStack() as stack:
            while self._waiting or not self._ending.is_set():
                proof = await self._waiting.first()
                try:
                    await self._send(proof, stack)
                except UndeliveredError as error:
                    if self._is_over(proof, error):
                        continue
                    # The first failure may be a connection that was closed while nobody used it.
                    if failures:
                        self._lines.say(_advice(error))
                    pause = _PAUSES[min(failures, len(_PAUSES) - 1)]
                    failures += 1
                    if await self._ends_within(max(pause, min(error.retry_after or 0, 60.0))):
                        return
                else:
                    failures = 0
                    self._lines.went_well()
                    self._waiting.over(proof)

    async def end(self, task: "asyncio.Task[None]") -> None:
        self._ending.set()
        if self._waiting:
            await asyncio.wait({task}, timeout=_AT_THE_END)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def _send(self, proof: _Proof, stack: AsyncExitStack) -> None:
        """Raises UndeliveredError."""
        if self._connection is None:
            # It reads all certificates that are believed.
            made = await in_thread(Connection, self._address, timeout=_TIMEOUT)
            self._connection = await stack.enter_async_context(made)
        try:
            async with asyncio.timeout(_TIMEOUT):
                await self._connection.confirm(proof.body(), _PATH)
        except TimeoutError:
            raise UndeliveredError(f"no answer within {_TIMEOUT:g} s") from None

    def _is_over(self, proof: _Proof, error: UndeliveredError) -> bool:
        if error.status not in _FOR_GOOD:
            return False
        why = " (no such mapping, or another service)" if error.status == 404 else ""
        self._lines.say(f"it does not take {proof.identity}: {error}{why}")
        self._waiting.over(proof)
        return True

    async def _ends_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                return await self._ending.wait()
        except TimeoutError:
            return False


def _advice(error: UndeliveredError) -> str:
    advice = ": set the same serve.admin_token on all nodes" if error.refused else ""
    return f"{error}{advice}: what plays here waits for it"


def address(serve: ServeSettings) -> Address:
    token = {"Authorization": f"Bearer {serve.admin_token}"} if serve.admin_token else {}
    return Address(serve.upkeep_url, token)


@asynccontextmanager
async def upkeep_node(settings: Settings) -> AsyncIterator[Proven]:
    """Hears of what plays, for as long as it is open; does nothing where it is not a player node
    that knows its upkeep node."""
    serve = settings.serve
    if serve.role is not Role.PLAYER or not serve.upkeep_url:
        yield unproven
        return
    node = _UpkeepNode(address(serve))
    task = asyncio.create_task(node.hand_over(), name="upkeep node")
    try:
        yield node.proven
    finally:
        await node.end(task)
