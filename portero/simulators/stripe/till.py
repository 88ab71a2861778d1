"""What has Stripe in its books, and how does it write it?"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from cloud_api.kit.clock import Clock

type Row = dict[str, object]


@dataclass(slots=True)
class Charge:
    """Money taken."""

    id: str
    amount: int
    made: datetime
    disputes: list[Row] = field(default_factory=list)


@dataclass(slots=True)
class Refund:
    """Money that went back."""

    id: str
    intent: str
    amount: int
    made: datetime
    metadata: dict[str, str]
    status: str = "succeeded"


@dataclass(slots=True)
class Intent:
    """What a session does when it is tried to be paid."""

    id: str
    metadata: dict[str, str]
    made: datetime
    status: str = "requires_payment_method"
    charge: Charge | None = None


@dataclass(slots=True)
class Session:
    """One page where something is paid once."""

    id: str
    amount: int
    currency: str
    reference: str | None
    metadata: dict[str, str]
    intent_metadata: dict[str, str]
    made: datetime
    expires: datetime
    url: str
    status: str = "open"
    payment_status: str = "unpaid"
    intent: Intent | None = None


class Till:
    """The books; it refuses nothing, and `happen` is told each thing that happens."""

    def __init__(self, clock: Clock, happen: Callable[[str, Row], None]) -> None:
        self._clock = clock
        self._happen = happen
        self._ids = itertools.count(1)
        self.sessions: dict[str, Session] = {}
        self.refunds: list[Refund] = []

    def new_id(self, prefix: str) -> str:
        """An id as Stripe writes them."""
        return f"{prefix}_{next(self._ids):024}"

    def now(self) -> datetime:
        """To the second, as Stripe counts."""
        return self._clock.utc_now().replace(microsecond=0)

    def of(self, reference: str) -> Session:
        """The session of a reference."""
        return next(each for each in self.sessions.values() if each.reference == reference)

    def lapse(self) -> None:
        """Close what nobody paid in time."""
        for each in self.sessions.values():
            if each.status == "open" and each.expires <= self._clock.utc_now():
                self.expire(each)

    def expire(self, session: Session) -> None:
        """Nobody can pay it any more."""
        session.status = "expired"
        self._happen("checkout.session.expired", self.session_row(session))

    def try_to_pay(self, session: Session) -> Intent:
        """The payer gives a card, or promises."""
        if session.status != "open":
            raise RuntimeError(f"cannot be paid while {session.status}")
        if session.intent is None:
            session.intent = Intent(self.new_id("pi"), session.intent_metadata, self.now())
        return session.intent

    def pay(self, session: Session) -> None:
        """A good card."""
        self.take(session, self.try_to_pay(session))
        session.status, session.payment_status = "complete", "paid"
        self._happen("checkout.session.completed", self.session_row(session))

    def take(self, session: Session, intent: Intent) -> None:
        """Money moves."""
        intent.charge = Charge(self.new_id("ch"), session.amount, self.now())
        intent.status = "succeeded"

    def give_back(self, intent: Intent, amount: int, metadata: dict[str, str]) -> Refund:
        """Money moves back."""
        refund = Refund(self.new_id("re"), intent.id, amount, self.now(), metadata)
        self.refunds.append(refund)
        self._happen("charge.refunded", self.charge_row(intent))
        return refund

    def given_back(self, intent: Intent) -> int:
        """How much went back."""
        return sum(
            each.amount
            for each in self.refunds
            if each.intent == intent.id and each.status == "succeeded"
        )

    def dispute(self, intent: Intent) -> Row:
        """The payer's bank wants it back."""
        assert intent.charge is not None  # noqa: S101 - paid
        row: Row = {
            "id": self.new_id("dp"),
            "object": "dispute",
            "status": "needs_response",
            "charge": intent.charge.id,
            "payment_intent": intent.id,
            "amount": intent.charge.amount,
            "metadata": {},
        }
        intent.charge.disputes.append(row)
        self._happen("charge.dispute.created", row)
        return row

    def session_row(self, session: Session, *, expanded: bool = False) -> Row:
        """As Stripe writes it."""
        intent: object = None
        if session.intent is not None:
            intent = self.intent_row(session.intent) if expanded else session.intent.id
        return {
            "id": session.id,
            "object": "checkout.session",
            "mode": "payment",
            "status": session.status,
            "payment_status": session.payment_status,
            "amount_subtotal": session.amount,
            "amount_total": session.amount,
            "currency": session.currency,
            "client_reference_id": session.reference,
            "metadata": session.metadata,
            "created": int(session.made.timestamp()),
            "expires_at": int(session.expires.timestamp()),
            "url": session.url if session.status == "open" else None,
            "payment_intent": intent,
        }

    def intent_row(self, intent: Intent) -> Row:
        """With its last charge expanded."""
        return {
            "id": intent.id,
            "object": "payment_intent",
            "status": intent.status,
            "metadata": intent.metadata,
            "created": int(intent.made.timestamp()),
            "latest_charge": self.charge_row(intent) if intent.charge else None,
        }

    def charge_row(self, intent: Intent) -> Row:
        """As Stripe writes it."""
        charge = intent.charge
        assert charge is not None  # noqa: S101 - paid
        back = self.given_back(intent)
        return {
            "id": charge.id,
            "object": "charge",
            "amount": charge.amount,
            "amount_refunded": back,
            "refunded": back == charge.amount,
            "disputed": bool(charge.disputes),
            "created": int(charge.made.timestamp()),
            "payment_intent": intent.id,
            "metadata": intent.metadata,
            "status": "succeeded",
        }

    @staticmethod
    def refund_row(refund: Refund) -> Row:
        """As Stripe writes it."""
        return {
            "id": refund.id,
            "object": "refund",
            "amount": refund.amount,
            "payment_intent": refund.intent,
            "status": refund.status,
            "metadata": refund.metadata,
            "created": int(refund.made.timestamp()),
        }
