"""In which order do referrers stand? Values in, values out."""

from collections.abc import Iterable
from dataclasses import replace

from cloud_api.crm.referrals.types import Brought, Order, Placed, Scoped


def placed(found: Iterable[Placed]) -> list[Placed]:
    """Those with a stay, by stays, then revenue, then id; positions from 1 on."""
    counted = [each for each in found if each.stays >= 1]
    ordered = sorted(
        counted, key=lambda each: (-each.stays, -each.revenue_minor, str(each.client_id))
    )
    return [replace(each, position=place) for place, each in enumerate(ordered, start=1)]


def shown(found: Iterable[Brought], scope: Scoped, order: Order) -> list[Brought]:
    """Those of the scope, the most first."""
    kept = [each for each in found if scope is Scoped.ALL or each.with_reservations]

    def key(each: Brought) -> tuple[int, int, str]:
        first, second = each.total, each.with_reservations
        if order is Order.REFERRALS_WITH_RESERVATIONS:
            first, second = second, first
        return -first, -second, str(each.client_id)

    return sorted(kept, key=key)
