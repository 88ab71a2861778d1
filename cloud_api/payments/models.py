"""Which tables hold folios, payments, and what providers told us?

Lines of folios and of cards are only ever added: a trigger refuses to change or delete them.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from cloud_api.kit.db import Model, text_enum
from cloud_api.payments.types import (
    LateMoney,
    LineKind,
    MatterKind,
    MatterState,
    PaymentState,
    ProviderName,
    RefundState,
    Review,
    Step,
)


class _Owned(Model):
    """What every row here has: a name and a tenant."""

    __abstract__ = True

    id: Mapped[UUID] = mapped_column(primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class PaymentSettingsRow(Model):
    """How a property takes money by hand, and what it does with money that comes too late."""

    __tablename__ = "payment_settings"

    property_id: Mapped[UUID] = mapped_column(ForeignKey("properties.id"), primary_key=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), index=True)
    bank_details: Mapped[str] = mapped_column(server_default="")
    late_money: Mapped[LateMoney] = mapped_column(text_enum(LateMoney), server_default="ask")
    late_hours: Mapped[int] = mapped_column(Integer, server_default=text("24"))

    __table_args__ = (CheckConstraint("late_hours BETWEEN 0 AND 720", name="late_hours"),)


class AccountRow(_Owned):
    """An organisation's account at a provider; credentials rest in the vault."""

    __tablename__ = "payment_accounts"

    provider: Mapped[ProviderName] = mapped_column(text_enum(ProviderName))
    label: Mapped[str]
    credentials: Mapped[bytes] = mapped_column(LargeBinary)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    last_success_at: Mapped[datetime | None]
    last_failure_at: Mapped[datetime | None]
    last_failure: Mapped[str] = mapped_column(server_default="")
    reconcile_from: Mapped[datetime | None]
    leased_until: Mapped[datetime | None]
    forged: Mapped[int] = mapped_column(server_default=text("0"))
    verification_code: Mapped[bytes | None] = mapped_column(LargeBinary)
    archived_at: Mapped[datetime | None]


class OfferedRow(Model):
    """This property takes money through this account; one account a provider."""

    __tablename__ = "payment_offers"

    property_id: Mapped[UUID] = mapped_column(ForeignKey("properties.id"))
    provider: Mapped[ProviderName] = mapped_column(text_enum(ProviderName))
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisations.id"), index=True)
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("payment_accounts.id"), index=True)

    __table_args__ = (PrimaryKeyConstraint("property_id", "provider"),)


class FolioRow(_Owned):
    """What one booking owes and has paid, in one currency that never changes."""

    __tablename__ = "folios"

    property_id: Mapped[UUID] = mapped_column(ForeignKey("properties.id"), index=True)
    subject_id: Mapped[UUID] = mapped_column(unique=True)
    client_id: Mapped[UUID | None] = mapped_column(index=True)
    currency: Mapped[str]
    title: Mapped[str]
    payer_name: Mapped[str] = mapped_column(server_default="")
    payer_email: Mapped[str | None]
    language: Mapped[str] = mapped_column(server_default="en")
    deposit_minor: Mapped[int | None]
    closed_at: Mapped[datetime | None]
    closed_because: Mapped[str] = mapped_column(server_default="")
    paid_in_full_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("id", "currency"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
        CheckConstraint("deposit_minor > 0", name="deposit"),
    )


class LineRow(_Owned):
    """One line of a folio. Its currency is the folio's: the foreign key says so."""

    __tablename__ = "folio_lines"

    folio_id: Mapped[UUID]
    currency: Mapped[str]
    kind: Mapped[LineKind] = mapped_column(text_enum(LineKind))
    key: Mapped[str]
    what: Mapped[str] = mapped_column(server_default="")
    label: Mapped[str] = mapped_column(server_default="")
    amount_minor: Mapped[int]
    payment_id: Mapped[UUID | None] = mapped_column(ForeignKey("payments.id"), index=True)
    refund_id: Mapped[UUID | None] = mapped_column(ForeignKey("payment_refunds.id"), index=True)
    reverses_id: Mapped[UUID | None] = mapped_column(ForeignKey("folio_lines.id"), unique=True)

    __table_args__ = (
        ForeignKeyConstraint(["folio_id", "currency"], ["folios.id", "folios.currency"]),
        UniqueConstraint("folio_id", "kind", "key"),
        CheckConstraint("amount_minor <> 0", name="amount"),
        CheckConstraint("kind = 'charge' OR payment_id IS NOT NULL", name="source"),
    )


class LinkRow(_Owned):
    """A secret address at which a folio can be paid; only its hash is here."""

    __tablename__ = "payment_links"

    folio_id: Mapped[UUID] = mapped_column(ForeignKey("folios.id"), index=True)
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    amount_minor: Mapped[int | None]
    withdrawn_at: Mapped[datetime | None]

    __table_args__ = (CheckConstraint("amount_minor > 0", name="amount"),)


class PaymentRow(_Owned):
    """One try to pay, or money that came and is nobody's yet (then it has no folio).

    `received_minor` came and is still not disputed, `refunded_minor` went back, `reserved_minor`
    went back or is wanted back. Of its `tries`, `undone_tries` surely did nothing.
    """

    __tablename__ = "payments"

    property_id: Mapped[UUID | None] = mapped_column(ForeignKey("properties.id"))
    folio_id: Mapped[UUID | None]
    subject_id: Mapped[UUID | None]
    link_id: Mapped[UUID | None] = mapped_column(ForeignKey("payment_links.id"))
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("payment_accounts.id"))
    client_id: Mapped[UUID | None]
    provider: Mapped[ProviderName] = mapped_column(text_enum(ProviderName))
    reference: Mapped[str] = mapped_column(unique=True)
    stray: Mapped[MatterKind | None] = mapped_column(text_enum(MatterKind))
    currency: Mapped[str]
    amount_minor: Mapped[int]
    received_minor: Mapped[int] = mapped_column(server_default=text("0"))
    refunded_minor: Mapped[int] = mapped_column(server_default=text("0"))
    reserved_minor: Mapped[int] = mapped_column(server_default=text("0"))
    state: Mapped[PaymentState] = mapped_column(text_enum(PaymentState), server_default="pending")
    provider_id: Mapped[str] = mapped_column(server_default="")
    provider_status: Mapped[str] = mapped_column(server_default="")
    trouble: Mapped[str] = mapped_column(server_default="")
    pay_url: Mapped[bytes | None] = mapped_column(LargeBinary)
    card_token: Mapped[bytes | None] = mapped_column(LargeBinary)
    card_fingerprint: Mapped[bytes | None] = mapped_column(LargeBinary, unique=True)
    card_method: Mapped[str | None]
    device_session: Mapped[str | None]
    value_card_id: Mapped[UUID | None] = mapped_column(ForeignKey("value_cards.id"))
    step: Mapped[Step] = mapped_column(text_enum(Step), server_default="rest")
    due_at: Mapped[datetime | None]
    leased_until: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    undone_tries: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    review: Mapped[Review | None] = mapped_column(text_enum(Review))
    review_reason: Mapped[str] = mapped_column(server_default="")
    deadline_at: Mapped[datetime | None]
    created_by: Mapped[str]
    paid_at: Mapped[datetime | None]

    __table_args__ = (
        ForeignKeyConstraint(["folio_id", "currency"], ["folios.id", "folios.currency"]),
        CheckConstraint("amount_minor > 0", name="amount"),
        CheckConstraint(
            "0 <= refunded_minor AND refunded_minor <= reserved_minor"
            " AND reserved_minor <= amount_minor",
            name="refunded",
        ),
        CheckConstraint("received_minor BETWEEN 0 AND amount_minor", name="received"),
        Index(None, "folio_id"),
        Index(None, "organisation_id", "created_at"),
        Index(None, "account_id", "provider_id"),
        Index("ix_payments_due", "step", "due_at", postgresql_where=text("step <> 'rest'")),
        Index(
            "uq_payments_stray",
            "account_id",
            "provider_id",
            unique=True,
            postgresql_where=text("stray IS NOT NULL"),
        ),
        Index("ix_payments_deadline", "deadline_at", postgresql_where=text("state = 'pending'")),
    )


class RefundRow(_Owned):
    """One wish to give money back, and what became of it."""

    __tablename__ = "payment_refunds"

    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payments.id"), index=True)
    reference: Mapped[str] = mapped_column(unique=True)
    currency: Mapped[str]
    amount_minor: Mapped[int]
    reason: Mapped[str]
    state: Mapped[RefundState] = mapped_column(text_enum(RefundState), server_default="wanted")
    trouble: Mapped[str] = mapped_column(server_default="")
    due_at: Mapped[datetime | None]
    leased_until: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    created_by: Mapped[str]

    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount"),
        Index("ix_payment_refunds_due", "due_at", postgresql_where=text("state = 'wanted'")),
    )


class NoticeRow(_Owned):
    """A webhook as it came, encrypted. Told again it is the same row, to be heeded again."""

    __tablename__ = "payment_notices"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("payment_accounts.id"))
    event_id: Mapped[str]
    genuine: Mapped[bool]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    reference: Mapped[str] = mapped_column(server_default="")
    provider_id: Mapped[str] = mapped_column(server_default="")
    ignored: Mapped[str] = mapped_column(server_default="")
    times: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    tries: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    due_at: Mapped[datetime | None]
    leased_until: Mapped[datetime | None]
    heeded_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("account_id", "event_id"),
        Index("ix_payment_notices_due", "due_at", postgresql_where=text("due_at IS NOT NULL")),
    )


class MatterRow(_Owned):
    """Money that needs a person, until it is resolved."""

    __tablename__ = "payment_matters"

    kind: Mapped[MatterKind] = mapped_column(text_enum(MatterKind))
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payments.id"))
    folio_id: Mapped[UUID | None] = mapped_column(ForeignKey("folios.id"), index=True)
    detail: Mapped[str] = mapped_column(server_default="")
    state: Mapped[MatterState] = mapped_column(text_enum(MatterState), server_default="open")
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[str] = mapped_column(server_default="")
    note: Mapped[str] = mapped_column(server_default="")

    __table_args__ = (
        Index(
            "uq_payment_matters_open",
            "payment_id",
            "kind",
            unique=True,
            postgresql_where=text("state = 'open'"),
        ),
    )


class VoucherRow(_Owned):
    """Proof of a transfer that a guest sent; the file itself rests in the room `files`."""

    __tablename__ = "payment_vouchers"

    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payments.id"))
    number: Mapped[int] = mapped_column(Integer)
    file_id: Mapped[UUID]
    media_type: Mapped[str]

    __table_args__ = (UniqueConstraint("payment_id", "number"),)


class ValueCardRow(_Owned):
    """A gift card: worth what its lines sum to. Its code is known by a keyed hash."""

    __tablename__ = "value_cards"

    code_fingerprint: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    code: Mapped[bytes] = mapped_column(LargeBinary)
    code_end: Mapped[str]
    currency: Mapped[str]
    available_minor: Mapped[int] = mapped_column(server_default=text("0"))
    expires_at: Mapped[datetime | None]
    issuer: Mapped[str]
    note: Mapped[str] = mapped_column(server_default="")

    __table_args__ = (
        UniqueConstraint("id", "currency"),
        CheckConstraint("available_minor >= 0", name="available"),
        CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency"),
    )


class ValueLineRow(_Owned):
    """One movement on a card; never changed, never deleted."""

    __tablename__ = "value_card_lines"

    card_id: Mapped[UUID]
    currency: Mapped[str]
    amount_minor: Mapped[int]
    what: Mapped[str]
    payment_id: Mapped[UUID | None] = mapped_column(ForeignKey("payments.id"), index=True)
    refund_id: Mapped[UUID | None] = mapped_column(ForeignKey("payment_refunds.id"), unique=True)
    created_by: Mapped[str]

    __table_args__ = (
        ForeignKeyConstraint(["card_id", "currency"], ["value_cards.id", "value_cards.currency"]),
        CheckConstraint("amount_minor <> 0", name="amount"),
        Index(None, "card_id"),
    )
