"""Which grants go into a snapshot, and does the result fit?"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from cloud_api.fleet.errors import SnapshotTooLargeError
from cloud_api.fleet.rules import renewal_after
from cloud_api.fleet.snapshots.types import HouseCells, StoredGrant
from protocol.access import Grant, PinWish, Role, Window
from protocol.devices import Door, Player
from protocol.home import Thing
from protocol.house import MAX_SNAPSHOT_BYTES, Snapshot
from protocol.ids import CredentialId, GrantId, HouseId, LockId, StayId
from protocol.music import MusicRules

HORIZON = timedelta(days=60)
"""Upcoming stays are sent this long ahead, less where they do not fit."""

HEADER_BYTES = 300
"""More than any envelope's header."""

MAX_GRANTS = 2000
MOST_REVOKED = 2000
"""Some 80 kB. Whoever lets companions in and out all day must not stop the book being built."""


def is_due(house: HouseCells, *, now: datetime) -> bool:
    """Something changed, or the lease wants renewing."""
    if house.dirty or house.issued_at is None:
        return True
    return now >= house.issued_at + renewal_after(house.lease_seconds)


def horizons(lease_seconds: int) -> Iterator[timedelta]:
    """How far ahead to try, farthest first; never less than the lease and one renewal."""
    shortest = timedelta(seconds=lease_seconds) + renewal_after(lease_seconds)
    horizon = HORIZON
    while horizon > shortest:
        yield horizon
        horizon /= 2
    yield shortest


def within(
    grants: Sequence[StoredGrant], *, now: datetime, horizon: timedelta
) -> tuple[StoredGrant, ...]:
    """Active grants, and those that begin before the horizon."""
    return tuple(each for each in grants if each.ends > now and each.starts < now + horizon)


def grant_on_the_wire(stored: StoredGrant, boxes: Mapping[str, str]) -> Grant:
    """As signed. `boxes`: sealed words by `words` or by credential."""
    return Grant(
        id=GrantId(stored.id),
        stay=None if stored.stay_id is None else StayId(stored.stay_id),
        parent=None if stored.parent is None else GrantId(stored.parent),
        generation=stored.generation,
        role=Role(stored.role),
        window=Window(starts=stored.starts, ends=stored.ends),
        rights=tuple(stored.rights),
        checked_in=stored.checked_in,
        lan_secret_hash=stored.lan_secret_hash,
        pins=tuple(
            PinWish(
                credential=CredentialId(UUID(str(pin["credential"]))),
                lock=LockId(UUID(str(pin["lock"]))),
                window=Window(
                    starts=datetime.fromisoformat(str(pin["from"])),
                    ends=datetime.fromisoformat(str(pin["until"])),
                ),
                box=boxes[str(pin["credential"])],
            )
            for pin in stored.pins
        ),
        private=boxes.get("words"),
        max_delegations=stored.max_delegations,
    )


def assemble(
    house: HouseCells, *, grants: Sequence[Grant], revoked: Sequence[UUID], now: datetime
) -> bytes:
    """The exact JSON bytes of the next version. Raises SnapshotTooLargeError."""
    if len(grants) > MAX_GRANTS:
        raise SnapshotTooLargeError(MAX_SNAPSHOT_BYTES)
    snapshot = Snapshot(
        house=HouseId(house.house_id),
        epoch=house.epoch,
        version=house.version + 1,
        issued_at=now,
        lease_until=now + timedelta(seconds=house.lease_seconds),
        previous_hash=house.head_hash,
        name=house.name[:200],
        zone=house.zone,
        grants=tuple(grants),
        revoked_ids=tuple(revoked),
        doors=tuple(Door.model_validate(each) for each in house.doors),
        players=tuple(Player.model_validate(each) for each in house.players),
        things=tuple(Thing.model_validate(each) for each in house.things),
        music_rules=MusicRules.model_validate(house.music_rules),
        config_version=house.config_version,
    )
    body = snapshot.to_bytes()
    if len(body) + HEADER_BYTES > MAX_SNAPSHOT_BYTES:
        raise SnapshotTooLargeError(len(body))
    return body


def frame_hash(frame: bytes) -> str:
    """What `previous_hash` and acknowledgements name."""
    return sha256(frame).hexdigest()
