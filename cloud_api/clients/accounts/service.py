"""Who is this person, if they say so themselves?

An account is what a client has beside being known: codes, a password, sessions, a link. Nothing
here sends a message or answers a request; the doors are in `crm.members`.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from pydantic import SecretStr

from cloud_api.clients import repository as people
from cloud_api.clients.accounts import repository
from cloud_api.clients.accounts.errors import FacebookTaken, SignInWrong
from cloud_api.clients.models import CodeRow, ContactRow, MemberSessionRow
from cloud_api.clients.rules import tier_of
from cloud_api.clients.tiers import service as tiers
from cloud_api.clients.types import (
    CODE_LIFE,
    Client,
    CodeChannel,
    CodePurpose,
    ContactKind,
    Linked,
    Member,
    Proven,
)
from cloud_api.kit.db import Session
from cloud_api.kit.errors import Unauthenticated
from cloud_api.kit.ids import new_id, new_secret
from cloud_api.kit.passwords import hash_password, verify_password
from cloud_api.kit.vault import Vault

SESSION_PREFIX = "ptm_"
SESSION_LIFETIME = timedelta(days=30)
CODE_DIGITS = 6
_CODES_KEPT = timedelta(days=1)

type ChooseNumber = Callable[[int], int]
"""Takes a bound, answers a number below it; `secrets.randbelow` in production."""


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """A new session's secret; it cannot be shown again."""

    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class CodeToSend:
    """A code on its way: to whom, and what."""

    organisation_id: UUID
    client_id: UUID | None
    name: str
    channel: CodeChannel
    contact: str
    language: str
    code: str
    expires_at: datetime


async def want_code(
    session: Session,
    organisation_id: UUID,
    *,
    purpose: CodePurpose,
    channel: CodeChannel,
    contact: str,
    language: str,
    client_id: UUID | None,
    now: datetime,
) -> UUID:
    """Note that somebody asked for a code at this contact, in its normal form.

    Whether anybody has that contact is not looked at here: the work, and so the time it takes, is
    the same for everybody.
    """
    row = CodeRow(
        id=new_id(),
        organisation_id=organisation_id,
        purpose=purpose,
        channel=channel,
        contact=contact,
        language=language,
        client_id=client_id,
        expires_at=now + CODE_LIFE,
        created_at=now,
    )
    session.add(row)
    await session.flush()
    return row.id


async def organisation_of(session: Session, code_id: UUID) -> UUID | None:
    """Of which organisation a code was asked; None for none of ours."""
    return await repository.organisation_of(session, code_id)


async def make_code(
    session: Session,
    vault: Vault,
    code_id: UUID,
    *,
    now: datetime,
    number_below: ChooseNumber = secrets.randbelow,
) -> CodeToSend | None:
    """The code that goes out now; None when there is nobody to send one to, or it went before.

    A new person and a new contact get one whoever they are; all others only where it is surely
    theirs.
    """
    row = await repository.code(session, code_id)
    if row is None or row.code_hash is not None or row.expires_at <= now:
        return None
    owner = await repository.owner(session, row.organisation_id, kinds_of(row.channel), row.contact)
    if owner is None and row.purpose in {CodePurpose.SIGN_IN, CodePurpose.PASSWORD}:
        return None
    code = f"{number_below(10**CODE_DIGITS):0{CODE_DIGITS}d}"
    until = now + CODE_LIFE
    mark = _mark(vault, code_id, code)
    if not await repository.write_code(session, code_id, code_hash=mark, expires_at=until):
        return None
    whose = row.client_id or owner
    person = None if whose is None else await people.get(session, whose)
    return CodeToSend(
        organisation_id=row.organisation_id,
        client_id=whose,
        name="" if person is None else person.name,
        channel=row.channel,
        contact=row.contact,
        language=row.language if person is None else person.language or row.language,
        code=code,
        expires_at=until,
    )


async def prove(
    session: Session,
    vault: Vault,
    code_id: UUID,
    code: str,
    purpose: CodePurpose,
    *,
    now: datetime,
    client_id: UUID | None = None,
) -> Proven | None:
    """The contact this code proves, once; None when it does not.

    A wrong code costs one of its few tries, so what this writes must be committed also when the
    answer is None: the caller answers the refusal and does not raise it. `client_id`: only a code
    that was asked for in this person's name.
    """
    row = await repository.count_try(session, code_id, purpose, now=now)
    if row is None or row["code_hash"] is None or row["client_id"] != client_id:
        return None
    if not hmac.compare_digest(bytes(row["code_hash"]), _mark(vault, code_id, code)):
        return None
    await repository.use(session, code_id, now=now)
    return Proven(
        organisation_id=row["organisation_id"],
        channel=CodeChannel(row["channel"]),
        contact=row["contact"],
        language=row["language"],
        client_id=row["client_id"],
    )


async def owner_of(session: Session, proven: Proven) -> UUID | None:
    """Whose contact was proven."""
    kinds = kinds_of(proven.channel)
    return await repository.owner(session, proven.organisation_id, kinds, proven.contact)


async def register(session: Session, proven: Proven, *, name: str, language: str | None) -> UUID:
    """The person with this proven contact, made when it is nobody's.

    Who is known keeps name and language. A contact somebody else was only said to have is taken
    from them.
    """
    known = await owner_of(session, proven)
    if known is not None:
        return known
    mine, kinds = proven.organisation_id, kinds_of(proven.channel)
    await repository.release(session, mine, kinds, proven.contact)
    person = Client(new_id(), mine, name, language or proven.language, 0)
    points = [(proven.channel.kind, proven.contact)]
    if await people.introduce(session, person, points):
        return person.id
    first = await people.known(session, mine, points)
    if first is None:
        raise RuntimeError("a contact was taken and is not there")
    return first.id


async def add_contact(session: Session, proven: Proven, client_id: UUID) -> bool:
    """The proven contact is this person's from now on; False when it is another's."""
    mine, kind = proven.organisation_id, proven.channel.kind
    kinds = kinds_of(proven.channel)
    await repository.release(session, mine, kinds, proven.contact, but=client_id)
    if await repository.owner(session, mine, kinds, proven.contact) not in {None, client_id}:
        return False
    await people.believe(session, mine, client_id, kind, proven.contact)
    row = ContactRow(
        id=new_id(),
        organisation_id=mine,
        client_id=client_id,
        kind=kind,
        value=proven.contact,
    )
    if await people.add_contact(session, row):
        return True
    return await people.owner_of(session, mine, kind, proven.contact) == client_id


async def sign_in(
    session: Session,
    organisation_id: UUID,
    *,
    kinds: Sequence[ContactKind],
    contact: str | None,
    password: SecretStr,
) -> UUID:
    """Whose contact and password these are.

    Raises SignInWrong, which takes as long and says the same for somebody unknown.
    """
    client_id = None
    if contact is not None:
        client_id = await repository.owner(session, organisation_id, kinds, contact)
    row = None
    if client_id is not None:
        row = await repository.account(session, organisation_id, client_id)
    known = None if row is None else row.password_hash
    if not await verify_password(password, known) or client_id is None:
        raise SignInWrong
    return client_id


async def set_password(
    session: Session, organisation_id: UUID, client_id: UUID, password: SecretStr
) -> None:
    """A new password; every session of the person ends."""
    hashed = await hash_password(password)
    await repository.set_password(session, organisation_id, client_id, hashed)
    await repository.end_sessions(session, organisation_id, client_id)


async def open_session(
    session: Session, organisation_id: UUID, client_id: UUID, *, now: datetime
) -> OpenedSession:
    """A new session for somebody already known to be who they say."""
    token = new_secret(prefix=SESSION_PREFIX)
    row = MemberSessionRow(
        id=new_id(),
        organisation_id=organisation_id,
        client_id=client_id,
        token_hash=_token_hash(token),
        created_at=now,
        expires_at=now + SESSION_LIFETIME,
    )
    session.add(row)
    await session.flush()
    return OpenedSession(token=token, expires_at=row.expires_at)


async def authenticate(session: Session, header: str | None, *, now: datetime) -> Member:
    """The client whose session this `Authorization` header opens. Raises Unauthenticated."""
    if header is None or not is_members(header):
        raise Unauthenticated
    token = header.partition(" ")[2].strip()
    found = await repository.bearer(session, _token_hash(token), now=now)
    if found is None:
        raise Unauthenticated
    bounds = await tiers.settings_of(session, found.organisation_id)
    tier = tier_of(found.visits, bounds, already_super=found.is_super)
    return Member(
        client_id=found.client_id,
        organisation_id=found.organisation_id,
        session_id=found.id,
        tier=tier,
        allowance=bounds.allowances[tier],
    )


def is_members(header: str | None) -> bool:
    """Does this `Authorization` header speak of a client's session at all?"""
    scheme, _, token = (header or "").partition(" ")
    return scheme.lower() == "bearer" and token.strip().startswith(SESSION_PREFIX)


async def log_out(session: Session, member: Member) -> None:
    """This session ends."""
    await repository.end_session(session, member.organisation_id, member.session_id)


async def linked(session: Session, member: Member) -> Linked | None:
    """Who they are at Facebook."""
    row = await repository.account(session, member.organisation_id, member.client_id)
    if row is None or row.facebook_id is None:
        return None
    return Linked(row.facebook_id, row.facebook_name or "")


async def is_linked(session: Session, organisation_id: UUID, client_id: UUID) -> bool:
    """Has this client linked an account at Facebook?"""
    row = await repository.account(session, organisation_id, client_id)
    return row is not None and row.facebook_id is not None


async def has_password(session: Session, member: Member) -> bool:
    """May they sign in with a password?"""
    row = await repository.account(session, member.organisation_id, member.client_id)
    return row is not None and row.password_hash is not None


async def link(session: Session, member: Member, who: Linked, *, now: datetime) -> None:
    """Remember who they are at Facebook. Raises FacebookTaken."""
    if not await repository.link(
        session,
        member.organisation_id,
        member.client_id,
        facebook_id=who.id,
        name=who.name,
        now=now,
    ):
        raise FacebookTaken


async def unlink(session: Session, member: Member) -> None:
    """Forget who they are there."""
    await repository.unlink(session, member.organisation_id, member.client_id)


async def tidy(session: Session, *, now: datetime) -> None:
    """Drop old codes and ended sessions."""
    await repository.tidy(session, now=now, codes_before=now - _CODES_KEPT)


def kinds_of(channel: CodeChannel) -> tuple[ContactKind, ...]:
    """Which entries a contact may stand under: a number is one, by phone or on WhatsApp."""
    if channel is CodeChannel.EMAIL:
        return (ContactKind.EMAIL,)
    return (ContactKind.PHONE, ContactKind.WHATSAPP)


def _mark(vault: Vault, code_id: UUID, code: str) -> bytes:
    return vault.fingerprint(code, context=f"client code {code_id}")


def _token_hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
