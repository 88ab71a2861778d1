"""Which days of the year are there?"""

from datetime import date

_LEAP_YEAR = 2024


def day_exists(month: int, day: int) -> bool:
    """Is there such a day in some year? 29 February is one."""
    try:
        date(_LEAP_YEAR, month, day)
    except ValueError:
        return False
    return True
