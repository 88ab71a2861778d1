"""Which facts need a person of staff, and what are they told?"""

from datetime import date
from decimal import Decimal
from uuid import UUID

from babel.numbers import format_currency, get_currency_precision
from pydantic import BaseModel, ConfigDict

from cloud_api.kit.db import Session
from cloud_api.kit.jobs import AnyReaction, Reaction, Tools
from cloud_api.messaging.types import MessageEvent
from cloud_api.papers.alerts import service


class OfMatter(BaseModel):
    """What is read of money that waits for a decision."""

    model_config = ConfigDict(extra="ignore")

    organisation_id: UUID
    subject_id: UUID | None
    payment_id: UUID | None
    matter: str
    matter_id: UUID | None = None
    currency: str
    amount_minor: int


class OfAccount(BaseModel):
    """What is read of a channel's account that has to be mended."""

    model_config = ConfigDict(extra="ignore")

    organisation_id: UUID
    account_id: UUID
    channel: str


class OfMessage(BaseModel):
    """What is read of a message that was given up."""

    model_config = ConfigDict(extra="ignore")

    organisation_id: UUID
    message_id: UUID
    event: str
    channel: str
    reason: str
    subject_id: UUID | None


class OfLetter(BaseModel):
    """What is read of a letter that is due: only whether it is about a late key."""

    model_config = ConfigDict(extra="ignore")

    organisation_id: UUID
    reservation_id: UUID
    letter: str
    fact: str


class OfDemand(BaseModel):
    """What is read of an event that will fill a town."""

    model_config = ConfigDict(extra="ignore")

    organisation_id: UUID
    suggestion_id: UUID
    title: str
    venue: str
    day: date
    level: str


async def _money(session: Session, event: OfMatter, tools: Tools) -> None:
    await service.alarm(
        session,
        tools.vault,
        event.organisation_id,
        fact=f"money/{event.matter_id or event.payment_id or event.subject_id}/{event.matter}",
        title="Money waits for a decision",
        text=f"{event.matter}: {_amount(event)}. Look at what payments have to be decided.",
        now=tools.clock.utc_now(),
        subject_id=event.subject_id,
    )


def _amount(event: OfMatter) -> str:
    digits = get_currency_precision(event.currency)
    amount = Decimal(event.amount_minor).scaleb(-digits)
    return str(format_currency(amount, event.currency, locale="en"))


async def _account(session: Session, event: OfAccount, tools: Tools) -> None:
    now = tools.clock.utc_now()
    await service.alarm(
        session,
        tools.vault,
        event.organisation_id,
        # A trouble that lasts is told once a day.
        fact=f"account/{event.account_id}/{now:%Y-%m-%d}",
        title=f"The account of {event.channel} has to be mended",
        text="Its messages wait until then. What is wrong stands at the channel's account.",
        now=now,
    )


async def _message(session: Session, event: OfMessage, tools: Tools) -> None:
    # An alarm that fails must not alarm; nor does each copy of a newsletter.
    if event.subject_id is None or event.event == MessageEvent.STAFF_ALERT:
        return
    await service.alarm(
        session,
        tools.vault,
        event.organisation_id,
        fact=f"message/{event.message_id}",
        title="A guest could not be told",
        text=f"{event.event} by {event.channel}: {event.reason}. Please tell them yourself.",
        now=tools.clock.utc_now(),
    )


async def _key(session: Session, event: OfLetter, tools: Tools) -> None:
    if event.letter != MessageEvent.KEY_DELAYED:
        return
    await service.alarm(
        session,
        tools.vault,
        event.organisation_id,
        fact=f"key_delayed/{event.reservation_id}/{event.fact}",
        title="A key has not reached its door",
        text="A guest arrives soon, and the house has not proven the key. Look at the house.",
        now=tools.clock.utc_now(),
        subject_id=event.reservation_id,
    )


async def _demand(session: Session, event: OfDemand, tools: Tools) -> None:
    await service.alarm(
        session,
        tools.vault,
        event.organisation_id,
        fact=f"demand/{event.suggestion_id}",
        title=f"{event.title}, {event.day}",
        text=f"{event.venue}: demand {event.level}. Look at the price suggestions.",
        now=tools.clock.utc_now(),
    )


REACTIONS: tuple[AnyReaction, ...] = (
    Reaction[OfMatter]("payments.needs_person", "papers.alarm_of_money", OfMatter, _money),
    Reaction[OfAccount](
        "messaging.account_troubled", "papers.alarm_of_account", OfAccount, _account
    ),
    Reaction[OfMessage]("messaging.message_failed", "papers.alarm_of_message", OfMessage, _message),
    Reaction[OfLetter]("papers.letter_due", "papers.alarm_of_late_key", OfLetter, _key),
    Reaction[OfDemand]("pricing.demand_alert", "papers.alarm_of_demand", OfDemand, _demand),
)
