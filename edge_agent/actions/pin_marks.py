"""How do PINs stay recognised when the key of their fingerprints changes?

Earlier versions keyed fingerprints with the device key itself. A fingerprint that no longer fits
would look like other digits: the same PIN would be written anew and then taken out of the lock.
"""

import hmac
from collections.abc import Iterable
from dataclasses import replace
from hashlib import sha256

from edge_agent.actions.keeping import KeptPin, Pins
from edge_agent.actions.means import Means
from protocol.access import pin_context
from protocol.ids import LockId
from protocol.sealing import SealError


def fingerprint(key: bytes, digits: str) -> str:
    """Keyed, so that the few possible PINs cannot be tried against a stolen file."""
    return hmac.digest(key, f"pin|{digits}".encode(), sha256).hex()


def renew_fingerprints(
    means: Means, pins: Pins, locks: Iterable[LockId], *, former_key: bytes
) -> int:
    """Give PINs that were marked under the former key their mark of today; how many."""
    known = [pin for lock in locks for pin in pins.at_lock(lock)]
    renewed = [pin for pin in known if _renewed(means, pins, pin, former_key)]
    return len(renewed)


def _renewed(means: Means, pins: Pins, pin: KeptPin, former_key: bytes) -> bool:
    context = pin_context(means.house, pin.grant, pin.lock)
    try:
        digits = means.sealing.open(pin.box, context=context).decode("ascii")
    except (SealError, UnicodeDecodeError):
        return False
    if pin.fingerprint != fingerprint(former_key, digits):
        return False
    pins.put(replace(pin, fingerprint=fingerprint(means.mac_key, digits)))  # then the old one goes
    pins.drop(pin)
    return True
