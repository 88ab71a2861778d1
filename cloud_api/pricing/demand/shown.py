"""How does what is stored of demand look from outside?"""

from datetime import date

from cloud_api.kit.money import Money
from cloud_api.pricing.demand import repository, rules
from cloud_api.pricing.demand.models import HappeningRow, VenueRow
from cloud_api.pricing.demand.schemas import DayOut, SuggestionOut, VenueOut
from cloud_api.pricing.demand.types import Demand, Numbers

COLOURS = {
    Demand.CRITICAL: "red",
    Demand.HIGH: "orange",
    Demand.MEDIUM: "yellow",
    Demand.LOW: "green",
}


def suggestion(row: HappeningRow) -> SuggestionOut:
    """An event and the price it suggests."""
    return SuggestionOut(
        id=row.id,
        place_id=row.place_id,
        venue_id=row.venue_id,
        title=row.name,
        venue=row.venue,
        day=row.day,
        starts=row.starts,
        status=row.status,
        sold_out=row.sold_out,
        least_price=row.least_price,
        most_price=row.most_price,
        score=row.score,
        level=row.demand,
        colour=COLOURS[row.demand],
        suggested=Money(row.price_minor, row.price_currency),
        state=row.state,
        url=row.url,
        alerted_at=row.alerted_at,
    )


def day(told: tuple[date, int, int, int], numbers: Numbers) -> DayOut:
    """One day: of its events the strongest decides."""
    when, events, sold_out, score = told
    level = rules.level(score, numbers)
    return DayOut(
        day=when,
        events=events,
        sold_out=sold_out,
        score=score,
        level=level,
        colour=COLOURS[level],
    )


def venue(row: VenueRow) -> VenueOut:
    """A hall."""
    found = repository.venue_of(row)
    return VenueOut(
        id=row.id,
        place_id=row.place_id,
        name=found.name,
        vendor_id=found.vendor_id,
        bonus=found.bonus,
        priority=found.priority,
        by_title=found.by_title,
        always_alert=found.always_alert,
        price=found.price,
    )
