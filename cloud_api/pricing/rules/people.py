"""How many guests sleep in each unit?"""

from collections.abc import Sequence

from cloud_api.pricing.types import UnitTerms


def spread(units: Sequence[UnitTerms], guests: int) -> tuple[int, ...]:
    """Guests over units: one in each, then each is filled in turn; who is over is in the last.

    A unit nobody is left for is priced for one person.
    """
    people = [1] * len(units)
    left = max(0, guests - len(units))
    for place, unit in enumerate(units):
        more = min(left, max(0, unit.capacity - 1))
        people[place] += more
        left -= more
    people[-1] += left
    return tuple(people)
