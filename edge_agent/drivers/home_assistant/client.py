"""How is one link to Home Assistant dialled, used and given up, through homeassistant-api?

The only module that imports the library. Its socket has no reader of its own: whoever reads takes
frames and errors for everybody. So there are always two, one that only listens and one that only
calls, one command at a time. A wait that is cut off has closed its socket; the pair is then
thrown away as a whole.
"""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, override

from homeassistant_api import AsyncClient, AsyncWebsocketClient, State
from homeassistant_api.errors import EndpointNotFoundError, ResponseError, UnauthorizedError
from homeassistant_api.models.websocket import FiredEvent
from niquests import AsyncSession
from pydantic import JsonValue

from edge_agent.drivers.home_assistant.states import Change, EntityState
from edge_agent.errors import (
    CalledOff,
    DeviceBusy,
    DeviceUnreachable,
    EdgeError,
    NoSuchThing,
    NotPermitted,
    OutcomeUnknown,
    TryLater,
    Unsupported,
)
from edge_agent.ports import Go, at_once

if TYPE_CHECKING:
    from edge_agent.drivers.home_assistant.config import HomeAssistantConfig

type Json = dict[str, JsonValue]

_STATE_CHANGED = "state_changed"
_CODE = re.compile(r"\[(\w+)\]")

# An answer with one of these words says that nothing was done.
_NOTHING_DONE: dict[str, tuple[type[EdgeError], str]] = {
    "not_found": (Unsupported, "service_unknown_to_server"),
    "unknown_command": (Unsupported, "command_unknown_to_server"),
    "not_supported": (Unsupported, "not_supported"),
    "invalid_format": (Unsupported, "value_refused"),
    "service_validation_error": (Unsupported, "service_refused"),
    "unauthorized": (NotPermitted, "not_permitted"),
    "not_allowed": (NotPermitted, "not_permitted"),
    "id_reuse": (TryLater, "not_understood"),
}


def silence_library() -> None:
    """Drop the library's talk, which holds states, service data and door codes; repeatable."""
    for name in ("asyncwebsocket", "basewebsocket", "asyncclient", "processing"):
        logging.getLogger(f"homeassistant_api.{name}").disabled = True


class _Socket(AsyncWebsocketClient):
    """The library's client, noticing when it last heard anything and keeping no old answers."""

    def __init__(self, config: "HomeAssistantConfig") -> None:
        self.http = _http(config.answer_limit)
        super().__init__(f"{config.url.rstrip('/')}/api/websocket", config.token, session=self.http)
        self.heard_at = asyncio.get_running_loop().time()
        self.go: Go = at_once

    @override
    async def _async_send(self, data: dict[str, JsonValue]) -> None:
        if data.get("type") == "call_service" and not self.go():
            raise CalledOff("not_wanted_any_more")
        await super()._async_send(data)

    @override
    def handle_recv(self, data: dict[str, JsonValue]) -> None:
        self.heard_at = asyncio.get_running_loop().time()
        super().handle_recv(data)

    def forget_answers(self) -> None:
        """The library keeps an entry for each command it ever sent."""
        self._result_responses.clear()
        self._event_responses.clear()
        self._ping_responses.clear()

    def forget_pings(self) -> None:
        """Pongs that nobody waits for."""
        for number in [n for n, ping in self._ping_responses.items() if ping.end is not None]:
            del self._ping_responses[number]


class Caller:
    """Asks and commands, one at a time. Living until the first wait that had to be cut off."""

    def __init__(self, socket: _Socket, config: "HomeAssistantConfig") -> None:
        self._socket = socket
        self._limit = config.answer_limit.total_seconds()
        self._turn = asyncio.Lock()
        self.broken = asyncio.Event()

    async def states(self) -> tuple[EntityState, ...]:
        """All entities the token may see."""
        return tuple(_state(s) for s in await self._ask(self._socket.get_states, acts=False))

    async def call(
        self, domain: str, service: str, data: Mapping[str, JsonValue], *, go: Go = at_once
    ) -> None:
        """Call a service and wait for its result, which proves only that the server took it.

        OutcomeUnknown when no answer came or the server says that something failed half way;
        CalledOff when `go` says no right before it is sent.
        """

        async def command() -> None:
            self._socket.go = go
            try:
                await self._socket.trigger_service(domain, service, **data)
            finally:
                self._socket.go = at_once

        await self._ask(command, acts=True)

    async def ask(self, domain: str, service: str, data: Mapping[str, JsonValue]) -> Json:
        """Call a service that answers and changes nothing."""
        return await self._ask(
            lambda: self._socket.trigger_service_with_response(domain, service, **data),
            acts=False,
        )

    async def ping(self) -> None:
        """One question and answer, so that a dead link is noticed."""
        await self._ask(self._socket.ping_latency, acts=False)

    async def _ask[T](self, command: Callable[[], Awaitable[T]], *, acts: bool) -> T:
        try:
            async with asyncio.timeout(self._limit):
                await self._turn.acquire()
        except TimeoutError:
            raise DeviceBusy("too_many_commands") from None
        try:
            if self.broken.is_set():
                raise DeviceUnreachable("link_lost")
            return await self._answered(command, acts=acts)
        finally:
            self._turn.release()

    async def _answered[T](self, command: Callable[[], Awaitable[T]], *, acts: bool) -> T:
        try:
            async with asyncio.timeout(self._limit):
                answer = await command()
        except ResponseError as refused:
            raise _refusal(refused, acts=acts) from None
        except CalledOff:
            raise
        except asyncio.CancelledError:
            self.broken.set()  # the library has closed the socket
            raise
        except Exception as error:  # noqa: BLE001 - a vendor's failures are translated, all of them
            self.broken.set()  # as above, or what it reads is nonsense
            raise _lost(error, acts=acts) from None
        finally:
            self._socket.forget_answers()
        return answer


class Listener:
    """Hears every change of state, and nothing else."""

    def __init__(self, socket: _Socket, config: "HomeAssistantConfig") -> None:
        self._socket = socket
        self._patience = config.answer_limit.total_seconds()

    async def listen(self, heard: Callable[[Change], None], *, ready: asyncio.Event) -> EdgeError:
        """Tell of each change until the link ends; the answer says why it did."""
        try:
            async with self._socket.listen_events(_STATE_CHANGED) as events:
                ready.set()
                async for event in events:
                    if isinstance(event, FiredEvent):
                        heard(_change(event))
        except Exception as error:  # noqa: BLE001 - whatever a strange server causes ends this link only
            return _link_refusal(error)
        return DeviceUnreachable("link_lost")

    async def prove_life(self) -> None:
        """Send a ping, which the listening side takes; DeviceUnreachable when nothing comes back.

        Sending while another task reads is safe, reading would not be.
        """
        before = self._socket.heard_at
        try:
            async with asyncio.timeout(self._patience):
                await self._socket.send("ping")
                while self._socket.heard_at == before:  # noqa: ASYNC110 - the library has no other sign
                    await asyncio.sleep(self._patience / 50)
        except Exception:  # noqa: BLE001 - any failure to speak is the end of the link
            raise DeviceUnreachable("no_answer") from None
        self._socket.forget_pings()


@asynccontextmanager
async def dialled(config: "HomeAssistantConfig") -> AsyncIterator[tuple[Caller, Listener]]:
    """Two links at once, hung up at the end. EdgeError says why there are none."""
    async with AsyncExitStack() as links:
        calling = await links.enter_async_context(_open(config))
        listening = await links.enter_async_context(_open(config))
        yield Caller(calling, config), Listener(listening, config)


async def look(config: "HomeAssistantConfig", entity: str) -> EntityState:
    """One entity, asked over HTTP. NoSuchThing: the server does not know it."""
    limit = config.answer_limit
    http = _http(limit)
    client = AsyncClient(f"{config.url.rstrip('/')}/api", config.token, session=http)
    try:
        async with asyncio.timeout(limit.total_seconds()):
            return _state(await client.get_state(entity_id=entity))
    except EndpointNotFoundError:
        raise NoSuchThing("no_such_entity") from None
    except Exception as error:  # noqa: BLE001 - a vendor's failures are translated, all of them
        raise _link_refusal(error) from None
    finally:
        await _close(http.close, config)


@asynccontextmanager
async def _open(config: "HomeAssistantConfig") -> AsyncIterator[_Socket]:
    socket = _Socket(config)
    try:
        try:
            async with asyncio.timeout(config.ready_limit.total_seconds()):
                await socket.__aenter__()
        except Exception as error:  # noqa: BLE001 - a vendor's failures are translated, all of them
            raise _link_refusal(error) from None
        yield socket
    finally:
        await _close(lambda: socket.__aexit__(None, None, None), config)
        await _close(socket.http.close, config)


async def _close(hang_up: Callable[[], Awaitable[None]], config: "HomeAssistantConfig") -> None:
    try:
        async with asyncio.timeout(config.close_limit.total_seconds()):
            await hang_up()
    except Exception:  # noqa: BLE001, S110 - gone is gone; the library fails on what was never open
        pass


def _http(limit: timedelta) -> AsyncSession:
    """No proxy from the environment, and no redirect: it would carry the token elsewhere."""
    silence_library()
    http = AsyncSession(disable_http2=True, disable_http3=True, timeout=limit.total_seconds() * 10)
    http.trust_env = False
    http.max_redirects = 0
    return http


def _state(told: State) -> EntityState:
    return EntityState(told.entity_id, told.state, told.attributes, told.last_updated)


def _change(event: FiredEvent) -> Change:
    entity, now = event.data.get("entity_id"), event.data.get("new_state")
    state = None if now is None else _state(State.from_json(now))
    return Change(str(entity), state)


def _refusal(refused: ResponseError, *, acts: bool) -> EdgeError:
    """The server's own words are dropped: they are not written by us."""
    code = _CODE.match(str(refused))
    meaning = _NOTHING_DONE.get(code[1]) if code else None
    if meaning is not None:
        kind, reason = meaning
        return kind(reason)
    return OutcomeUnknown("service_failed") if acts else TryLater("service_failed")


def _lost(error: Exception, *, acts: bool) -> EdgeError:
    reason = "no_answer" if isinstance(error, TimeoutError) else "link_lost"
    return OutcomeUnknown(reason) if acts else TryLater(reason)


def _link_refusal(error: Exception) -> EdgeError:
    if isinstance(error, UnauthorizedError):
        return NotPermitted("token_refused")
    if isinstance(error, TimeoutError):
        return DeviceUnreachable("no_answer")
    if isinstance(error, OSError):  # niquests' own errors are of this family
        return DeviceUnreachable("no_connection")
    return DeviceUnreachable("link_lost")
