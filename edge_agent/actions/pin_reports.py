"""What is put on record of a PIN, and when is it worth telling?"""

from edge_agent.actions.keeping import KeptPin
from edge_agent.actions.pin_wishes import UNREADABLE
from protocol.access import Window
from protocol.facts import Alarmed, PinMoved, PinNext, PinState
from protocol.ids import LockId


def moved(pin: KeptPin, next_step: PinNext | None, *, new_life: bool) -> PinMoved:
    """Where it stands. A new life carries the sealed digits, for a house that loses its memory."""
    return PinMoved(
        credential=pin.credential,
        grant=pin.grant,
        lock=pin.lock,
        state=pin.state,
        reason=pin.reason,
        next=next_step,
        window=Window(starts=pin.starts, ends=pin.ends),
        held=pin.held,
        mark=None if pin.fingerprint == UNREADABLE else pin.fingerprint,
        box=pin.box if new_life else None,
    )


def needs_a_human(pin: KeptPin, next_step: PinNext | None) -> tuple[Alarmed, ...]:
    """Told to the host once, when it begins to be theirs."""
    if next_step is not PinNext.NEEDS_A_HUMAN:
        return ()
    detail = f"{pin.lock} {pin.state.value} {pin.reason or ''}".strip()
    return (Alarmed(name="pin_needs_a_human", detail=detail),)


def without_pin(lock: LockId, reason: str) -> Alarmed:
    """A guest's working PIN was to be changed, and nobody knows whether one works now."""
    return Alarmed(name="guest_may_be_without_pin", detail=f"{lock} {reason}"[:500])


def worth_telling(before: KeptPin | None, after: KeptPin) -> bool:
    """Has anything changed that a person would see?"""
    return before is None or _seen(before) != _seen(after)


def _seen(pin: KeptPin) -> tuple[PinState, str | None, object, object, object]:
    return pin.state, pin.reason, pin.starts, pin.ends, pin.held
