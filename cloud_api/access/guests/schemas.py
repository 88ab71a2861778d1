"""How does a stay look to its guest?"""

from datetime import datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import BaseModel

from cloud_api.access.emergency.schemas import GuestEmergencyOut
from cloud_api.access.guests.rules import lan_words
from cloud_api.access.guests.types import LanWay, StayPage
from cloud_api.access.rules import pin_words
from cloud_api.access.types import Guest, Holder, KeyState
from cloud_api.properties.types import LockPlace, PlayerPlace
from protocol.access import Verb

_ON_DOORS = (Verb.DOOR_OPEN, Verb.DOOR_LOCK)
_ON_PLAYERS = (Verb.MUSIC_CONTROL, Verb.MUSIC_VOLUME, Verb.MUSIC_QUEUE)


class DoorOut(BaseModel):
    """A door of the stay; `pin_state` null where the holder has no PIN, `pin_words` for people.

    `pin_reason` is `former_pin_not_proven_gone` while somebody's former PIN may open it too.
    """

    lock_id: UUID
    name: str
    shared: bool
    may_open: bool
    may_lock: bool
    pin_state: str | None
    pin_reason: str | None = None
    pin_words: str | None = None

    @classmethod
    def of(cls, lock: LockPlace, page: StayPage) -> Self:
        """As its guest may know it."""
        state, reason = page.pin_states.get(lock.id), page.pin_reasons.get(lock.id)
        return cls(
            lock_id=lock.id,
            name=lock.name,
            shared=lock.shared,
            may_open=page.guest.may(Verb.DOOR_OPEN, lock.id),
            may_lock=page.guest.may(Verb.DOOR_LOCK, lock.id),
            pin_state=state,
            pin_reason=reason,
            pin_words=None if state is None else pin_words(state, reason),
        )


class StayPlayerOut(BaseModel):
    """A player of the stay."""

    player_id: UUID
    name: str
    may_control: bool
    may_set_volume: bool
    may_queue: bool

    @classmethod
    def of(cls, player: PlayerPlace, guest: Guest) -> Self:
        """As its guest may know it."""
        return cls(
            player_id=player.id,
            name=player.name,
            may_control=guest.may(Verb.MUSIC_CONTROL, player.id),
            may_set_volume=guest.may(Verb.MUSIC_VOLUME, player.id),
            may_queue=guest.may(Verb.MUSIC_QUEUE, player.id),
        )


class LanWayOut(BaseModel):
    """The same stay in the house itself, for a link to follow as a whole page, never to fetch.

    `reason` says when: `house_offline` now, `cloud_slow` once a tap has waited
    `offer_after_seconds`. `words` in the guest's language.
    """

    links: list[str]
    reason: Literal["house_offline", "cloud_slow"]
    offer_after_seconds: int
    words: str

    @classmethod
    def of(cls, way: LanWay, language: str) -> Self:
        """As its guest reads it."""
        return cls(
            links=list(way.links),
            reason=way.reason,
            offer_after_seconds=way.offer_after_seconds,
            words=lan_words(way, language),
        )


class StayOut(BaseModel):
    """What the guest's page shows. Secrets in it are the holder's own."""

    grant_id: UUID
    holder: Holder
    name: str
    language: str
    house: str
    zone: str
    starts: datetime
    ends: datetime
    doors: list[DoorOut]
    players: list[StayPlayerOut]
    pin: str | None
    lan_secret: str
    join_code: str | None
    key_state: KeyState
    house_online: bool
    lan: LanWayOut | None
    emergency_codes: list[GuestEmergencyOut]

    @classmethod
    def of(cls, page: StayPage) -> Self:
        """Only doors and players the grant names."""
        guest = page.guest
        return cls(
            grant_id=guest.grant_id,
            holder=guest.holder,
            name=page.name,
            language=guest.language,
            house=page.layout.name,
            zone=page.layout.zone,
            starts=guest.starts,
            ends=guest.ends,
            doors=[
                DoorOut.of(lock, page)
                for lock in page.layout.locks
                if any(guest.may(verb, lock.id) for verb in _ON_DOORS)
            ],
            players=[
                StayPlayerOut.of(player, guest)
                for player in page.layout.players
                if any(guest.may(verb, player.id) for verb in _ON_PLAYERS)
            ],
            pin=page.pin,
            lan_secret=page.lan_secret,
            join_code=page.join_code,
            key_state=page.key,
            house_online=page.house_online,
            lan=None if page.lan is None else LanWayOut.of(page.lan, guest.language),
            emergency_codes=[
                GuestEmergencyOut.of(code, language=guest.language) for code in page.emergency_codes
            ],
        )
