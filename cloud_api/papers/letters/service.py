"""How does a letter that is called for become a message, true at that moment?

Calling and writing are two steps. A call is an event in the transaction of what happened; what the
letter says is read afresh when it is written: the booking, its money, its links. A letter that is
not true any more by then is not written at all.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from cloud_api.access.grants.types import Makings
from cloud_api.access.handover import service as keys
from cloud_api.clients import service as clients
from cloud_api.clients.types import ContactKind
from cloud_api.kit import audit
from cloud_api.kit.audit import Deed
from cloud_api.kit.db import Session
from cloud_api.kit.errors import NotFound
from cloud_api.kit.events import publish
from cloud_api.kit.ids import new_id
from cloud_api.kit.jobs import Tools
from cloud_api.kit.money import Money
from cloud_api.kit.tenancy import PrincipalKind, Scope
from cloud_api.messaging import service as messaging
from cloud_api.messaging.types import Attachment, MessageEvent, Recipient
from cloud_api.papers import service as papers
from cloud_api.papers.almanac import calendar
from cloud_api.papers.errors import PaperForNobody
from cloud_api.papers.letters import repository, rules
from cloud_api.papers.letters.contents import Matter, values_of
from cloud_api.papers.letters.errors import LetterNotTrue, NotYetError
from cloud_api.papers.letters.events import LetterDue
from cloud_api.papers.letters.schemas import LetterNote, LetterSettings
from cloud_api.papers.letters.types import TRUE_WHILE, USUAL, ByHand, Call, Habits, StayHours
from cloud_api.papers.types import StayFacts
from cloud_api.payments import service as payments
from cloud_api.payments.types import Folio
from cloud_api.properties import service as properties
from cloud_api.reservations import service as reservations
from cloud_api.reservations.types import Booking, Status

# So long a letter waits for what other reactions make of the same fact: the key, the refund.
PATIENCE: Final = timedelta(seconds=15)
_WITH_CALENDAR: Final = frozenset({MessageEvent.CONFIRMATION, MessageEvent.CANCELLATION})
_WITH_KEY: Final = frozenset(
    {
        MessageEvent.CONFIRMATION,
        MessageEvent.WELCOME,
        MessageEvent.CHECK_IN_INVITATION,
        MessageEvent.KEY_READY,
        MessageEvent.KEY_DELAYED,
        MessageEvent.REMINDER_24H,
        MessageEvent.REARRANGED_STAY,
    }
)
_URGING: Final = frozenset({MessageEvent.HOLD_EXPIRING, MessageEvent.VOUCHER_DEADLINE})


async def call(session: Session, wanted: Call) -> None:
    """Have this letter written once the caller's transaction stands."""
    money = wanted.money
    due = LetterDue(
        reservation_id=wanted.reservation_id,
        organisation_id=wanted.organisation_id,
        letter=wanted.letter,
        fact=wanted.fact,
        called_at=wanted.called_at,
        useful_until=wanted.useful_until,
        amount_minor=money and money.amount_minor,
        currency=money and money.currency,
        method=money and money.method,
        moved_from=wanted.moved_from,
    )
    await publish(session, due, organisation_id=wanted.organisation_id)


async def write(
    session: Session, tools: Tools, wanted: Call, *, public_url: str
) -> tuple[UUID, ...]:
    """Tell the guest, once for each fact; the ids of the messages, none where it is not true.

    Raises NotYetError for a while after the call where another reaction is still at work.
    """
    scope = Scope(wanted.organisation_id, PrincipalKind.SYSTEM, wanted.reservation_id)
    try:
        booking = await reservations.get(session, scope, wanted.reservation_id)
        if not _is_true(wanted.letter, booking):
            return ()
        client = await _language(session, booking)
        stay = await papers.facts_of(session, scope, booking.id, language=client)
    except (NotFound, PaperForNobody):
        return ()
    habits = await habits_of(session, booking.property_id)
    if wanted.letter in habits.off:
        return ()
    matter = await _matter(session, tools, wanted, booking, stay, habits, public_url.rstrip("/"))
    values = values_of(wanted.letter, matter)
    if values is None:
        return ()
    now = tools.clock.utc_now()
    starts, until = _useful(wanted, matter)
    return await messaging.tell(
        session,
        booking.organisation_id,
        event=wanted.letter,
        to=await _recipient(session, scope, booking, client),
        variables=values,
        key=key_of(wanted),
        vault=tools.vault,
        now=now,
        attachments=_attachments(wanted.letter, stay, booking, now),
        subject_id=booking.id,
        zone=stay.zone,
        not_before=starts,
        useful_until=until,
    )


def key_of(wanted: Call) -> str:
    """What makes a letter known as told: which one, of which booking, of which fact."""
    return "/".join((wanted.letter, str(wanted.reservation_id), wanted.fact)).rstrip("/")


async def by_hand(
    session: Session,
    scope: Scope,
    tools: Tools,
    reservation_id: UUID,
    letter: ByHand,
    *,
    public_url: str,
) -> tuple[UUID, ...]:
    """Staff send a letter now, with what is true now. Raises NotFound, LetterNotTrue."""
    booking = await reservations.get(session, scope, reservation_id)
    now = tools.clock.utc_now()
    wanted = Call(
        reservation_id=booking.id,
        organisation_id=scope.organisation_id,
        letter=MessageEvent(letter),
        fact=f"by_hand/{new_id()}",
        # By hand nobody waits for other reactions: what is there is told.
        called_at=now - PATIENCE,
        useful_until=now + messaging.USEFUL_FOR,
    )
    ids = await write(session, tools, wanted, public_url=public_url)
    if not ids:
        raise LetterNotTrue
    await audit.record(
        session,
        scope,
        action=Deed.LETTER_SENT,
        object_type="reservation",
        object_id=booking.id,
        after=LetterNote(letter=letter, messages=len(ids)),
    )
    return ids


async def habits_of(session: Session, property_id: UUID) -> Habits:
    """How this property writes."""
    return (await repository.habits_of(session, [property_id])).get(property_id, USUAL)


async def show(session: Session, scope: Scope, property_id: UUID) -> LetterSettings:
    """How the caller's property writes. Raises NotFound."""
    await properties.check_properties(session, scope, [property_id])
    own = await repository.own_habits(session, scope, property_id)
    return LetterSettings.of(own or USUAL)


async def change(
    session: Session, scope: Scope, property_id: UUID, wanted: LetterSettings
) -> LetterSettings:
    """All of it anew. Raises NotFound."""
    before = await show(session, scope, property_id)
    await repository.keep(session, scope, property_id, wanted.habits())
    await audit.record(
        session,
        scope,
        action=Deed.LETTER_SETTINGS_CHANGED,
        object_type="property",
        object_id=property_id,
        before=before,
        after=wanted,
    )
    return wanted


def hours_of(stay: StayFacts, booking: Booking) -> StayHours:
    """When the stay begins and ends; hours agreed for it alone win over the house's."""
    return StayHours(
        house_id=booking.house_id,
        check_in=stay.check_in,
        check_out=stay.check_out,
        arrival_hour=booking.hours.early_check_in or stay.check_in_from,
        departure_hour=booking.hours.late_check_out or stay.check_out_until,
        zone=stay.zone,
    )


def place_name(house: str, units: Sequence[str], *, same_house: bool) -> str:
    """What a guest calls where they sleep: the house, and the room where only that differs."""
    return f"{house}, {', '.join(units)}" if same_house and units else house


async def _matter(  # noqa: PLR0917 - all of them are what a letter rests on
    session: Session,
    tools: Tools,
    wanted: Call,
    booking: Booking,
    stay: StayFacts,
    habits: Habits,
    public_url: str,
) -> Matter:
    folio = await payments.folio(session, booking.id)
    is_patient = tools.clock.utc_now() < wanted.called_at + PATIENCE
    if wanted.letter is MessageEvent.CANCELLATION and is_patient and _is_unsettled(folio):
        raise NotYetError
    key = None
    if wanted.letter in _WITH_KEY and booking.status is Status.CONFIRMED:
        makings = Makings(vault=tools.vault, clock=tools.clock)
        key = await keys.handover(session, makings, booking.id)
        if key is None and is_patient and await keys.is_to_come(session, booking.id):
            raise NotYetError
    pay_url = None
    if wanted.letter in _URGING and folio is not None and folio.closed_at is None:
        pay_url = f"{public_url}/api/v1/pay/{await payments.payment_link(session, folio, tools)}"
    same_house = (wanted.moved_from or "").startswith(f"{stay.house}, ")
    return Matter(
        stay=stay,
        hours=hours_of(stay, booking),
        habits=habits,
        units_name=place_name(stay.house, stay.units, same_house=same_house),
        price=None if booking.price is None else booking.price.amount,
        deadline=booking.expires_at,
        refund=_refund(folio),
        due_now=folio.balance.due_now if folio is not None else None,
        told=wanted.money,
        moved_from=wanted.moved_from,
        key=key,
        stay_url=None if key is None else f"{public_url}{key.path}",
        pay_url=pay_url,
    )


def _is_true(letter: MessageEvent, booking: Booking) -> bool:
    # Who transfers by hand is urged to show a voucher, not to pay: that letter has its own time.
    if letter is MessageEvent.HOLD_EXPIRING and booking.transfer:
        return False
    return booking.status in TRUE_WHILE[letter]


def _is_unsettled(folio: Folio | None) -> bool:
    return folio is not None and folio.closed_at is None and folio.balance.paid.minor > 0


def _refund(folio: Folio | None) -> Money | None:
    """What goes, or went, back: all that was paid but the charges left on a closed folio."""
    if folio is None or folio.closed_at is None:
        return None
    back = folio.balance.paid.minor - folio.balance.charged.minor
    return folio.money(back) if back > 0 else None


def _useful(wanted: Call, matter: Matter) -> tuple[datetime | None, datetime | None]:
    if wanted.letter is MessageEvent.POST_STAY and not wanted.fact.startswith("by_hand"):
        starts = rules.thanks_at(matter.hours, matter.habits)
        return starts, starts + rules.THANKS_USEFUL
    if wanted.letter in _URGING:
        return None, matter.deadline
    if wanted.letter is MessageEvent.CONFIRMATION:
        return None, rules.departure(matter.hours)
    return None, wanted.useful_until


def _attachments(
    letter: MessageEvent, stay: StayFacts, booking: Booking, now: datetime
) -> tuple[Attachment, ...]:
    """The stay for one's own calendar, or its striking where a calendar may have it."""
    was_certain = booking.moments.confirmed_at is not None
    if letter not in _WITH_CALENDAR or not was_certain:
        return ()
    return (Attachment(f"{stay.code}.ics", "text/calendar", calendar(stay, now=now)),)


async def _language(session: Session, booking: Booking) -> str:
    if booking.client_id is None:
        return booking.contact.language
    client = await clients.get_client(session, booking.client_id)
    return client.language or booking.contact.language


async def _recipient(session: Session, scope: Scope, booking: Booking, language: str) -> Recipient:
    """Whoever booked, as the booking names them; what it does not say, the list of guests may."""
    points: dict[ContactKind, str] = {}
    if booking.client_id is not None:
        person = await clients.read(session, scope, booking.client_id)
        for each in person.contacts:
            points.setdefault(each.kind, each.value)
    phone = await clients.phone_meant(session, scope, booking.contact.phone)
    return Recipient(
        name=booking.contact.name,
        language=language,
        client_id=booking.client_id,
        email=booking.contact.email or points.get(ContactKind.EMAIL),
        phone=phone or points.get(ContactKind.PHONE),
        whatsapp=points.get(ContactKind.WHATSAPP),
    )
