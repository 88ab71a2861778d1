"""What may somebody who comes again do by themselves?"""

from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from pydantic import SecretStr

from cloud_api.accounts import service as staff
from cloud_api.clients import service as clients
from cloud_api.clients.accounts import service as accounts
from cloud_api.clients.accounts.errors import CodeWrong
from cloud_api.clients.accounts.service import OpenedSession
from cloud_api.clients.errors import ContactInvalid, ContactTaken
from cloud_api.clients.schemas import ClientOut, ClientPatch
from cloud_api.clients.types import (
    CODE_LIFE,
    CodeChannel,
    CodePurpose,
    ContactKind,
    Linked,
    Member,
)
from cloud_api.crm.achievements.service import facts_for_discounts
from cloud_api.crm.members.errors import BornLater, LastContact
from cloud_api.crm.members.events import CodeWanted
from cloud_api.crm.members.schemas import (
    CodeIn,
    FacebookOut,
    MeOut,
    MePatch,
    OwnContactOut,
    PasswordByCodeIn,
    RegisterIn,
)
from cloud_api.kit import events
from cloud_api.kit.db import Session
from cloud_api.kit.paging import Window
from cloud_api.kit.tenancy import PrincipalKind, Scope
from cloud_api.kit.vault import Vault
from cloud_api.messaging import service as messaging
from cloud_api.messaging.types import ChannelName, MessageEvent, Recipient
from cloud_api.pricing.discounts.types import ClientFacts
from cloud_api.reservations.people import service as bookings
from cloud_api.reservations.people.service import Which, Whose
from cloud_api.reservations.types import Booking

_WAYS: Final = {
    CodeChannel.EMAIL: (ChannelName.EMAIL,),
    CodeChannel.SMS: (ChannelName.SMS_TWILIO, ChannelName.SMS_REDVOISS),
    CodeChannel.WHATSAPP: (ChannelName.WHATSAPP,),
}


async def contact_meant(
    session: Session, organisation_id: UUID, kind: ContactKind, value: str, *, region: str | None
) -> str:
    """The one form of a contact. Raises ContactInvalid."""
    meant = await clients.normal(session, organisation_id, kind, value, region=region)
    if meant is None:
        raise ContactInvalid(extra={"kind": kind})
    return meant


async def want_code(
    session: Session,
    organisation_id: UUID,
    *,
    purpose: CodePurpose,
    channel: CodeChannel,
    contact: str,
    language: str,
    client_id: UUID | None = None,
    now: datetime,
) -> UUID:
    """Note the wish; a worker sees to it. Known and unknown people cost the same here."""
    code_id = await accounts.want_code(
        session,
        organisation_id,
        purpose=purpose,
        channel=channel,
        contact=contact,
        language=language,
        client_id=client_id,
        now=now,
    )
    wanted = CodeWanted(code_id=code_id, organisation_id=organisation_id)
    await events.publish(session, wanted, organisation_id=organisation_id)
    return code_id


async def send_code(session: Session, vault: Vault, code_id: UUID, *, now: datetime) -> None:
    """Make the code and have it sent, where there is somebody to send it to; once."""
    made = await accounts.make_code(session, vault, code_id, now=now)
    if made is None:
        return
    await messaging.tell(
        session,
        made.organisation_id,
        event=MessageEvent.OTP,
        to=Recipient(
            name=made.name,
            language=made.language,
            client_id=made.client_id,
            email=made.contact if made.channel is CodeChannel.EMAIL else None,
            phone=made.contact if made.channel is CodeChannel.SMS else None,
            whatsapp=made.contact if made.channel is CodeChannel.WHATSAPP else None,
        ),
        variables={
            "code": made.code,
            "sender_name": await staff.organisation_name(session, made.organisation_id),
            "minutes": int(CODE_LIFE.total_seconds() // 60),
        },
        key=f"code {code_id}",
        vault=vault,
        now=now,
        useful_until=made.expires_at,
        by=_WAYS[made.channel],
    )


async def sign_in(
    session: Session, vault: Vault, given: CodeIn, *, now: datetime
) -> OpenedSession | CodeWrong:
    """A session for whose contact the code proves; the refusal is a value, for it is counted."""
    code = given.code.get_secret_value()
    proven = await accounts.prove(session, vault, given.code_id, code, CodePurpose.SIGN_IN, now=now)
    client_id = None if proven is None else await accounts.owner_of(session, proven)
    if proven is None or client_id is None:
        return CodeWrong()
    return await accounts.open_session(session, proven.organisation_id, client_id, now=now)


async def register(
    session: Session, vault: Vault, given: RegisterIn, *, now: datetime
) -> OpenedSession | CodeWrong:
    """A session for the person with the proven contact, who may be new."""
    code = given.code.get_secret_value()
    proven = await accounts.prove(
        session, vault, given.code_id, code, CodePurpose.REGISTER, now=now
    )
    if proven is None:
        return CodeWrong()
    client_id = await accounts.register(session, proven, name=given.name, language=given.language)
    mine = proven.organisation_id
    if given.password is not None:
        await accounts.set_password(session, mine, client_id, given.password)
    return await accounts.open_session(session, mine, client_id, now=now)


async def reset_password(
    session: Session, vault: Vault, given: PasswordByCodeIn, *, now: datetime
) -> OpenedSession | CodeWrong:
    """Another password; all sessions of the person end, and one begins."""
    code = given.code.get_secret_value()
    proven = await accounts.prove(
        session, vault, given.code_id, code, CodePurpose.PASSWORD, now=now
    )
    client_id = None if proven is None else await accounts.owner_of(session, proven)
    if proven is None or client_id is None:
        return CodeWrong()
    mine = proven.organisation_id
    await accounts.set_password(session, mine, client_id, given.password)
    return await accounts.open_session(session, mine, client_id, now=now)


async def sign_in_with_password(
    session: Session,
    organisation_id: UUID,
    *,
    contact: str,
    region: str | None,
    password: SecretStr,
    now: datetime,
) -> OpenedSession:
    """A session. Raises SignInWrong, also for what is no contact at all."""
    channel = CodeChannel.EMAIL if "@" in contact else CodeChannel.SMS
    meant = await clients.normal(session, organisation_id, channel.kind, contact, region=region)
    client_id = await accounts.sign_in(
        session,
        organisation_id,
        kinds=accounts.kinds_of(channel),
        contact=meant,
        password=password,
    )
    return await accounts.open_session(session, organisation_id, client_id, now=now)


async def me(session: Session, member: Member) -> MeOut:
    """What we know of them, as they see it."""
    known = await clients.read(session, scope_of(member), member.client_id)
    friend = await accounts.linked(session, member)
    return MeOut(
        id=known.id,
        name=known.name,
        language=known.language,
        birth_date=known.birth_date,
        contacts=_contacts(known),
        visits=known.visits,
        tier=known.tier,
        membership=known.membership,
        has_password=await accounts.has_password(session, member),
        facebook=None if friend is None else FacebookOut(id=friend.id, name=friend.name),
    )


async def change(session: Session, member: Member, patch: MePatch, *, now: datetime) -> MeOut:
    """Apply a patch; who changed it is on record. Raises BornLater."""
    if patch.birth_date is not None and patch.birth_date >= now.date():
        raise BornLater
    wanted = ClientPatch(**{name: getattr(patch, name) for name in patch.model_fields_set})
    await clients.change(session, scope_of(member), member.client_id, wanted, now=now)
    return await me(session, member)


async def want_contact(
    session: Session, member: Member, channel: CodeChannel, meant: str, *, now: datetime
) -> UUID:
    """Send a code to a new contact in its one form; whose it is, is not looked at yet."""
    mine = member.organisation_id
    person = await clients.get_client(session, member.client_id)
    return await want_code(
        session,
        mine,
        purpose=CodePurpose.CONTACT,
        channel=channel,
        contact=meant,
        language=person.language or "en",
        client_id=member.client_id,
        now=now,
    )


async def prove_contact(
    session: Session, vault: Vault, member: Member, given: CodeIn, *, now: datetime
) -> MeOut | CodeWrong | ContactTaken:
    """The new contact is theirs."""
    proven = await accounts.prove(
        session,
        vault,
        given.code_id,
        given.code.get_secret_value(),
        CodePurpose.CONTACT,
        now=now,
        client_id=member.client_id,
    )
    if proven is None:
        return CodeWrong()
    if not await accounts.add_contact(session, proven, member.client_id):
        return ContactTaken()
    return await me(session, member)


async def drop_contact(session: Session, member: Member, contact_id: UUID) -> None:
    """One way less. Raises NotFound, and LastContact where no other could sign them in."""
    known = await clients.read(session, scope_of(member), member.client_id)
    if not any(not each.hearsay and each.id != contact_id for each in known.contacts):
        raise LastContact
    await clients.remove_contact(session, scope_of(member), member.client_id, contact_id)


async def stays(
    session: Session, member: Member, which: Which, window: Window, *, now: datetime
) -> tuple[list[Booking], int]:
    """A page of their stays; also those under a contact of theirs that know no client yet."""
    mine = member.organisation_id
    emails, phones = await clients.reach_of(session, mine, member.client_id, surely=True)
    whose = Whose(mine, member.client_id, emails, phones)
    return await bookings.stays(session, whose, which, window, now=now)


async def link(session: Session, member: Member, who: Linked, *, now: datetime) -> MeOut:
    """They are this person at Facebook. Raises FacebookTaken."""
    await accounts.link(session, member, who, now=now)
    return await me(session, member)


async def facts_of(
    session: Session, authorization: str | None, organisation_id: UUID, *, now: datetime
) -> ClientFacts | None:
    """What discounts ask about the guest who is signed in; None: nobody of this organisation's.

    Staff who ask are no guests. Raises Unauthenticated for a sign-in that is over.
    """
    if not accounts.is_members(authorization):
        return None
    member = await accounts.authenticate(session, authorization, now=now)
    if member.organisation_id != organisation_id:
        return None
    known = await clients.read(session, scope_of(member), member.client_id)
    facts = await facts_for_discounts(session, organisation_id, member.client_id)
    birth = known.birth_date
    return replace(facts, birth_month=None if birth is None else birth.month)


def scope_of(member: Member) -> Scope:
    """A member as other rooms know callers: a guest of the organisation."""
    return Scope(member.organisation_id, PrincipalKind.GUEST, member.client_id)


def _contacts(known: ClientOut) -> list[OwnContactOut]:
    return [
        OwnContactOut(id=each.id, kind=each.kind, value=each.value, proven=not each.hearsay)
        for each in known.contacts
    ]
