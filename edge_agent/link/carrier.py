"""What is done with each frame that came down, and which answer goes up?

The agent judges nothing: lockd verifies and answers. Bad frames are counted and change nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

import structlog

from edge_agent.actions.explain import explain
from edge_agent.actions.own_life import DISPUTED
from edge_agent.doorkeeper import CloudGate, Taken
from edge_agent.errors import EdgeError, TryLater
from edge_agent.link.broker import Letter, StoodDown
from edge_agent.link.counters import LinkCounters
from protocol.envelope import MAX_ENVELOPE_BYTES, Flaw
from protocol.ids import HouseId
from protocol.topics import RETAINED, Down, Up, parse_down, up

_log = structlog.get_logger("portero.link")

ANSWERS: Final = {
    Down.SNAPSHOT: Up.ACK,
    Down.CURRENT: Up.CURRENT,
    Down.ASK: Up.NONCE,
    Down.COMMAND: Up.OUTCOME,
    Down.MUSIC: Up.MUSIC,
}
"""On which channel the reply to a frame goes up."""

_TAKE_SECONDS = 60.0
_RETRIES = 10
_RETRY_SECONDS = 1.0

Send = Callable[[Letter], Awaitable[None]]


class MusicDesk(Protocol):
    """Carries out music that the cloud relayed."""

    async def relayed(self, frame: bytes) -> Taken:
        """Decide, do, and answer with a signed frame; or the flaw."""


class Carrier:
    """Carries frames of one house between broker and lockd."""

    def __init__(
        self, house: HouseId, *, gate: CloudGate, music: MusicDesk, counters: LinkCounters
    ) -> None:
        self._house = house
        self._gate = gate
        self._music = music
        self._counters = counters
        self._waits_for_keys: bytes | None = None

    def sort(self, letter: Letter) -> Down | None:
        """The channel of a letter worth carrying; anything else is counted here and forgotten."""
        channel = parse_down(letter.topic, self._house)
        if channel is None:
            self._counters.refuse("other", "unknown_channel")
            return None
        self._counters.received[channel.value] += 1
        flaw = _flaw_at_sight(channel, letter)
        if flaw is None:
            return channel
        self._counters.refuse(channel.value, flaw)
        return None

    async def carry(self, channel: Down, frame: bytes, send: Send) -> None:
        """One frame, to its end. Raises LinkLost only; StoodDown where another is this house."""
        try:
            async with asyncio.timeout(_TAKE_SECONDS):
                taken = await self._take(channel, frame)
        except (EdgeError, TimeoutError) as error:
            reason = error.reason if isinstance(error, EdgeError) else "timeout"
            self._counters.refuse(channel.value, "not_taken", reason=reason)
            return
        except Exception as error:  # noqa: BLE001 - a door of the process: one frame must not end the line
            self._counters.refuse(channel.value, "failed")
            _log.error("frame_failed", channel=channel.value, bug=explain(error))
            return
        if channel is Down.CURRENT and taken.reason == DISPUTED:
            raise StoodDown(DISPUTED)
        await self._answer(channel, taken, send)
        await self._keys_may_help(channel, frame, taken, send)

    async def _take(self, channel: Down, frame: bytes) -> Taken:
        if channel is Down.MUSIC:
            return await self._music.relayed(frame)
        if channel in RETAINED:
            return await self._take_patiently(channel, frame)
        return await self._gate.take(channel.value, frame)

    async def _take_patiently(self, channel: Down, frame: bytes) -> Taken:
        """A retained frame is sent once a connection, so wait for a lockd that is restarting."""
        for _ in range(_RETRIES):
            try:
                return await self._gate.take(channel.value, frame)
            except TryLater:
                await asyncio.sleep(_RETRY_SECONDS)
        return await self._gate.take(channel.value, frame)

    async def _answer(self, channel: Down, taken: Taken, send: Send) -> None:
        if taken.flaw is not None:
            self._counters.refuse(channel.value, taken.flaw.value, reason=taken.reason)
        answer = ANSWERS.get(channel)
        if taken.reply is not None and answer is not None:
            await send(Letter(up(self._house, answer), taken.reply))

    async def _keys_may_help(self, channel: Down, frame: bytes, taken: Taken, send: Send) -> None:
        """Retained frames come in any order: a snapshot before its keys is offered again."""
        if channel is Down.SNAPSHOT:
            self._waits_for_keys = frame if taken.flaw is Flaw.UNKNOWN_KEY else None
        elif channel is Down.KEYS and taken.flaw is None and self._waits_for_keys is not None:
            waiting, self._waits_for_keys = self._waits_for_keys, None
            await self.carry(Down.SNAPSHOT, waiting, send)


def _flaw_at_sight(channel: Down, letter: Letter) -> str | None:
    if not letter.payload:
        return "empty"
    if len(letter.payload) > MAX_ENVELOPE_BYTES:
        return Flaw.TOO_LARGE.value
    if letter.retained and channel not in RETAINED:
        return "retained"
    return None
