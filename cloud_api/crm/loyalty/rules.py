"""How many points is a stay worth, and what is a referral code? Values in, values out."""

import unicodedata
from collections.abc import Collection, Iterator
from datetime import date, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal

from cloud_api.crm.loyalty.types import Member, Movement, Settings
from cloud_api.kit.ids import Choose
from cloud_api.kit.money import Money

_HUNDRED = Decimal(100)
_LETTERS = 3
_DIGITS = 3
_CLASHES = 99
_RANDOM = 8
_CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_CODE_LETTERS = _CAPITALS + "0123456789"


def points_for(effective: Money, percent: Decimal, point: Money) -> int:
    """Whole points for so many per cent of a price in the points' currency (half to even).

    ValueError across currencies; none for nothing.
    """
    if effective.currency != point.currency:
        raise ValueError(f"{effective.currency} for points in {point.currency}")
    share = Decimal(max(effective.minor, 0)) * percent / _HUNDRED / Decimal(point.minor)
    return int(share.quantize(Decimal(1), ROUND_HALF_EVEN))


def worth_of(points: int, point: Money) -> Money:
    """What points take off a price."""
    return point * points


def points_within(amount: Money, point: Money) -> int:
    """How many whole points an amount takes at most."""
    return int((Decimal(amount.minor) / Decimal(point.minor)).quantize(Decimal(1), ROUND_DOWN))


def earns(kind: str, channel: str, price: Money | None, without: Collection[str]) -> bool:
    """Whether a stay earns at all: no block, nothing sold by others, nothing given away."""
    if kind != "stay" or price is None or price.minor <= 0:
        return False
    return channel.strip().lower() not in {each.lower() for each in without}


def later(known: date | None, check_out: date, settings: Settings) -> date:
    """When points end after a stay: so many days after the last check-out."""
    end = check_out + timedelta(days=settings.expiry_days)
    return end if known is None else max(known, end)


def renewed(known: date | None, today: date, settings: Settings) -> date:
    """When points end that came back: as before, or after a whole period where that has passed."""
    if known is not None and known > today:
        return known
    return today + timedelta(days=settings.expiry_days)


def fits(member: Member, movement: Movement, *, today: date) -> bool:
    """Whether it leaves nothing below zero."""
    return member.available(today) + movement.points >= 0


def codes(name: str, choose: Choose) -> Iterator[str]:
    """Referral codes to try: three letters of the first name and three digits, then others.

    A clash is numbered 1 to 99; after that eight letters and digits by chance, without end.
    """
    base = _first_letters(name) + "".join(choose("0123456789") for _ in range(_DIGITS))
    yield base
    for number in range(1, _CLASHES + 1):
        yield f"{base}{number}"
    while True:
        yield "".join(choose(_CODE_LETTERS) for _ in range(_RANDOM))


def plain_code(typed: str) -> str:
    """A code as it is kept, however it was typed."""
    return "".join(typed.split()).upper()


def short_name(name: str) -> str:
    """A name for everybody's eyes: "Ana Lopez" is "Ana L."; one word alone stays as it is."""
    words = name.split()
    if len(words) < 2:  # noqa: PLR2004 - a first name and another
        return words[0] if words else ""
    return f"{words[0]} {words[-1][0].upper()}."


def _first_letters(name: str) -> str:
    first = (name.split() or [""])[0]
    plain = unicodedata.normalize("NFKD", first).upper()
    letters = "".join(each for each in plain if each in _CAPITALS)[:_LETTERS]
    return letters.ljust(_LETTERS, "A")
