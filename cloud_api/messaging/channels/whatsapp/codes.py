"""What do the codes of Meta's errors ask us to do?

https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
"""

from cloud_api.messaging.channels.post import Mishap

# Seconds to wait where Meta does not say how many. One message in 6 s to the same person is the
# documented pair rate; the limits of applications and accounts are counted by the hour.
BUSY_SECONDS = {
    4: 300.0,
    80007: 300.0,
    130429: 30.0,
    131056: 6.0,
    131016: 60.0,
    131057: 300.0,
    133004: 60.0,
}

# This person will not be reached this way.
REFUSED = {
    130472: Mishap.HELD_BACK,
    131021: Mishap.INVALID_ADDRESS,
    131026: Mishap.UNDELIVERABLE,
    131049: Mishap.HELD_BACK,
    131050: Mishap.OPTED_OUT,
    131062: Mishap.UNDELIVERABLE,
}

TEMPLATE_NEEDED = 131047

# "Perhaps it was done, perhaps not": unknown errors of Meta's own.
UNSURE = frozenset({1, 2, 131000})


def reason_of(code: int | None) -> str:
    """Our word for a code, or the code itself."""
    if code == TEMPLATE_NEEDED:
        return Mishap.TEMPLATE_NEEDED
    return REFUSED[code] if code in REFUSED else str(code or "")
