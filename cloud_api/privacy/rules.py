"""Which tables speak of guests, who tells and forgets them, and which need neither, and why?

A test compares this with the tables there are: a table that looks as if it spoke of a guest and
is in neither list fails it.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

COVERED: Final[Mapping[str, str]] = {
    "clients": "clients",
    "client_contacts": "clients",
    "client_accounts": "clients",
    "client_sessions": "clients",
    "client_codes": "clients",
    "reservations": "reservations",
    "access_grants": "access",
    "access_guest_sessions": "access",
    "access_requests": "access",
    "fleet_grants": "fleet",
    "files": "files",
    "messages": "messaging",
    "messages_received": "messaging",
    "message_preferences": "messaging",
    "folios": "payments",
    "payments": "payments",
    "payment_notices": "payments",
    "papers": "papers",
    "cards": "papers",
    "contracts": "papers",
    "loyalty_members": "crm",
    "points_entries": "crm",
    "client_achievements": "crm",
    "referral_rankings": "crm",
    "contest_entries": "crm",
}
"""Table: the room whose `service` has `export_person` and `erase_person` for it."""

EXEMPT: Final[Mapping[str, str]] = {
    "access_offline_codes": "digits of an ended stay; no name, and the grant's is erased",
    "access_pins": "digits are unique at a lock for ever; no name, and the grant's is erased",
    "fleet_commands": "which grant moved which lock: a record of the house, without a name",
    "fleet_issued": "what was signed for which stay, without a name",
    "fleet_music_asks": "cleared every hour, without a name",
    "occupancies": "nights of a space; the booking's person is erased",
    "reservation_units": "units of a booking; the booking's person is erased",
    "erasures": "that somebody was forgotten and when, by an id that leads nowhere",
    "folio_lines": "amounts and what they are for; the folio's person is erased",
    "payment_vouchers": "names a file; files tell and forget it when its own time is over",
    "payment_refunds": "an amount and why; the payment's person is erased",
    "payment_matters": "what staff have to settle about money; no name",
    "value_cards": "value that whoever has the code may spend; it is nobody's by name",
    "messaging_settings": "how often an organisation writes at most; no person",
    "discount_code_uses": "that a code was used for a stay; the booking's person is erased",
    "letter_calls": "that a letter is due to a stay, for some days; no name, no address",
    "rearrangements": "which stays were moved where; the bookings' people are erased",
    "achievements": "what can be reached, as staff call it",
    "staff": "the organisation's own people, not its guests",
    "organisations": "the organisation itself",
    "properties": "the organisation's own places",
}
"""Table: why nothing of a guest is told or forgotten there."""


def kept_until(check_out: date, days: int) -> datetime:
    """The instant a file of this stay goes: the end of that day everywhere on earth."""
    day = datetime.combine(check_out, time(), UTC) + timedelta(days=days)
    return day + timedelta(days=1, hours=12)
