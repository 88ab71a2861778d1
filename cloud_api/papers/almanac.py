"""How does a stay stand in the guest's own calendar? RFC 5545, RFC 5546.

Hours are the house's own, with the zone's rules in the file. The same booking keeps one UID for
ever; each change of it has a higher SEQUENCE, so that a calendar moves its entry, or strikes it.
"""

from datetime import UTC, date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event

from cloud_api.papers.tongues import tongue_of
from cloud_api.papers.types import StayFacts
from cloud_api.reservations.types import UNCONFIRMED, Status

_STRUCK: Final = frozenset({Status.CANCELLED, Status.REJECTED, Status.EXPIRED, Status.NO_SHOW})


def calendar(facts: StayFacts, *, now: datetime) -> bytes:
    """The stay as one entry."""
    whole = Calendar()
    whole.add("prodid", "-//Portero//Stays//EN")
    whole.add("version", "2.0")
    whole.add("method", "CANCEL" if facts.status in _STRUCK else "PUBLISH")
    whole.add_component(_event(facts, now=now))
    whole.add_missing_timezones()
    return bytes(whole.to_ical())


def _event(facts: StayFacts, *, now: datetime) -> Event:
    tongue = tongue_of(facts.language)
    event = Event()
    event.add("uid", f"{facts.reservation_id}@portero")
    event.add("sequence", facts.version)
    event.add("dtstamp", now.astimezone(UTC))
    event.add("dtstart", _local(facts.check_in, facts.check_in_from, facts.zone))
    event.add("dtend", _local(facts.check_out, facts.check_out_until, facts.zone))
    plain = tongue.catalogue.gettext
    event.add("summary", plain("Your stay at {house}").format(house=facts.property_name))
    event.add("description", plain("Booking {code}").format(code=facts.code))
    if facts.address:
        event.add("location", facts.address)
    event.add("status", _status(facts.status))
    event.add("transp", "TRANSPARENT" if facts.status in _STRUCK else "OPAQUE")
    return event


def _status(status: Status) -> str:
    if status in _STRUCK:
        return "CANCELLED"
    return "TENTATIVE" if status in UNCONFIRMED else "CONFIRMED"


def _local(day: date, hour: time, zone: str) -> datetime:
    return datetime.combine(day, hour, ZoneInfo(zone))
