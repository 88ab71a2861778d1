"""How does what is stored of a discount look from outside?"""

from cloud_api.pricing.discounts import repository, rules
from cloud_api.pricing.discounts.models import AutomaticRow, CodeRow, DynamicRow, ReferralRow
from cloud_api.pricing.discounts.schemas import AutomaticOut, CodeOut, DynamicOut, ReferralOut


def code(row: CodeRow, *, used: int) -> CodeOut:
    """A code, and how often it was used."""
    offer = repository.offer_of_code(row, used=used)
    return CodeOut(
        id=row.id,
        active=row.active,
        created_at=row.created_at,
        code=row.code,
        origin=row.origin,
        off=offer.off,
        note=row.note,
        minimum=offer.minimum,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        usage_limit=row.usage_limit,
        used=used,
        only_weekdays=row.only_weekdays,
        only_weekends=row.only_weekends,
        property_ids=row.property_ids,
        never_works=list(rules.code_never_works(offer)),
    )


def automatic(row: AutomaticRow) -> AutomaticOut:
    """An automatic discount."""
    offer = repository.offer_of_automatic(row)
    return AutomaticOut(
        id=row.id,
        active=row.active,
        created_at=row.created_at,
        name=row.name,
        trigger=row.trigger,
        off=offer.off,
        arrival_from=row.arrival_from,
        arrival_until=row.arrival_until,
        weekdays=row.weekdays,
        only_weekdays=row.only_weekdays,
        only_weekends=row.only_weekends,
        achievement_ids=row.achievement_ids,
        base_price_only=row.base_price_only,
        never_works=list(rules.automatic_never_works(offer)),
    )


def dynamic(row: DynamicRow) -> DynamicOut:
    """How codes are made on demand."""
    return DynamicOut(
        id=row.id,
        active=row.active,
        created_at=row.created_at,
        name=row.name,
        prefix=row.prefix,
        percent=row.percent,
        valid_days=row.valid_days,
        minimum=repository.money_of(row.minimum_minor, row.minimum_currency),
        usage_limit=row.usage_limit,
        property_ids=row.property_ids,
    )


def referral(row: ReferralRow) -> ReferralOut:
    """What a referrer's level gives."""
    return ReferralOut(
        id=row.id,
        active=row.active,
        created_at=row.created_at,
        achievement_id=row.achievement_id,
        percent=row.percent,
    )
