"""What does somebody who is signed in see and change of themselves?"""

from uuid import UUID

from fastapi import Request, Response

from cloud_api.clients.accounts import service as accounts
from cloud_api.clients.accounts.errors import CodeWrong, FacebookTaken
from cloud_api.clients.errors import ContactInvalid, ContactTaken
from cloud_api.crm.facebook import service as facebook
from cloud_api.crm.facebook.errors import FacebookNotHere, FacebookTokenWrong, FacebookUnavailable
from cloud_api.crm.members import service
from cloud_api.crm.members.endpoints import gates
from cloud_api.crm.members.endpoints.gates import MemberOf
from cloud_api.crm.members.errors import BornLater, LastContact
from cloud_api.crm.members.schemas import (
    CodeIn,
    CodeWantedOut,
    FacebookIn,
    MeOut,
    MePatch,
    NewContactIn,
)
from cloud_api.kit.errors import (
    NotFound,
    Problem,
    TooManyAttempts,
    Unauthenticated,
    problem_responses,
)
from cloud_api.kit.http import ClockOf, DbSession, backstage, room_router
from cloud_api.kit.paging import Page, PageWindow, page_of
from cloud_api.reservations.people.service import Which
from cloud_api.reservations.schemas import HoldOut

router = room_router(prefix="/members", tag="members")

_ALWAYS = (Unauthenticated, TooManyAttempts)


@router.delete("/sessions/current", status_code=204, responses=problem_responses(*_ALWAYS))
async def log_out(session: DbSession, member: MemberOf) -> None:
    """End this session."""
    await accounts.log_out(session, member)


@router.get("/me", responses=problem_responses(*_ALWAYS))
async def me(session: DbSession, member: MemberOf) -> MeOut:
    """What we know of you."""
    return await service.me(session, member)


@router.patch("/me", responses=problem_responses(*_ALWAYS, BornLater))
async def change_me(patch: MePatch, session: DbSession, member: MemberOf, clock: ClockOf) -> MeOut:
    """Change name, language, birth date."""
    return await service.change(session, member, patch, now=clock.utc_now())


@router.post("/me/contacts", status_code=202, responses=problem_responses(*_ALWAYS, ContactInvalid))
async def want_contact(
    request: Request, wanted: NewContactIn, session: DbSession, member: MemberOf, clock: ClockOf
) -> CodeWantedOut:
    """Have a code sent to a new contact; it is yours when the code came back."""
    mine, kind = member.organisation_id, wanted.channel.kind
    async with backstage(request).database.reading() as look:
        meant = await service.contact_meant(look, mine, kind, wanted.contact, region=None)
    await gates.count_code(request, mine, meant, to_anybody=True)
    code_id = await service.want_contact(
        session, member, wanted.channel, meant, now=clock.utc_now()
    )
    return CodeWantedOut(code_id=code_id)


@router.post(
    "/me/contacts/proofs",
    response_model=MeOut,
    responses=problem_responses(*_ALWAYS, CodeWrong, ContactTaken),
)
async def prove_contact(
    request: Request, given: CodeIn, session: DbSession, member: MemberOf, clock: ClockOf
) -> MeOut | Response:
    """The code that came to the new contact."""
    await gates.count_proof(request, given.code_id)
    vault = backstage(request).vault
    result = await service.prove_contact(session, vault, member, given, now=clock.utc_now())
    return gates.refusal(result) if isinstance(result, Problem) else result


@router.delete(
    "/me/contacts/{contact_id}",
    status_code=204,
    responses=problem_responses(*_ALWAYS, NotFound, LastContact),
)
async def drop_contact(contact_id: UUID, session: DbSession, member: MemberOf) -> None:
    """One way less to reach you."""
    await service.drop_contact(session, member, contact_id)


@router.get("/me/stays", responses=problem_responses(*_ALWAYS))
async def list_stays(
    which: Which, session: DbSession, member: MemberOf, window: PageWindow, clock: ClockOf
) -> Page[HoldOut]:
    """Your stays: waiting to be certain, to come or going on, and all others."""
    found, total = await service.stays(session, member, which, window, now=clock.utc_now())
    return page_of([HoldOut.of(each) for each in found], total=total, window=window)


@router.put(
    "/me/facebook",
    responses=problem_responses(
        *_ALWAYS, FacebookNotHere, FacebookTokenWrong, FacebookTaken, FacebookUnavailable
    ),
)
async def link_facebook(request: Request, given: FacebookIn, member: MemberOf) -> MeOut:
    """Say who you are at Facebook; Facebook is asked, and no transaction waits for it."""
    stage = backstage(request)
    now = stage.clock.utc_now()
    async with stage.database.reading() as session:
        app = await facebook.application(session, stage.vault, member.organisation_id)
    token = given.access_token.get_secret_value()
    who = await facebook.who_is(stage.outgoing, app, token, now=now)
    async with stage.database.transaction() as session:
        return await service.link(session, member, who, now=now)


@router.delete("/me/facebook", status_code=204, responses=problem_responses(*_ALWAYS))
async def unlink_facebook(session: DbSession, member: MemberOf) -> None:
    """Forget who you are there."""
    await accounts.unlink(session, member)
