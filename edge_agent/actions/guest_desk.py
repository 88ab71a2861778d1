"""What do people in the house see and do? The GuestGate, served."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from edge_agent.actions.companions import Companions
from edge_agent.actions.hear_time import declare_time
from edge_agent.actions.keeping import Pins
from edge_agent.actions.lock_room import LockRoom
from edge_agent.actions.means import Means
from edge_agent.actions.move_door import MOVE_SECONDS, MoveDoor, Tap
from edge_agent.actions.sessions import Doorstep
from edge_agent.doorkeeper import (
    Attempt,
    DoorView,
    Joined,
    PlayerRights,
    Refused,
    RequestState,
    RequestView,
    SignedIn,
    StayView,
)
from edge_agent.policy.decide import alive, decide
from edge_agent.policy.model import Allowed, Wish
from protocol.access import (
    Delegation,
    Grant,
    PrivateWords,
    Refusal,
    Right,
    Role,
    Verb,
    pin_context,
    private_context,
)
from protocol.devices import Door, Player
from protocol.facts import PinState, Via
from protocol.ids import AttemptId, GrantId, LockId, RequestId
from protocol.live import Move, Outcome
from protocol.sealing import SealError

_LONGEST_WAIT_SECONDS = 30.0
_CLOCKS_APART_SECONDS = 0.5
"""A phone reckons our clock coarsely; further ahead than this it is the clock of another boot."""
_PINS_SHOWN_BEFORE = timedelta(days=2)


class GuestDesk:
    """People on the LAN; see GuestGate."""

    def __init__(
        self,
        means: Means,
        *,
        doorstep: Doorstep,
        doors: MoveDoor,
        companions: Companions,
        rooms: dict[LockId, LockRoom],
        pins: Pins,
    ) -> None:
        self._means = means
        self._doorstep = doorstep
        self._doors = doors
        self._companions = companions
        self._rooms = rooms
        self._pins = pins

    async def sign_in(self, secret: str) -> SignedIn | Refused:
        """See GuestGate."""
        return await self._doorstep.sign_in(secret)

    async def sign_out(self, token: str) -> None:
        """See GuestGate."""
        self._doorstep.sign_out(token)

    async def view(self, token: str) -> StayView | Refused:
        """See GuestGate."""
        who = self._doorstep.who(token)
        return who if isinstance(who, Refused) else self._view(who)

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
        who = self._doorstep.who(token)
        if isinstance(who, Refused):
            return Attempt(
                attempt=attempt,
                lock=lock,
                move=move,
                outcome=Outcome.REFUSED,
                refusal=who.refusal,
            )
        now = self._means.time.boot_seconds()
        latest = now + MOVE_SECONDS
        wanted = latest if not_after is None else not_after
        in_time = now < wanted <= latest + _CLOCKS_APART_SECONDS
        tap = Tap(
            attempt=attempt,
            grant=who.id,
            lock=lock,
            move=move,
            via=Via.LAN,
            deadline=min(wanted, latest),
            refusal=None if in_time else Refusal.TOO_LATE,
        )
        return self._doors.start(tap)

    async def attempt(
        self, token: str, attempt: AttemptId, *, wait_seconds: float
    ) -> Attempt | Refused:
        """See GuestGate."""
        who = self._doorstep.who(token)
        if isinstance(who, Refused):
            return who
        found = self._doors.find(attempt, who.id)
        if found is not None and found.outcome is None:
            wait = min(max(wait_seconds, 0.0), _LONGEST_WAIT_SECONDS)
            await self._doors.ended(attempt, wait_seconds=wait)
            found = self._doors.find(attempt, who.id)
        return found or Refused(refusal=Refusal.UNKNOWN_TARGET)

    async def may_join(self, join_code: str) -> Refused | None:
        """See GuestGate."""
        if self._companions.parent_of_code(join_code) is not None:
            return None
        await self._doorstep.slow_down()
        return Refused(refusal=Refusal.UNKNOWN_GRANT)

    async def join(self, join_code: str, *, name: str, wants: tuple[str, ...]) -> Joined | Refused:
        """See GuestGate."""
        parent = self._companions.parent_of_code(join_code)
        if parent is None:
            await self._doorstep.slow_down()
            return Refused(refusal=Refusal.UNKNOWN_GRANT)
        return self._companions.ask(parent, name=name, wants=wants)

    async def request_state(self, secret: str) -> RequestState | Refused:
        """See GuestGate."""
        state = self._companions.state(secret)
        if isinstance(state, Refused):
            await self._doorstep.slow_down()
        return state

    async def decide_request(
        self, token: str, request: RequestId, *, approve: bool
    ) -> RequestView | Refused:
        """See GuestGate."""
        who = self._approver(token)
        if isinstance(who, Refused):
            return who
        return self._companions.decide(who, request, approve=approve)

    async def end_delegation(self, token: str, delegation: GrantId) -> Refused | None:
        """See GuestGate."""
        who = self._approver(token)
        return who if isinstance(who, Refused) else self._companions.end(who, delegation)

    async def declare_time(self, token: str, moment: datetime) -> Refused | None:
        """See GuestGate."""
        who = self._doorstep.who(token)
        if isinstance(who, Refused):
            return who
        refusal = declare_time(self._means, who.id, moment)
        return None if refusal is None else Refused(refusal=refusal)

    def _approver(self, token: str) -> Grant | Refused:
        who = self._doorstep.who(token)
        if isinstance(who, Delegation):
            return Refused(refusal=Refusal.NO_SUCH_RIGHT)
        return who

    def _view(self, who: Grant | Delegation) -> StayView:
        means = self._means
        book = means.ledger.book
        refusal = alive(book, who.id, means.time.now())
        approves = isinstance(who, Grant) and self._may(who, Right(Verb.ACCESS_APPROVE))
        return StayView(
            clock=means.time.boot_seconds(),
            grant=who.id,
            role=who.role if isinstance(who, Grant) else Role.COMPANION,
            name=self._name(who),
            house=None if book.snapshot is None else book.snapshot.name,
            language=self._words(who).language,
            zone="UTC" if book.snapshot is None else book.snapshot.zone,
            starts=who.window.starts,
            ends=who.window.ends,
            usable=refusal is None,
            refusal=refusal,
            doors=tuple(self._door(who, door) for door in self._doors_of(who)),
            players=player_rights(means, who),
            may_approve=approves,
            join_code=self._companions.join_code(who)
            if isinstance(who, Grant) and approves
            else None,
            requests=self._companions.views(who) if isinstance(who, Grant) and approves else (),
        )

    def _doors_of(self, who: Grant | Delegation) -> Iterator[Door]:
        snapshot = self._means.ledger.book.snapshot
        for door in () if snapshot is None else snapshot.doors:
            rights = {str(Right(Verb.DOOR_OPEN, door.lock)), str(Right(Verb.DOOR_LOCK, door.lock))}
            if rights & set(who.rights):
                yield door

    def _door(self, who: Grant | Delegation, door: Door) -> DoorView:
        room = self._rooms.get(door.lock)
        pin, state = self._pin(who, door.lock) if isinstance(who, Grant) else (None, None)
        return DoorView(
            lock=door.lock,
            name=door.name,
            shared=door.shared,
            may_open=self._may(who, Right(Verb.DOOR_OPEN, door.lock)),
            may_lock=self._may(who, Right(Verb.DOOR_LOCK, door.lock)),
            bolt="unknown" if room is None else room.last.bolt.value,
            battery_percent=None if room is None else room.last.battery_percent,
            pin=pin,
            pin_state=None if state is None else state.value,
        )

    def _may(self, who: Grant | Delegation, right: Right) -> bool:
        means = self._means
        wish = Wish(who.id, right)
        return isinstance(decide(means.ledger.book, wish, means.time.now()), Allowed)

    def _pin(self, grant: Grant, lock: LockId) -> tuple[str | None, PinState | None]:
        """The digits for the stay's own page, soon before and during the stay."""
        means = self._means
        soon = means.time.now().earliest >= grant.window.starts - _PINS_SHOWN_BEFORE
        for wish in grant.pins if soon else ():
            if wish.lock == lock:
                context = pin_context(means.house, grant.id, lock)
                try:
                    digits = means.sealing.open(wish.box, context=context).decode()
                except (SealError, UnicodeDecodeError):
                    return None, PinState.FAILED
                states = [
                    each.state
                    for each in self._pins.of_grant(grant.id)
                    if each.credential == wish.credential and each.lock == lock and each.wanted
                ]
                return digits, states[0] if states else PinState.WANTED
        return None, None

    def _words(self, who: Grant | Delegation) -> PrivateWords:
        if isinstance(who, Grant) and who.private is not None:
            context = private_context(self._means.house, who.id)
            try:
                plain = self._means.sealing.open(who.private, context=context)
                return PrivateWords.from_bytes(plain, tolerant=True)
            except (SealError, ValueError):
                pass  # a page without a name is better than none
        return PrivateWords(name="")

    def _name(self, who: Grant | Delegation) -> str | None:
        if isinstance(who, Delegation):
            return self._companions.name(who.request)
        return self._words(who).name or None


def player_rights(means: Means, who: Grant | Delegation) -> tuple[PlayerRights, ...]:
    """The players this person has any right to now."""
    snapshot = means.ledger.book.snapshot
    players = () if snapshot is None else snapshot.players
    found = (_player(means, who, each) for each in players)
    return tuple(
        each for each in found if each.may_control or each.may_set_volume or each.may_queue
    )


def _player(means: Means, who: Grant | Delegation, player: Player) -> PlayerRights:
    def may(verb: Verb) -> bool:
        wish = Wish(who.id, Right(verb, player.player))
        return isinstance(decide(means.ledger.book, wish, means.time.now()), Allowed)

    return PlayerRights(
        player=player.player,
        name=player.name,
        speaker=player.speaker,
        may_control=may(Verb.MUSIC_CONTROL),
        may_set_volume=may(Verb.MUSIC_VOLUME),
        may_queue=may(Verb.MUSIC_QUEUE),
    )
