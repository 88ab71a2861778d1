"""What happens to bookings when money comes, and to their money when they end?"""

from uuid import UUID

from pydantic import BaseModel, ConfigDict

from cloud_api.kit.db import Session
from cloud_api.kit.jobs import AnyReaction, Reaction, Tools
from cloud_api.kit.money import Money
from cloud_api.reservations.bills import service as bills
from cloud_api.reservations.paid import service as paid


class BookingEnded(BaseModel):
    """What is read of a booking that is no more, or that owes less now."""

    model_config = ConfigDict(extra="ignore")

    reservation_id: UUID


class MoneyCame(BaseModel):
    """What is read of money: for which booking, if anybody knows, and how much came too late."""

    model_config = ConfigDict(extra="ignore")

    subject_id: UUID | None
    currency: str
    amount_minor: int
    late: bool = False


class VoucherCame(BaseModel):
    """What is read of a voucher: for which booking, and its number."""

    model_config = ConfigDict(extra="ignore")

    subject_id: UUID | None
    number: int


async def _settle(session: Session, event: BookingEnded, tools: Tools) -> None:
    await bills.settle_ended(session, tools, event.reservation_id)


async def _money(session: Session, event: MoneyCame, _tools: Tools) -> None:
    if event.subject_id is not None:
        late = Money(event.amount_minor, event.currency) if event.late else None
        await paid.money_came(session, event.subject_id, late)


async def _points(session: Session, event: BookingEnded, _tools: Tools) -> None:
    await paid.money_came(session, event.reservation_id, None)


async def _voucher(session: Session, event: VoucherCame, _tools: Tools) -> None:
    if event.subject_id is not None:
        await paid.voucher_came(session, event.subject_id, event.number)


_ENDS = ("cancelled", "rejected", "expired")

_ON_ENDS = tuple(
    Reaction(f"reservations.{end}", f"reservations.settle_on_{end}", BookingEnded, _settle)
    for end in _ENDS
)
_ON_MONEY = (
    Reaction("payments.received", "reservations.confirm_on_money", MoneyCame, _money, prompt=True),
    Reaction("payments.paid_in_full", "reservations.confirm_on_paid_in_full", MoneyCame, _money),
)
_ON_VOUCHERS = Reaction(
    "payments.voucher_received", "reservations.note_voucher", VoucherCame, _voucher
)

_ON_POINTS = Reaction(
    "crm.points_redeemed", "reservations.confirm_on_points", BookingEnded, _points
)

REACTIONS: tuple[AnyReaction, ...] = (*_ON_ENDS, *_ON_MONEY, _ON_VOUCHERS, _ON_POINTS)
