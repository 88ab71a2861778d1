"""Which doors and players does a house have, by the names people know them?"""

from protocol.base import ShortText, Wire
from protocol.ids import LockId, PlayerId


class Door(Wire):
    """A lock with its name. Keys and addresses of locks live in the house alone."""

    lock: LockId
    name: ShortText
    shared: bool = False


class Player(Wire):
    """A speaker; `speaker` is its id at the music server."""

    player: PlayerId
    name: ShortText
    speaker: ShortText
