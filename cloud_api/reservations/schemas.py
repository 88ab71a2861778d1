"""What do bookings look like from outside?"""

from dataclasses import fields
from datetime import date, datetime, time
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StringConstraints,
    model_validator,
)

from cloud_api.kit.days import Day
from cloud_api.kit.money import Money
from cloud_api.kit.text import Email, Line, Paragraph
from cloud_api.reservations.availability.types import WhyNot
from cloud_api.reservations.types import Booking, Contact, JobReport, Kind, Moments, Status

type Phone = Annotated[
    str,
    StringConstraints(strip_whitespace=True, pattern=r"^\+?[0-9][0-9 ().\-]{4,30}$"),
    Field(examples=["+54 9 11 5555 0134"]),
]
type Language = Annotated[
    str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$"), Field(examples=["es"])
]
type Channel = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$"),
    Field(description="where the request came in", examples=["web", "whatsapp"]),
]
type UnitIds = Annotated[
    list[UUID],
    Field(min_length=1, max_length=50, description="units of one house, each once"),
]
type Guests = Annotated[
    int,
    Field(
        strict=True, ge=-(2**31), lt=2**31, description="at least 1, at most what the units sleep"
    ),
]
type CheckIn = Annotated[Day, Field(description="first night, local date of the house")]
type CheckOut = Annotated[Day, Field(description="day of departure, free for the next guest")]


type QuoteToken = Annotated[
    str | None,
    Field(max_length=4000, description="a quote for these units, dates, guests: its price holds"),
]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ContactIn(_In):
    """Who asks, and how to reach them: an e-mail address, a phone number, or both."""

    name: Line
    email: Email | None = None
    phone: Phone | None = None
    language: Language = "en"

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.email is None and self.phone is None:
            raise ValueError("an email or a phone is needed")
        return self

    def to_contact(self) -> Contact:
        """The same as the inside knows it."""
        return Contact(self.name, self.email, self.phone, self.language)


class _StayIn(_In):
    unit_ids: UnitIds
    check_in: CheckIn
    check_out: CheckOut
    guests: Guests
    contact: ContactIn


class HoldIn(_StayIn):
    """Somebody wants these nights."""

    channel: Channel = "web"
    quote: QuoteToken = None
    transfer: Annotated[
        StrictBool, Field(description="pays by bank transfer: held until the voucher's deadline")
    ] = False


class HoldOut(BaseModel):
    """Nights that are held. Whoever knows `code` and the contact can ask for it again."""

    id: UUID
    code: Annotated[str, Field(description="for people, to be read aloud")]
    status: Status
    check_in: date
    check_out: date
    nights: int
    guests: int
    unit_ids: list[UUID]
    expires_at: Annotated[
        datetime | None, Field(description="by the database's clock; null: stands without expiry")
    ]
    price: Money | None
    deposit: Money | None
    transfer: bool

    @classmethod
    def of(cls, booking: Booking) -> Self:
        """Nothing personal is in it."""
        return cls(
            id=booking.id,
            code=booking.code,
            status=booking.status,
            check_in=booking.nights.check_in,
            check_out=booking.nights.check_out,
            nights=booking.nights.count,
            guests=booking.guests,
            unit_ids=list(booking.unit_ids),
            expires_at=booking.expires_at,
            price=booking.price and booking.price.amount,
            deposit=booking.price and booking.price.deposit,
            transfer=booking.transfer,
        )


class ReservationIn(_StayIn):
    """Staff book for somebody; `confirmed` at once, or held as the property's rules say."""

    channel: Channel = "staff"
    confirmed: bool = False
    quote: QuoteToken = None
    notes: Paragraph = ""


class BlockIn(_In):
    """Nights without a guest."""

    unit_ids: UnitIds
    check_in: CheckIn
    check_out: CheckOut
    kind: Literal[Kind.MAINTENANCE, Kind.OWNER]
    notes: Paragraph = ""


class PaymentIn(_In):
    """How it was paid, in staff's words; a record, no money moves."""

    note: Line
    amount: Money | None = None


class ConfirmIn(_In):
    """Somebody says yes."""

    payment: PaymentIn | None = None


class ReasonIn(_In):
    """Why; kept with the booking."""

    reason: Paragraph = ""


class MoveIn(_In):
    """What shall be different; what is left out stays. Longer and shorter are moves too."""

    check_in: Day | None = None
    check_out: Day | None = None
    unit_ids: UnitIds | None = None
    guests: Guests | None = None
    quote: QuoteToken = None


class BookingNote(BaseModel):
    """A booking as the record of deeds keeps it: nothing personal is in it."""

    code: str
    status: Status
    check_in: date
    check_out: date
    guests: int
    unit_ids: list[UUID]
    expires_at: datetime | None
    reason: str

    @classmethod
    def of(cls, booking: Booking) -> Self:
        """As it stands."""
        return cls(
            code=booking.code,
            status=booking.status,
            check_in=booking.nights.check_in,
            check_out=booking.nights.check_out,
            guests=booking.guests,
            unit_ids=list(booking.unit_ids),
            expires_at=booking.expires_at,
            reason=booking.reason,
        )


class ContactOut(BaseModel):
    """How to reach the person who asked."""

    name: str
    email: str | None
    phone: str | None
    language: str


class PaymentOut(BaseModel):
    """How it was paid."""

    note: str
    amount: Money | None


class PriceOut(BaseModel):
    """What a booking costs, as its quote said."""

    amount: Money
    deposit: Money
    quote_id: UUID | None
    points_redeemed: int
    discount_code: str | None


class ReservationOut(BaseModel):
    """A reservation or block, for staff."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    code: str
    kind: Kind
    status: Status
    property_id: UUID
    house_id: UUID
    unit_ids: list[UUID]
    check_in: date
    check_out: date
    nights: int
    guests: int
    channel: str
    contact: ContactOut
    client_id: UUID | None
    standing: Annotated[bool, Field(description="may stay unconfirmed without expiry")]
    expires_at: datetime | None
    hold_extended: bool
    notes: str
    reason: str
    payment: PaymentOut | None
    price: PriceOut | None
    transfer: bool
    vouchers: int
    late_check_out: time | None
    early_check_in: time | None
    confirmed_by: UUID | None
    visit_counted: bool
    created_at: datetime
    submitted_at: datetime | None
    confirmed_at: datetime | None
    rejected_at: datetime | None
    cancelled_at: datetime | None
    expired_at: datetime | None
    checked_in_at: datetime | None
    no_show_at: datetime | None
    completed_at: datetime | None
    version: int

    @classmethod
    def of(cls, booking: Booking) -> Self:
        """Everything staff may see."""
        payment = booking.payment
        return cls.model_validate(
            {
                **{name: getattr(booking, name) for name in _PLAIN},
                **{name: getattr(booking.moments, name) for name in _MOMENTS},
                "check_in": booking.nights.check_in,
                "check_out": booking.nights.check_out,
                "nights": booking.nights.count,
                "contact": ContactOut.model_validate(booking.contact, from_attributes=True),
                "price": booking.price
                and PriceOut.model_validate(booking.price, from_attributes=True),
                "late_check_out": booking.hours.late_check_out,
                "early_check_in": booking.hours.early_check_in,
                "payment": payment and PaymentOut(note=payment.note, amount=payment.amount),
            }
        )


_MOMENTS = tuple(each.name for each in fields(Moments))
_NIGHTS = ("check_in", "check_out", "nights")
_HOURS = ("late_check_out", "early_check_in")
_PLAIN = tuple(
    name
    for name in ReservationOut.model_fields
    if name not in {*_MOMENTS, *_HOURS, *_NIGHTS, "contact", "payment", "price"}
)


class OfferOut(BaseModel):
    """One unit for the dates and guests asked; `taken` lists nights, never by whom."""

    model_config = ConfigDict(from_attributes=True)

    unit_id: UUID
    unit_name: str
    house_id: UUID
    capacity: int
    free: bool
    why_not: list[WhyNot]
    taken: list[date]


class AvailabilityOut(BaseModel):
    """Every unit asked about, bookable ones first."""

    check_in: date
    check_out: date
    nights: int
    guests: int
    units: list[OfferOut]


class JobChangeOut(BaseModel):
    """One booking a job changed."""

    model_config = ConfigDict(from_attributes=True)

    reservation_id: UUID
    code: str
    before: Status
    after: Status
    visit_counted: bool


class JobReportOut(BaseModel):
    """What one run changed."""

    job: str
    changed: int
    changes: list[JobChangeOut]

    @classmethod
    def of(cls, report: JobReport) -> Self:
        """The report as answered."""
        changes = [
            JobChangeOut.model_validate(each, from_attributes=True) for each in report.changes
        ]
        return cls(job=report.job, changed=len(changes), changes=changes)
