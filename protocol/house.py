"""What does the cloud want of a house, and where does the house stand?"""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field, NonNegativeInt, PositiveInt, StringConstraints

from protocol.access import Grant
from protocol.base import Instant, KeyHex, Sha256Hex, ShortText, Wire
from protocol.configuration import ConfigurationHeld
from protocol.devices import Door, Player
from protocol.home import MOST_THINGS, Thing
from protocol.ids import HouseId
from protocol.life import Life, LifeId
from protocol.music import MusicRules
from protocol.version import VERSION

MAX_SNAPSHOT_BYTES = 256 * 1024
"""A whole signed snapshot, header and all."""

Nonce = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
"""16 random bytes as hex."""


def _is_none(value: str | None) -> bool:
    return value is None


class Snapshot(Wire):
    """The whole book of one house. The kid that signs it stands in the envelope.

    Order is (epoch, version), strictly rising; `previous_hash` is the SHA-256 of the previous
    version's whole envelope, None for the first of an epoch. `lease_until`: how long arrivals are
    admitted without hearing more. `name`: what people call the house. `config_version`: the newest
    configuration meant for it (`protocol.configuration`); 0 for none.
    """

    house: HouseId
    epoch: PositiveInt
    version: PositiveInt
    issued_at: Instant
    lease_until: Instant
    previous_hash: Sha256Hex | None = None
    name: str | None = Field(default=None, max_length=200)
    zone: ShortText
    grants: tuple[Grant, ...] = Field(max_length=2000)
    revoked_ids: tuple[UUID, ...] = Field(default=(), max_length=5000)
    doors: tuple[Door, ...] = Field(default=(), max_length=100)
    players: tuple[Player, ...] = Field(default=(), max_length=100)
    things: tuple[Thing, ...] = Field(default=(), max_length=MOST_THINGS)
    music_rules: MusicRules = MusicRules()
    config_version: NonNegativeInt = 0
    must_understand: tuple[str, ...] = ()


class Position(Wire):
    """Which snapshot a side holds: order and the SHA-256 of the envelope."""

    epoch: PositiveInt
    version: PositiveInt
    hash: Sha256Hex


class AckResult(StrEnum):
    """What became of a snapshot in the house."""

    APPLIED = "applied"
    ALREADY_APPLIED = "already_applied"
    REFUSED = "refused"


class SnapshotAck(Wire):
    """The house's signed word on one snapshot: only APPLIED and ALREADY_APPLIED prove delivery.

    `offered_hash` names what was offered; `position` is what the house holds afterwards.
    """

    house: HouseId
    result: AckResult
    offered_hash: Sha256Hex
    position: Position | None
    reason: str | None = Field(default=None, max_length=100)
    at: Instant


class ClockState(StrEnum):
    """How far the house trusts its time."""

    TRUSTED = "trusted"
    TIME_UNKNOWN = "time_unknown"


class HouseStatus(Wire):
    """Retained, and the last will with `online` false. `session` is fresh for each connection."""

    house: HouseId
    online: bool
    session: Nonce
    at: Instant
    protocol: PositiveInt = VERSION
    software: ShortText = "unknown"
    position: Position | None = None
    key_document: NonNegativeInt = 0
    clock: ClockState = ClockState.TIME_UNKNOWN
    facts_through: NonNegativeInt = 0
    facts_acknowledged: NonNegativeInt = 0
    life: Life | None = None


class CurrentQuery(Wire):
    """What is current? Asked at connect and every 60 s; the nonce also fetches signed time.

    `proof`: the `prove` of an answer to this very life: it is alive now, not a message of long ago.
    """

    house: HouseId
    nonce: Nonce
    position: Position | None
    key_document: NonNegativeInt
    facts_through: NonNegativeInt
    facts_head: Sha256Hex | None = None
    life: Life | None = None
    proof: Nonce | None = None
    configuration: ConfigurationHeld | None = None


class CurrentAnswer(Wire):
    """The cloud's answer to one nonce: its time, and what should be held.

    `prove`: ask once more with this, for two devices seem to speak as this house. `rival`: the life
    that is this house's device now, where it is not the one that asked. Both are on the wire only
    where they say something.
    """

    house: HouseId
    nonce: Nonce
    now: Instant
    position: Position | None
    key_document: NonNegativeInt
    facts_received: NonNegativeInt
    prove: Nonce | None = Field(default=None, exclude_if=_is_none)
    rival: LifeId | None = Field(default=None, exclude_if=_is_none)


class HouseIdentity(Wire):
    """The public half of a house: made on the device, registered once at its claim."""

    house: HouseId
    signing_key: KeyHex
    sealing_key: KeyHex
    software: ShortText = "unknown"


def house_kid(house: UUID) -> str:
    """The kid a house signs with."""
    return f"house-{house.hex[:12]}"
