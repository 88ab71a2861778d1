"""Which discount does a stay get, and who has used a code?"""

from uuid import UUID

from cloud_api.kit.db import Session
from cloud_api.kit.errors import NotFound
from cloud_api.pricing.discounts import repository, rules
from cloud_api.pricing.discounts.errors import CodeExhausted
from cloud_api.pricing.discounts.types import Asked, Discounting, Offers


async def discount_for(session: Session, organisation_id: UUID, asked: Asked) -> Discounting:
    """The one discount this stay gets, if any, and why each other did not apply.

    Nothing is counted: a code's use is counted by `redeem`.
    """
    return choose(await offers_of(session, organisation_id, code=asked.code), asked)


async def offers_of(session: Session, organisation_id: UUID, *, code: str | None) -> Offers:
    """Everything `choose` needs to know of the organisation's discounts, read once for many stays.

    `code` is what the guest typed; nothing but blanks is as none.
    """
    typed = rules.capitals(code)
    return Offers(
        typed=typed,
        code=None
        if typed is None
        else await repository.code_offer(session, organisation_id, typed),
        automatic=await repository.automatic_offers(session, organisation_id),
        levels=await repository.level_offers(session, organisation_id),
    )


def choose(offers: Offers, asked: Asked) -> Discounting:
    """As `discount_for`, of what was read before. Pure."""
    return rules.choose(offers, asked)


async def redeem(session: Session, code_id: UUID, reservation_id: UUID) -> None:
    """Count one use of the code, because this reservation was created with it.

    Again for the same reservation changes nothing. Raises NotFound, CodeExhausted: no use was
    left, also when many ask at once. The code's row stays locked until the transaction ends, if
    its uses are limited: call it last.
    """
    used = await repository.use_code(session, code_id, reservation_id)
    if used is None:
        raise NotFound
    if not used:
        raise CodeExhausted


async def give_back(session: Session, reservation_id: UUID) -> None:
    """The reservation will not take place: its use of a code is free again. Again is harmless."""
    await repository.give_back(session, reservation_id)
