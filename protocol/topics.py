"""Under which MQTT topic does a message travel?

`portero/<house>/down/<channel>` from the cloud, `portero/<house>/up/<channel>` from the house: one
pattern rule for a broker's access list (`portero/%u/up/#` write, `portero/%u/down/#` read).
"""

from enum import StrEnum
from uuid import UUID

from protocol.ids import HouseId

PREFIX = "portero"
_DEPTH = 4


class Down(StrEnum):
    """Cloud to house. SNAPSHOT, KEYS and CONFIG are retained, nothing else is."""

    SNAPSHOT = "snapshot"
    KEYS = "keys"
    CURRENT = "current"
    ASK = "ask"
    COMMAND = "command"
    MUSIC = "music"
    RECEIPT = "receipt"
    AGAIN = "again"
    CONFIG = "config"
    LOOK = "look"


class Up(StrEnum):
    """House to cloud. STATUS is retained and is the last will."""

    STATUS = "status"
    ACK = "ack"
    CURRENT = "current"
    NONCE = "nonce"
    OUTCOME = "outcome"
    MUSIC = "music"
    FACTS = "facts"


RETAINED: frozenset[Down | Up] = frozenset({Down.SNAPSHOT, Down.KEYS, Down.CONFIG, Up.STATUS})


def down(house: HouseId, channel: Down) -> str:
    """Topic of a message to one house."""
    return f"{PREFIX}/{house}/down/{channel.value}"


def up(house: HouseId, channel: Up) -> str:
    """Topic of a message from one house."""
    return f"{PREFIX}/{house}/up/{channel.value}"


def all_down(house: HouseId) -> str:
    """What a house subscribes to."""
    return f"{PREFIX}/{house}/down/+"


def all_up() -> str:
    """What a courier subscribes to."""
    return f"{PREFIX}/+/up/+"


def parse_up(topic: str) -> tuple[HouseId, Up] | None:
    """House and channel of an uplink topic; None when it is not exactly one of ours."""
    parts = topic.split("/")
    if len(parts) != _DEPTH or parts[0] != PREFIX or parts[2] != "up":
        return None
    try:
        house, channel = HouseId(UUID(parts[1])), Up(parts[3])
    except ValueError:
        return None
    return (house, channel) if topic == up(house, channel) else None


def parse_down(topic: str, house: HouseId) -> Down | None:
    """The channel of a topic for this very house; None for anything else."""
    for channel in Down:
        if topic == down(house, channel):
            return channel
    return None
