"""Which letters does it take when something has happened to a booking or its money?

A reaction here calls for a letter; one writes it, a moment later, with what is true then.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from cloud_api.kit.db import Session
from cloud_api.kit.errors import NotFound
from cloud_api.kit.jobs import AnyReaction, Reaction, Tools
from cloud_api.kit.tenancy import PrincipalKind, Scope
from cloud_api.messaging import service as messaging
from cloud_api.messaging.types import MessageEvent
from cloud_api.papers.letters import service
from cloud_api.papers.letters.types import Call, Told
from cloud_api.properties import service as properties
from cloud_api.reservations import service as reservations
from cloud_api.reservations.types import Kind, Status

# What was written of the stay as it was, and has not gone yet.
_OF_OLD_STAY: Final = (
    MessageEvent.CONFIRMATION,
    MessageEvent.WELCOME,
    MessageEvent.CHECK_IN_INVITATION,
    MessageEvent.KEY_READY,
    MessageEvent.KEY_DELAYED,
    MessageEvent.REMINDER_24H,
    MessageEvent.CHECK_OUT,
)


class OfBooking(BaseModel):
    """What is read of any event of a booking."""

    model_config = ConfigDict(extra="ignore")

    reservation_id: UUID
    organisation_id: UUID
    kind: str


class OfMove(OfBooking):
    """What is read of a booking that is elsewhere or at other times."""

    status: str
    house_id: UUID
    check_in: date
    check_out: date
    old_house_id: UUID
    old_check_in: date
    old_check_out: date
    old_unit_ids: tuple[UUID, ...]


class OfMoney(BaseModel):
    """What is read of money that came."""

    model_config = ConfigDict(extra="ignore")

    organisation_id: UUID
    subject_id: UUID | None
    payment_id: UUID | None
    provider: str | None
    currency: str
    amount_minor: int
    late: bool = False


class OfPaid(BaseModel):
    """What is read of a folio on which nothing is due."""

    model_config = ConfigDict(extra="ignore")

    organisation_id: UUID
    subject_id: UUID | None


class OfLetter(BaseModel):
    """What is read of a letter that is due."""

    model_config = ConfigDict(extra="ignore")

    reservation_id: UUID
    organisation_id: UUID
    letter: str
    fact: str
    called_at: datetime
    useful_until: datetime | None = None
    amount_minor: int | None = None
    currency: str | None = None
    method: str | None = None
    moved_from: str | None = None

    def call(self) -> Call:
        """As the service knows it."""
        money = None
        if self.amount_minor is not None and self.currency is not None:
            money = Told(self.amount_minor, self.currency, self.method)
        return Call(
            reservation_id=self.reservation_id,
            organisation_id=self.organisation_id,
            letter=MessageEvent(self.letter),
            fact=self.fact,
            called_at=self.called_at,
            useful_until=self.useful_until,
            money=money,
            moved_from=self.moved_from,
        )


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes letters; `public_url` is where guests reach the cloud."""

    public_url: str

    async def write(self, session: Session, due: OfLetter, tools: Tools) -> None:
        """Write the letter that is due."""
        await service.write(session, tools, due.call(), public_url=self.public_url)


def reactions_of(public_url: str) -> tuple[AnyReaction, ...]:
    """What letters do when something has happened."""
    writer = Writer(public_url)
    return (
        *_CALLING,
        Reaction[OfLetter]("papers.letter_due", "papers.write_letter", OfLetter, writer.write),
    )


def _telling(
    letter: MessageEvent, *, versioned: bool = False
) -> Callable[[Session, OfBooking, Tools], Awaitable[None]]:
    async def tell(session: Session, event: OfBooking, tools: Tools) -> None:
        if event.kind != Kind.STAY:
            return
        fact = await _version(session, event) if versioned else ""
        await _call(session, tools, event, letter, fact)

    return tell


async def _moved(session: Session, event: OfMove, tools: Tools) -> None:
    if event.kind != Kind.STAY or event.status != Status.CONFIRMED:
        return
    await messaging.withdraw(
        session,
        event.organisation_id,
        subject_id=event.reservation_id,
        events=_OF_OLD_STAY,
        now=tools.clock.utc_now(),
    )
    version = await _version(session, event)
    if (event.check_in, event.check_out) != (event.old_check_in, event.old_check_out):
        await _call(session, tools, event, MessageEvent.CONFIRMATION, version)
        return
    house = await properties.house_layout(session, event.old_house_id)
    units = await properties.units_for_booking(session, event.old_unit_ids)
    old = service.place_name(
        house.name,
        [unit.name for unit in units],
        same_house=event.house_id == event.old_house_id,
    )
    await _call(session, tools, event, MessageEvent.REARRANGED_STAY, version, moved_from=old)


async def _received(session: Session, event: OfMoney, tools: Tools) -> None:
    if event.subject_id is None or event.payment_id is None or event.late:
        return
    wanted = Call(
        reservation_id=event.subject_id,
        organisation_id=event.organisation_id,
        letter=MessageEvent.PAYMENT_RECEIVED,
        fact=str(event.payment_id),
        called_at=tools.clock.utc_now(),
        money=Told(event.amount_minor, event.currency, _method(event.provider)),
    )
    await service.call(session, wanted)


async def _paid(session: Session, event: OfPaid, tools: Tools) -> None:
    if event.subject_id is None:
        return
    wanted = Call(
        reservation_id=event.subject_id,
        organisation_id=event.organisation_id,
        letter=MessageEvent.PAID_IN_FULL,
        fact="",
        called_at=tools.clock.utc_now(),
    )
    await service.call(session, wanted)


async def _call(
    session: Session,
    tools: Tools,
    event: OfBooking,
    letter: MessageEvent,
    fact: str,
    *,
    moved_from: str | None = None,
) -> None:
    wanted = Call(
        reservation_id=event.reservation_id,
        organisation_id=event.organisation_id,
        letter=letter,
        fact=fact,
        called_at=tools.clock.utc_now(),
        moved_from=moved_from,
    )
    await service.call(session, wanted)


async def _version(session: Session, event: OfBooking) -> str:
    """Which state of the booking this is about; a state that was told is not told again."""
    scope = Scope(event.organisation_id, PrincipalKind.SYSTEM, event.reservation_id)
    try:
        return str((await reservations.get(session, scope, event.reservation_id)).version)
    except NotFound:
        return ""


_METHODS: Final = {
    "mercado_pago": "Mercado Pago",
    "openpay": "Openpay",
    "flow": "Flow",
    "stripe": "Stripe",
}


def _method(provider: str | None) -> str | None:
    return _METHODS.get(provider or "")


def _on(event: str, letter: MessageEvent, *, versioned: bool = False) -> Reaction[OfBooking]:
    handler = _telling(letter, versioned=versioned)
    name = f"papers.call_{letter}_on_{event}"
    return Reaction(f"reservations.{event}", name, OfBooking, handler)


_CALLING: Final[tuple[AnyReaction, ...]] = (
    _on("confirmed", MessageEvent.CONFIRMATION, versioned=True),
    _on("hold_expiring", MessageEvent.HOLD_EXPIRING, versioned=True),
    _on("cancelled", MessageEvent.CANCELLATION, versioned=True),
    _on("rejected", MessageEvent.CANCELLATION, versioned=True),
    _on("expired", MessageEvent.CANCELLATION, versioned=True),
    _on("completed", MessageEvent.POST_STAY),
    Reaction[OfMove]("reservations.moved", "papers.call_letters_on_moved", OfMove, _moved),
    Reaction[OfMoney]("payments.received", "papers.call_payment_received", OfMoney, _received),
    Reaction[OfPaid]("payments.paid_in_full", "papers.call_paid_in_full", OfPaid, _paid),
)
