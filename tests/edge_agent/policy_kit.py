"""Which books do the tests of permission and of lockd argue about?"""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from edge_agent.policy.model import Book, Time
from protocol.access import (
    Delegation,
    Grant,
    PinWish,
    Right,
    Role,
    Verb,
    Window,
    control_music,
    open_door,
    secret_hash,
)
from protocol.devices import Door, Player
from protocol.home import Thing
from protocol.house import Snapshot
from protocol.ids import GrantId, HouseId, LockId, PlayerId, RequestId, StayId
from protocol.music import MusicRules

_SPACE = UUID("6d0a6b0a-6a1f-4c58-9a2e-0f3f6a3b9f10")


def named(name: str) -> UUID:
    """The same name, the same id."""
    return uuid5(_SPACE, name)


HOUSE = HouseId(named("house"))
FRONT = LockId(named("front"))
ROOM = LockId(named("room"))
LOUDSPEAKER = PlayerId(named("loudspeaker"))
BOOKER = GrantId(named("booker"))
FRIEND = GrantId(named("friend"))
STAY = StayId(named("stay"))

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
STARTS = NOON - timedelta(days=1)
ENDS = NOON + timedelta(days=2)
STAY_WINDOW = Window(starts=STARTS, ends=ENDS)
LEASE = NOON + timedelta(hours=72)
TICK = timedelta(microseconds=1)

BOOKER_RIGHTS = (
    str(open_door(FRONT)),
    str(Right(Verb.DOOR_LOCK, FRONT)),
    str(open_door(ROOM)),
    str(control_music(LOUDSPEAKER)),
    str(Right(Verb.MUSIC_VOLUME, LOUDSPEAKER)),
    str(Right(Verb.ACCESS_APPROVE)),
)


def at(moment: datetime, *, error: timedelta = timedelta(0)) -> Time:
    """Trusted time."""
    return Time(moment, moment + error)


def no_earlier_than(moment: datetime) -> Time:
    """Time without an upper bound."""
    return Time(moment, None)


def a_grant(
    identity: GrantId = BOOKER,
    *,
    window: Window = STAY_WINDOW,
    rights: tuple[str, ...] = BOOKER_RIGHTS,
    role: Role = Role.GUEST,
    checked_in: bool = False,
    parent: GrantId | None = None,
    secret: str | None = None,
    generation: int = 1,
    max_delegations: int = 2,
    pins: tuple[PinWish, ...] = (),
    stay: StayId | None = STAY,
    private: str | None = None,
) -> Grant:
    """The booker of the stay, unless told otherwise."""
    return Grant(
        id=identity,
        stay=stay,
        parent=parent,
        generation=generation,
        role=role,
        window=window,
        rights=rights,
        checked_in=checked_in,
        lan_secret_hash=secret_hash(secret) if secret else None,
        pins=pins,
        private=private,
        max_delegations=max_delegations,
    )


def a_delegation(
    identity: GrantId = FRIEND,
    *,
    rights: tuple[str, ...] = (str(open_door(FRONT)),),
    window: Window = STAY_WINDOW,
    parent: GrantId = BOOKER,
    made_at: datetime = NOON,
    secret: str | None = None,
) -> Delegation:
    """A companion of the booker."""
    return Delegation(
        id=identity,
        request=RequestId(named(f"request-{identity}")),
        parent=parent,
        approved_by=BOOKER,
        made_at=made_at,
        window=window,
        rights=rights,
        secret_hash=secret_hash(secret or "friend"),
    )


def a_snapshot(
    *grants: Grant,
    version: int = 1,
    epoch: int = 1,
    revoked: tuple[UUID, ...] = (),
    previous: str | None = None,
    issued_at: datetime = STARTS,
    lease_until: datetime = LEASE,
    house: HouseId = HOUSE,
    zone: str = "Europe/Madrid",
    rules: MusicRules | None = None,
    things: tuple[Thing, ...] = (),
    must_understand: tuple[str, ...] = (),
) -> Snapshot:
    """A house with a front door, a room and a loudspeaker."""
    return Snapshot(
        house=house,
        epoch=epoch,
        version=version,
        issued_at=issued_at,
        lease_until=lease_until,
        previous_hash=previous,
        zone=zone,
        grants=grants,
        revoked_ids=revoked,
        doors=(
            Door(lock=FRONT, name="Front door", shared=True),
            Door(lock=ROOM, name="Room 1"),
        ),
        players=(Player(player=LOUDSPEAKER, name="Kitchen", speaker="ma-kitchen"),),
        things=things,
        music_rules=rules or MusicRules(),
        must_understand=must_understand,
    )


def a_book(
    *grants: Grant,
    delegations: tuple[Delegation, ...] = (),
    arrived: frozenset[GrantId] = frozenset(),
    revoked: tuple[UUID, ...] = (),
    lease_until: datetime = LEASE,
) -> Book:
    """The book of `a_snapshot`."""
    return Book.of(
        a_snapshot(*grants, revoked=revoked, lease_until=lease_until),
        delegations={each.id: each for each in delegations},
        arrived=arrived,
    )
