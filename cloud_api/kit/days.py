"""How must a day or a moment from outside be written?

pydantic also takes numbers, as seconds since 1970: a mistyped 0 would become a date nobody meant.
"""

import re
from datetime import date, datetime
from typing import Annotated

from pydantic import BeforeValidator

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ].{1,30}")


def _written_day(value: object) -> object:
    if isinstance(value, date) or (isinstance(value, str) and _DAY.fullmatch(value)):
        return value
    raise ValueError("a day is written YYYY-MM-DD")


def _written_moment(value: object) -> object:
    if isinstance(value, datetime) or (isinstance(value, str) and _MOMENT.fullmatch(value)):
        return value
    raise ValueError("a moment is written YYYY-MM-DDThh:mm:ss with its offset from UTC")


type Day = Annotated[date, BeforeValidator(_written_day)]
"""A date, as text in ISO 8601 only."""

type Moment = Annotated[datetime, BeforeValidator(_written_moment)]
"""A date and time, as text in ISO 8601 only."""
