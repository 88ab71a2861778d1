"""Which hours can an offline code have, when may one be asked for, and what must be said of it?"""

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from cloud_api.access.emergency.types import Period

NEAR: Final = timedelta(hours=24)
"""So long before the stay begins there is still time for the house to be reached."""

FIRST_USE: Final = timedelta(hours=24)
LONGEST: Final = timedelta(days=365)
PIN_IN_LOCK: Final = frozenset({"read_back", "first_used"})

_WORDS: Final = {
    "en": (
        "This is an emergency code. It works without internet at the door.",
        "It is valid in whole hours: from {starts} until {ends}, the house's time.",
        "It must be used for the first time before {first_use}; after that the lock ignores it.",
        "It cannot be taken back: whoever knows it can open this door until {ends}.",
        "The same hours at this lock always give the same code.",
        "The promise that withdrawn access ends at once does not hold for this code.",
    ),
    "es": (
        "Este es un código de emergencia. Funciona en la puerta sin internet.",
        "Vale por horas enteras: desde {starts} hasta {ends}, hora de la casa.",
        "Debe usarse por primera vez antes de {first_use}; después la cerradura ya no lo acepta.",
        "No se puede anular: quien lo conozca puede abrir esta puerta hasta {ends}.",
        "Las mismas horas en esta cerradura dan siempre el mismo código.",
        "La promesa de que un acceso retirado termina enseguida no vale para este código.",
    ),
}


def whole_hours(starts: datetime, ends: datetime, *, now: datetime, zone: str) -> Period | None:
    """Whole hours of the house inside the stay's day: not later than the guest, never beyond.

    It begins with the hour the guest may come in, or with this one; it ends with the last whole
    hour. None when nothing is left.
    """
    first = _hour(max(starts, now), ZoneInfo(zone))
    last = min(_hour(ends, ZoneInfo(zone)), first + LONGEST)
    return Period(first, last) if first < last and now < last else None


def why_not(*, reached: bool, pin_state: str | None, starts: datetime, now: datetime) -> str | None:
    """Why this is no emergency, as a stable word; None when it is one."""
    if pin_state in PIN_IN_LOCK:
        return "pin_is_in_the_lock"
    if reached:
        return "house_is_reached"
    if starts - now > NEAR:
        return "arrival_is_far"
    return None


def words(period: Period, *, zone: str, language: str) -> list[str]:
    """What must be known of a code; in English where we lack the language."""
    said = _WORDS.get(language, _WORDS["en"])
    first_use = min(period.starts + FIRST_USE, period.ends)
    told = {
        name: f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"
        for name, moment in (
            ("starts", period.starts),
            ("ends", period.ends),
            ("first_use", first_use),
        )
    }
    return [each.format_map(told) for each in said]


def _hour(moment: datetime, zone: ZoneInfo) -> datetime:
    local = moment.astimezone(zone)
    return local.replace(minute=0, second=0, microsecond=0).astimezone(UTC)
