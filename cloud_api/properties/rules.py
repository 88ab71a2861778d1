"""Is this a possible house?"""

from datetime import time
from functools import cache
from zoneinfo import available_timezones

LEASE_HOURS = (1, 336)
HOLD_MINUTES = (1, 7 * 24 * 60)
MOST_COMPANIONS = 100
MOST_NIGHTS = (1, 400)
STAFF_GRANT_DAYS = (1, 366)
OVERRIDE_HOURS = (1, 31 * 24)


@cache
def known_zones() -> frozenset[str]:
    """Every IANA zone of places; those of machines (`posixrules`, `localtime`) left out."""
    return frozenset(zone for zone in available_timezones() if zone == "UTC" or "/" in zone)


def is_zone(zone: str) -> bool:
    """Is it a time zone's IANA name?"""
    return zone in known_zones()


def hours_fit(check_in_from: time, check_out_until: time) -> bool:
    """Is the last guest out before the next comes in?"""
    return check_out_until <= check_in_from
