"""Who may call lockd, and how do calls reach the desks?

The kernel says which user is at the other end of the socket; everybody else is turned away.
"""

import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import structlog
from aiohttp import web
from pydantic import ValidationError

from edge_agent.doorkeeper import CloudGate, GuestGate, HomeGate, MusicGate, StateGate, Word
from edge_agent.errors import EdgeError, StopGranting
from edge_agent.lock_socket import calls
from edge_agent.lock_socket.calls import Call, Trouble

_log = structlog.get_logger("portero.lockd")

_MAX_BODY = 1024 * 1024
_SHUTDOWN_SECONDS = 2.0
_PEER = struct.Struct("3i")
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Gates:
    """The desks behind the socket."""

    cloud: CloudGate
    guests: GuestGate
    music: MusicGate
    home: HomeGate
    state: StateGate


class LockServer:
    """Serves the gates on a unix socket. `on_fatal` hears once storage cannot be trusted."""

    def __init__(
        self,
        gates: Gates,
        *,
        allowed_uids: frozenset[int],
        on_fatal: Callable[[StopGranting], None],
    ) -> None:
        self._gates = gates
        self._allowed = allowed_uids
        self._on_fatal = on_fatal
        self._app = web.Application(client_max_size=_MAX_BODY, middlewares=[self._only_known])
        self._route_all()

    @contextlib.asynccontextmanager
    async def serving(self, path: Path) -> AsyncIterator[None]:
        """Listen while entered. A socket left over from a dead lockd is replaced."""
        _make_room(path)
        runner = web.AppRunner(self._app, access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS)
        await runner.setup()
        try:
            await web.UnixSite(runner, str(path)).start()
            _let_group_in(path)
            yield
        finally:
            await runner.cleanup()
            _make_room(path)

    def _route_all(self) -> None:
        cloud, guests, music = self._gates.cloud, self._gates.guests, self._gates.music
        self._add(calls.TAKE, lambda a: cloud.take(a.channel, a.frame))
        self._add(calls.COMMAND, lambda a: cloud.take(a.channel, a.frame))
        self._add(calls.STATUS, lambda a: cloud.status(online=a.online, session=a.session))
        self._add(calls.QUERY, lambda _: cloud.query())
        self._add(calls.CONFIGURATION, lambda a: cloud.configuration(running=a.version))
        self._add(calls.FACTS, lambda a: cloud.facts(limit=a.limit))
        self._add(calls.REWIND_FACTS, lambda _: cloud.rewind_facts())
        self._add(calls.WAIT_FOR_FACTS, lambda a: cloud.wait_for_facts(timeout_seconds=a.seconds))
        self._add(calls.PERMIT, lambda a: music.permit(a.token, a.verb, a.player))
        self._add(calls.PERMIT_RELAYED, lambda a: music.permit_relayed(a.body))
        self._add(calls.SIGN_MUSIC_ANSWER, lambda a: music.sign_music_answer(a.body))
        self._add(calls.STAYS, lambda _: music.stays())
        self._add(calls.STAYS_HEARD, lambda a: music.stays_heard(began=a.began, ended=a.ended))
        self._add(calls.PERMIT_THING, lambda a: self._gates.home.permit_thing(a.token, a.ask))
        self._add(calls.NEWS, lambda _: self._gates.home.news())
        self._add(calls.STATE, lambda _: self._gates.state.state())
        self._route_guests(guests)

    def _route_guests(self, guests: GuestGate) -> None:
        self._add(calls.SIGN_IN, lambda a: guests.sign_in(a.secret))
        self._add(calls.SIGN_OUT, lambda a: guests.sign_out(a.secret))
        self._add(calls.VIEW, lambda a: guests.view(a.secret))
        self._add(
            calls.MOVE,
            lambda a: guests.move(a.token, a.lock, a.move, a.attempt, not_after=a.not_after),
        )
        self._add(
            calls.ATTEMPT, lambda a: guests.attempt(a.token, a.attempt, wait_seconds=a.seconds)
        )
        self._add(calls.MAY_JOIN, lambda a: guests.may_join(a.secret))
        self._add(calls.JOIN, lambda a: guests.join(a.join_code, name=a.name, wants=a.wants))
        self._add(calls.REQUEST_STATE, lambda a: guests.request_state(a.secret))
        self._add(
            calls.DECIDE_REQUEST,
            lambda a: guests.decide_request(a.token, a.request, approve=a.approve),
        )
        self._add(calls.END_DELEGATION, lambda a: guests.end_delegation(a.token, a.delegation))
        self._add(calls.DECLARE_TIME, lambda a: guests.declare_time(a.token, a.moment))

    def _add[A: Word, R](self, call: Call[A, R], answer: Callable[[A], Awaitable[R]]) -> None:
        async def handle(request: web.Request) -> web.Response:
            try:
                arguments = call.arguments.model_validate_json(await request.read())
            except ValidationError:
                return _trouble("BadArguments", call.name, status=400)
            try:
                found = await answer(arguments)
            except StopGranting as error:
                self._on_fatal(error)
                return _trouble("StopGranting", error.reason, status=503)
            except EdgeError as error:
                return _trouble(type(error).__name__, error.reason, status=409)
            return web.Response(body=call.answer.dump_json(found), content_type="application/json")

        self._app.router.add_post(f"/{call.name}", handle)

    @web.middleware
    async def _only_known(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        uid = _peer_uid(request)
        if uid not in self._allowed:
            _log.warning("peer_refused", uid=uid)
            return _trouble("NotPermitted", "peer_refused", status=403)
        try:
            return await handler(request)
        except web.HTTPException:
            raise
        except Exception:  # noqa: BLE001 - the door of the process: logged once, told as unknown
            _log.exception("call_failed", call=request.path)
            return _trouble("OutcomeUnknown", "call_failed", status=500)


def _make_room(path: Path) -> None:
    path.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)


def _let_group_in(path: Path) -> None:
    """The agent may run as another user of our group; the kernel's word decides in the end."""
    path.chmod(0o660)


def _trouble(error: str, reason: str, *, status: int) -> web.Response:
    body = Trouble(error=error, reason=reason).model_dump_json()
    return web.Response(text=body, status=status, content_type="application/json")


def _peer_uid(request: web.Request) -> int | None:
    """The user at the other end, by the kernel's word; None when it cannot be told."""
    transport = request.transport
    peer = None if transport is None else transport.get_extra_info("socket")
    if peer is None:
        return None
    raw = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
    _pid, uid, _gid = _PEER.unpack(raw)
    return int(uid)
