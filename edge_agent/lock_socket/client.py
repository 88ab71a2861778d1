"""How does the agent reach lockd? All five gates of `edge_agent.doorkeeper`, over the socket."""

from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import UUID

import aiohttp
from pydantic import ValidationError

from edge_agent import errors
from edge_agent.doorkeeper import (
    Attempt,
    Configuration,
    HouseNews,
    HouseState,
    Joined,
    MusicHandBack,
    MusicPermit,
    Refused,
    RequestState,
    RequestView,
    SignedIn,
    StayView,
    Taken,
    ThingPermit,
    Word,
)
from edge_agent.errors import DeviceUnreachable, EdgeError, OutcomeUnknown
from edge_agent.lock_socket import calls
from edge_agent.lock_socket.calls import LONGEST_WAIT_SECONDS, Call, Trouble
from protocol.home import HomeVerb
from protocol.ids import AttemptId, GrantId, LockId, PlayerId, RequestId
from protocol.live import Move
from protocol.topics import Down

_OK = 200
_KNOWN_ERRORS: dict[str, type[EdgeError]] = {
    name: found
    for name, found in vars(errors).items()
    if isinstance(found, type) and issubclass(found, EdgeError)
}


class LockdClient:
    """CloudGate, GuestGate, MusicGate, HomeGate and StateGate of the lockd behind a socket.

    DeviceUnreachable: lockd is away, and asking again is safe. OutcomeUnknown: it went away in the
    middle of something that must not be repeated blindly. Use as an async context manager.
    """

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        connector = aiohttp.UnixConnector(path=str(self._socket), limit=256)
        self._http = aiohttp.ClientSession("http://lockd", connector=connector)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._http is not None:
            await self._http.close()
            self._http = None

    # CloudGate

    async def take(self, channel: str, frame: bytes) -> Taken:
        """See CloudGate."""
        call = calls.COMMAND if channel == Down.COMMAND else calls.TAKE
        return await self._ask(call, calls.Frame(channel=channel, frame=frame))

    async def status(self, *, online: bool, session: str) -> bytes:
        """See CloudGate."""
        return await self._ask(calls.STATUS, calls.Session(online=online, session=session))

    async def query(self) -> bytes:
        """See CloudGate."""
        return await self._ask(calls.QUERY, calls.Nothing())

    async def configuration(self, *, running: int) -> Configuration:
        """See CloudGate."""
        return await self._ask(calls.CONFIGURATION, calls.Running(version=running))

    async def facts(self, *, limit: int) -> bytes | None:
        """See CloudGate."""
        return await self._ask(calls.FACTS, calls.Limit(limit=limit))

    async def rewind_facts(self) -> None:
        """See CloudGate."""
        await self._ask(calls.REWIND_FACTS, calls.Nothing())

    async def wait_for_facts(self, *, timeout_seconds: float) -> bool:
        """See CloudGate."""
        wait = calls.Wait(seconds=_bounded(timeout_seconds))
        return await self._ask(calls.WAIT_FOR_FACTS, wait, waits=wait.seconds)

    # GuestGate

    async def sign_in(self, secret: str) -> SignedIn | Refused:
        """See GuestGate."""
        return await self._ask(calls.SIGN_IN, calls.Secret(secret=secret[:200]))

    async def sign_out(self, token: str) -> None:
        """See GuestGate."""
        await self._ask(calls.SIGN_OUT, calls.Secret(secret=token[:200]))

    async def view(self, token: str) -> StayView | Refused:
        """See GuestGate."""
        return await self._ask(calls.VIEW, calls.Secret(secret=token[:200]))

    async def move(
        self,
        token: str,
        lock: LockId,
        move: Move,
        attempt: AttemptId,
        *,
        not_after: float | None = None,
    ) -> Attempt:
        """See GuestGate."""
        wish = calls.MoveDoorWish(
            token=token[:200], lock=lock, move=move, attempt=attempt, not_after=not_after
        )
        return await self._ask(calls.MOVE, wish)

    async def attempt(
        self, token: str, attempt: AttemptId, *, wait_seconds: float
    ) -> Attempt | Refused:
        """See GuestGate."""
        seconds = _bounded(wait_seconds)
        question = calls.AttemptQuestion(token=token[:200], attempt=attempt, seconds=seconds)
        return await self._ask(calls.ATTEMPT, question, waits=seconds)

    async def may_join(self, join_code: str) -> Refused | None:
        """See GuestGate."""
        return await self._ask(calls.MAY_JOIN, calls.Secret(secret=join_code[:200]))

    async def join(self, join_code: str, *, name: str, wants: tuple[str, ...]) -> Joined | Refused:
        """See GuestGate."""
        wish = calls.JoinWish(join_code=join_code[:200], name=name[:200], wants=wants[:20])
        return await self._ask(calls.JOIN, wish)

    async def request_state(self, secret: str) -> RequestState | Refused:
        """See GuestGate."""
        return await self._ask(calls.REQUEST_STATE, calls.Secret(secret=secret[:200]))

    async def decide_request(
        self, token: str, request: RequestId, *, approve: bool
    ) -> RequestView | Refused:
        """See GuestGate."""
        decision = calls.RequestDecision(token=token[:200], request=request, approve=approve)
        return await self._ask(calls.DECIDE_REQUEST, decision)

    async def end_delegation(self, token: str, delegation: GrantId) -> Refused | None:
        """See GuestGate."""
        end = calls.DelegationEnd(token=token[:200], delegation=delegation)
        return await self._ask(calls.END_DELEGATION, end)

    async def declare_time(self, token: str, moment: datetime) -> Refused | None:
        """See GuestGate."""
        said = calls.TimeWord(token=token[:200], moment=moment)
        return await self._ask(calls.DECLARE_TIME, said)

    # MusicGate

    async def permit(self, token: str, verb: str, player: PlayerId | None) -> MusicPermit:
        """See MusicGate."""
        wish = calls.MusicWish(token=token[:200], verb=verb[:40], player=player)
        return await self._ask(calls.PERMIT, wish)

    async def permit_relayed(self, frame: bytes) -> tuple[MusicPermit, bytes | None] | Taken:
        """See MusicGate."""
        return await self._ask(calls.PERMIT_RELAYED, calls.Body(body=frame))

    async def sign_music_answer(self, body: bytes) -> bytes:
        """See MusicGate."""
        return await self._ask(calls.SIGN_MUSIC_ANSWER, calls.Body(body=body))

    async def stays(self) -> MusicHandBack:
        """See MusicGate."""
        return await self._ask(calls.STAYS, calls.Nothing())

    async def stays_heard(self, *, began: tuple[UUID, ...], ended: tuple[UUID, ...]) -> None:
        """See MusicGate."""
        await self._ask(calls.STAYS_HEARD, calls.HeardStays(began=began, ended=ended))

    # HomeGate

    async def permit_thing(self, token: str, ask: HomeVerb) -> ThingPermit:
        """See HomeGate."""
        wish = calls.ThingWish(token=token[:200], ask=ask)
        return await self._ask(calls.PERMIT_THING, wish)

    async def news(self) -> HouseNews:
        """See HomeGate."""
        return await self._ask(calls.NEWS, calls.Nothing())

    # StateGate

    async def state(self) -> HouseState:
        """See StateGate."""
        return await self._ask(calls.STATE, calls.Nothing())

    async def _ask[A: Word, R](self, call: Call[A, R], arguments: A, *, waits: float = 0.0) -> R:
        if self._http is None:
            raise DeviceUnreachable("lockd_client_closed")
        body = arguments.model_dump_json()
        timeout = aiohttp.ClientTimeout(total=call.seconds + waits, sock_connect=2.0)
        try:
            async with self._http.post(f"/{call.name}", data=body, timeout=timeout) as response:
                answer = await response.read()
                if response.status != _OK:
                    raise _told(answer)
        except aiohttp.ClientConnectorError:
            raise DeviceUnreachable("lockd_unreachable") from None
        except (aiohttp.ClientError, TimeoutError):
            error = DeviceUnreachable if call.repeatable else OutcomeUnknown
            raise error("lockd_silent") from None
        return call.answer.validate_json(answer)


def _told(answer: bytes) -> EdgeError:
    try:
        trouble = Trouble.model_validate_json(answer)
    except ValidationError:
        return OutcomeUnknown("lockd_garbled")
    return _KNOWN_ERRORS.get(trouble.error, OutcomeUnknown)(trouble.reason)


def _bounded(seconds: float) -> float:
    return min(max(seconds, 0.0), LONGEST_WAIT_SECONDS)
