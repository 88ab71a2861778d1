"""What follows from what is desired: what changed, how long a revocation may stay unheard?"""

import json
from datetime import datetime, timedelta
from uuid import UUID

from cloud_api.fleet.types import (
    LONGEST_LEASE_SECONDS,
    SHORTEST_LEASE_SECONDS,
    DeliveryState,
    DesiredGrant,
    Sender,
)
from protocol.base import Wire
from protocol.envelope import EnvelopeError, Flaw, Kind, Opened, open_envelope, read_body
from protocol.house import Position, house_kid

_SILENCE = timedelta(seconds=150)


def canonical(grant: DesiredGrant) -> str:
    """Everything a house would see of a grant, in one spelling. Holds PINs: hash it, keyed."""
    return json.dumps(
        [
            str(grant.house_id),
            str(grant.stay_id),
            str(grant.parent),
            grant.generation,
            grant.role.value,
            grant.starts.timestamp(),
            grant.ends.timestamp(),
            sorted(grant.rights),
            grant.checked_in,
            grant.lan_secret_hash,
            grant.max_delegations,
            grant.name,
            grant.language,
            sorted(
                (
                    str(pin.credential),
                    str(pin.lock),
                    pin.starts.timestamp(),
                    pin.ends.timestamp(),
                    pin.digits,
                )
                for pin in grant.pins
            ),
        ]
    )


def words_place(grant: UUID) -> str:
    """Where in the vault a grant's private words rest."""
    return f"fleet|{grant}|words"


def pin_place(grant: UUID, credential: UUID) -> str:
    """Where in the vault a PIN rests."""
    return f"fleet|{grant}|{credential}"


def allowed_lease(seconds: int) -> int:
    """The lease an owner may set: 1 h to 14 d; outside, the nearest."""
    return max(SHORTEST_LEASE_SECONDS, min(LONGEST_LEASE_SECONDS, seconds))


def renewal_after(lease_seconds: int) -> timedelta:
    """A new version goes out at least this often, even without changes."""
    return timedelta(seconds=lease_seconds) / 6


def delivery_state(
    *, enrolled: bool, frozen: bool, dirty: bool, wanted: Position | None, held: Position | None
) -> DeliveryState:
    """DELIVERED only when nothing is waiting to be built and the house proved the newest."""
    if not enrolled:
        return DeliveryState.NOT_ENROLLED
    if frozen:
        return DeliveryState.FROZEN
    if dirty or wanted is None or wanted != held:
        return DeliveryState.PENDING
    return DeliveryState.DELIVERED


def is_there(*, online: bool, last_seen: datetime | None, now: datetime) -> bool:
    """A house says a word at least once a minute; silence for longer means it is away."""
    return online and last_seen is not None and now - last_seen < _SILENCE


def open_from_house(sender: Sender, frame: bytes, kind: Kind) -> Opened:
    """Check that this very house signed a message of this kind. Raises EnvelopeError."""
    kid = house_kid(sender.house_id)
    return open_envelope(frame, kind, lambda named: sender.signing_key if named == kid else None)


def read_from_house[M: Wire](sender: Sender, frame: bytes, kind: Kind, message: type[M]) -> M:
    """The body of a message this house signed about itself. Raises EnvelopeError."""
    body = read_body(open_from_house(sender, frame, kind), message)
    refuse_other_house(sender, getattr(body, "house", None))
    return body


def refuse_other_house(sender: Sender, house: UUID | None) -> None:
    """Raises EnvelopeError(WRONG_HOUSE) when the body speaks of another house."""
    if house != sender.house_id:
        raise EnvelopeError(Flaw.WRONG_HOUSE)
